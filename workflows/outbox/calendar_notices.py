"""Notices of the calendars: a change that another administrator has applied, and a year that has not come."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification.accounts.enums import Role
from qualification.accounts.models import Membership
from qualification.regions import calendars
from qualification.regions.models import Authority, CalendarYear
from workflows.clocks.calendar_standing import EXPECTED_BY
from workflows.clocks.counting import day_of
from workflows.outbox.enums import Kind
from workflows.outbox.models import Message

WEEK = dt.timedelta(days=7)


def tell_applied(edition: CalendarYear, now: dt.datetime) -> None:
    """Tell the other time-limit administrators of an edition that has come into force: those of the five, or of the region."""
    told = _administrators(edition.authority)
    if edition.imported_by_id is not None:
        told.pop(edition.imported_by_id, None)
    _write(told, Kind.CALENDAR_CHANGED, edition, edition.year, now)


def sweep() -> int:
    """From 15 November on, tell that next year's calendar is not there; each administrator once a week."""
    return remind(timezone.now())


def remind(now: dt.datetime) -> int:
    """Write the reminders that are due; returns how many."""
    today = day_of(now)
    year = today.year + 1 if (today.month, today.day) >= EXPECTED_BY else today.year
    with transaction.atomic():
        calendars.lock()
        if year in calendars.current().of(None).official_years:
            return 0
        told = _administrators(None)
        recent = Message.objects.filter(
            kind=Kind.CALENDAR_MISSING, recipient__in=list(told), created_at__gt=now - WEEK, facts__year=year
        )
        for user_id in recent.values_list("recipient_id", flat=True):
            told.pop(user_id, None)
        newest = CalendarYear.objects.filter(authority=None).order_by("-year", "-edition").first()
        return _write(told, Kind.CALENDAR_MISSING, newest, year, now)


def _administrators(authority: Authority | None) -> dict[int, int]:
    """Time-limit administrators and their authority: of one, or of all that take part."""
    found = Membership.objects.in_force().filter(role=Role.SLA_ADMIN, user__is_active=True)
    found = found.filter(authority=authority) if authority else found.filter(authority__is_trial=False)
    people = found.order_by("-pk").values_list("user_id", "authority_id")
    return {user_id: authority_id for user_id, authority_id in people if authority_id is not None}


def _write(told: dict[int, int], kind: Kind, subject: CalendarYear | None, year: int, now: dt.datetime) -> int:
    messages = [
        Message(
            recipient_id=user_id, authority_id=authority_id, kind=kind, subject_type=CalendarYear._meta.label,
            subject_id=subject.pk if subject else 0, facts={"year": year}, created_at=now,
        )
        for user_id, authority_id in told.items()
    ]  # fmt: skip
    return len(Message.objects.bulk_create(messages))


def facts(edition: CalendarYear, message: Message) -> dict[str, Any]:
    """What the texts ask of a calendar."""
    return {
        "year": message.facts.get("year", edition.year),
        "place": edition.authority.region if edition.authority else "",
        "edition": edition.edition,
        "person": str(edition.imported_by or _("the system")),
        "reason": edition.reason,
        "is_official": edition.is_official,
    }
