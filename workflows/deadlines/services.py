"""Secrets: made, renewed, switched off, and found again by what was told."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.core.cache import cache
from django.db import transaction

from qualification.accounts.models import User
from workflows.deadlines.enums import Scope
from workflows.deadlines.models import Secret

BYTES = 32
# Fetches an hour: programs ask every quarter of an hour, and a secret is never guessed.
FETCHES_AN_HOUR = 60
WRONG_AN_HOUR = 30
HOUR = 60 * 60


def make(*, user: User, scope: Scope, now: dt.datetime) -> str:
    """A new secret in place of the old one, which opens nothing from now on; the text is told this once."""
    text = secrets.token_urlsafe(BYTES)
    row = Secret(user=user, scope=scope, digest=digest_of(text), made_at=now)
    row.full_clean(validate_unique=False, validate_constraints=False)
    with transaction.atomic():
        Secret.objects.filter(user=user, scope=scope).delete()
        row.save()
    return text


def switch_off(*, user: User, scope: Scope) -> bool:
    """Remove the secret; whether there was one."""
    return bool(Secret.objects.filter(user=user, scope=scope).delete()[0])


def digest_of(text: str) -> str:
    """What is kept of a secret. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(text.encode()).hexdigest()


def owner_of(text: str, scope: Scope) -> User | None:
    """Whose secret this is, if it is one of that purpose and the person may sign in."""
    rows = Secret.objects.select_related("user").filter(digest=digest_of(text), scope=scope, user__is_active=True)
    row = rows.first()
    return row.user if row else None


def is_too_often(key: str, most: int) -> bool:
    """Count one more call of an hour; whether there were too many. Counted in each web process by itself."""
    name = f"deadlines:{key}"
    cache.add(name, 0, HOUR)
    try:
        return cache.incr(name) > most
    except ValueError:
        # It has run out between the two calls.
        return False
