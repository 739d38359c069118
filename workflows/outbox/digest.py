"""The daily digest of the time-limit administrators: one mail a day instead of one for each escalation.

It goes out at the hour the region has set (`digest_at`), once per person and day: the `Digest` row is the claim. A day
on which the worker stood still is not made up for; today's lists hold what is still open. Escalations stay immediate in
the system itself.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.accounts.models import Membership
from qualification.regions.models import Authority
from qualification.regions.settings import setting
from workflows.clocks import counting
from workflows.clocks.enums import ClockState
from workflows.clocks.models import Clock, ClockQuerySet
from workflows.clocks.policy import BREACHES
from workflows.outbox.enums import Kind
from workflows.outbox.models import Digest, Message

# How many limits of each list the mail names; it says how many there are in all.
NAMED = 50


def sweep() -> int:
    """Make the digests whose hour has come; returns how many."""
    return make(now=timezone.now())


def make(*, now: dt.datetime) -> int:
    """Make today's digest of everybody who has not had it; who has nothing to read gets none. Returns how many."""
    day = counting.day_of(now)
    had = Digest.objects.filter(day=day).values("recipient")
    rows = Membership.objects.in_force().filter(
        role=Role.SLA_ADMIN, authority__in=_whose_hour_has_come(now), user__is_active=True
    )
    persons = rows.exclude(user__in=had).order_by("user_id").values_list("user_id", flat=True).distinct()
    return sum(_make_one(user_id, day, now) for user_id in persons)


def _whose_hour_has_come(now: dt.datetime) -> list[Authority]:
    time = now.astimezone(counting.ZONE).time()
    authorities = Authority.objects.select_related("profile").order_by("pk")
    return [one for one in authorities if dt.time.fromisoformat(setting(one, "digest_at")) <= time]


def _make_one(user_id: int, day: dt.date, now: dt.datetime) -> bool:
    with transaction.atomic():
        digest, is_ours = Digest.objects.get_or_create(recipient_id=user_id, day=day, defaults={"made_at": now})
        if not is_ours:
            return False
        roles = Membership.objects.in_force().filter(user=user_id, role=Role.SLA_ADMIN).order_by("pk")
        places = [place for place in roles.values_list("authority_id", flat=True) if place is not None]
        facts = lists(places, now)
        if not any(listed["count"] for listed in facts.values()):
            return False
        digest.message = Message.objects.create(
            recipient_id=user_id, authority_id=places[0], kind=Kind.CLOCK_DIGEST, subject_type=Digest._meta.label,
            subject_id=digest.pk, facts=facts, created_at=now,
        )  # fmt: skip
        digest.save(update_fields=["message"])
    return True


def lists(authority_ids: list[int], now: dt.datetime) -> dict[str, dict[str, Any]]:
    """Limits of the law at these authorities that are missed, end today, or are at risk: how many, and the first due."""
    clocks = Clock.objects.filter(
        authority__in=authority_ids, state=ClockState.RUNNING, code__in=BREACHES, is_trial=False
    ).order_by("due_at", "pk")
    tonight = counting.end_of(counting.day_of(now))
    found = {
        "overdue": clocks.filter(due_at__lte=now),
        "today": clocks.filter(due_at__gt=now, due_at__lte=tonight),
        "at_risk": clocks.filter(due_at__gt=tonight, warn_at__lte=now),
    }
    return {name: _listed(of) for name, of in found.items()}


def _listed(clocks: ClockQuerySet) -> dict[str, Any]:
    first = list(clocks.values_list("pk", flat=True)[: NAMED + 1])
    return {"count": clocks.count() if len(first) > NAMED else len(first), "clocks": first[:NAMED]}
