"""Changes by a region's administrator, each with its reason and kept."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from qualification import door
from qualification.accounts.enums import Role
from qualification.regions import limits
from qualification.regions.models import DictionaryEntry, LimitEntry, Profile, ProfileChange
from qualification.regions.settings import change_setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qualification.accounts.models import User

ENTRY_FIELDS = ("name_zh", "name_en", "is_active")


def change(*, profile: Profile, key: str, value: Any, reason: str, by: User, now: dt.datetime) -> None:
    """Set one value of an authority that has no date of effect.

    Raises Refused, or ValidationError with what is allowed.
    """
    _demand(by, "change_setting", profile)
    _demand_reason(reason)
    with transaction.atomic():
        fresh = (
            Profile.objects.select_for_update(of=("self",), no_key=True).select_related("authority").get(pk=profile.pk)
        )
        change_setting(profile=fresh, key=key, value=value, reason=reason.strip(), by=by, now=now)


def enter_limit(
    *, profile: Profile, key: str, value: Any, effective_on: dt.date, reason: str, by: User, now: dt.datetime
) -> LimitEntry:
    """Enter a limit of an authority from a day on. What is running keeps the limit it was started with.

    Raises Refused, or ValidationError with what is allowed.
    """
    _demand(by, "enter_limit", profile)
    return limits.enter(
        authority=profile.authority, key=key, value=value, effective_on=effective_on, reason=reason, by=by, now=now
    )


def edit_entry(*, entry: DictionaryEntry, values: Mapping[str, Any], reason: str, by: User, now: dt.datetime) -> None:
    """Change names and use of a code; the code itself stands in certificates and is fixed.

    The change is kept in the history of the authorities that the person administers. Raises Refused or ValidationError.
    """
    _demand(by, "edit", entry)
    _demand_reason(reason)
    with transaction.atomic():
        fresh = DictionaryEntry.objects.select_for_update(of=("self",), no_key=True).get(pk=entry.pk)
        old = {name: getattr(fresh, name) for name in ENTRY_FIELDS}
        for name in ENTRY_FIELDS:
            setattr(fresh, name, values[name])
        fresh.full_clean()
        fresh.save()
        _keep(fresh, old, reason, by, now)


def _keep(entry: DictionaryEntry, old: dict[str, Any], reason: str, by: User, now: dt.datetime) -> None:
    new = {name: getattr(entry, name) for name in ENTRY_FIELDS}
    if new == old:
        return
    profiles = Profile.objects.filter(authority_id__in=by.authority_ids({Role.REGION_ADMIN})).order_by("pk")
    key = f"dictionary:{entry.kind}:{entry.code}"
    ProfileChange.objects.bulk_create(
        ProfileChange(profile=profile, key=key, old=old, new=new, reason=reason.strip(), by=by, at=now)
        for profile in profiles
    )


def _demand(by: User, verb: str, subject: Any) -> None:
    if not door.may(by, verb, subject):
        raise door.Refused(door.reasons.of(door.permission_of(subject, verb)))


def _demand_reason(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why; the reason is kept with the change.")})
