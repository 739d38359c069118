"""Clocks for lists, chips and the page that says why a date is that date."""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from qualification.applications.models import Application
from qualification.certificates.models import Certificate
from qualification.pages.dates import say_date
from qualification.regions import calendars
from qualification.regions.calendars import WorkCalendar
from qualification.regions.models import LimitEntry
from qualification.regions.settings import SETTINGS
from workflows.clocks.counting import day_of
from workflows.clocks.enums import ClockState, Unit
from workflows.clocks.models import Clock
from workflows.clocks.policy import BY_CODE

# Limits at whose end the law has an outcome of its own that can be contested.
ACTING = tuple(code for code, one in BY_CODE.items() if one.remedy)
# Working or calendar days left from which a chip warns.
SOON = 2


def open_clocks(application: Application) -> list[Clock]:
    """The case's open clocks, the first due first; paused ones without a due moment last."""
    clocks = Clock.objects.open().filter(application=application)
    return list(clocks.order_by(models.F("due_at").asc(nulls_last=True), "pk"))


def open_clock(application: Application, code: str) -> Clock | None:
    """The case's open clock of one code, the first due where there are several (offers, concurrences)."""
    return Clock.objects.open().filter(application=application, code=code).order_by("due_at", "pk").first()


def clock_of(subject: models.Model, code: str) -> Clock | None:
    """The newest clock of one code about a row, open or not."""
    return Clock.objects.of_subject(subject).filter(code=code).order_by("-pk").first()


def clocks_of(rows: Iterable[models.Model], code: str) -> dict[int, Clock]:
    """The newest clock of one code about each of some rows of one model, by the row's key; one query."""
    by_label: dict[str, list[int]] = {}
    for row in rows:
        by_label.setdefault(row._meta.label, []).append(row.pk)
    wanted = models.Q(pk__in=[])
    for label, ids in by_label.items():
        wanted |= models.Q(subject_type=label, subject_id__in=ids)
    return {c.subject_id: c for c in Clock.objects.filter(wanted, code=code).order_by("pk")}


def due_of(subject: models.Model) -> dt.datetime | None:
    """When the first of the row's own running clocks is due."""
    return Clock.objects.open().of_subject(subject).aggregate(first=models.Min("due_at"))["first"]  # type: ignore[no-any-return]


def next_due_of(application: Application) -> Clock | None:
    """The case's running clock that is due first."""
    return Clock.objects.filter(application=application, state=ClockState.RUNNING).order_by("due_at", "pk").first()


def chips_for(applications: Iterable[Application], now: dt.datetime) -> dict[int, list[dict[str, Any]]]:
    """Chips of the open clocks by case, the first due first: one query for all (and one for the calendar)."""
    chips: dict[int, list[dict[str, Any]]] = {application.pk: [] for application in applications}
    known = calendars.current()
    clocks = Clock.objects.open().filter(application__in=list(chips))
    for clock in clocks.order_by(models.F("due_at").asc(nulls_last=True), "pk"):
        if clock.application_id is not None:
            chips[clock.application_id].append(chip(clock, now, calendar=known.of(clock.authority_id)))
    return chips


@dataclass(frozen=True, slots=True)
class Wording:
    """What a chip says, and in which tone of the design: neutral, good, warn or bad."""

    text: str
    tone: str


def chip(
    clock: Clock, now: dt.datetime, language: str | None = None, *, calendar: WorkCalendar | None = None
) -> dict[str, Any]:
    """What the due chip shows of a clock, in the reader's language or the one given."""
    calendar = calendar or calendars.current().of(clock.authority_id)
    with translation.override(language or translation.get_language()):
        wording = _wording(clock, day_of(now), calendar)
        return {
            "clock": clock,
            "label": str(clock.policy.label),
            "due_at": clock.due_at,
            "due_on": clock.due_on,
            "text": wording.text,
            "tone": wording.tone,
            "is_provisional": clock.is_provisional and clock.is_open,
            "why_url": reverse("clocks:why", args=[clock.uuid]),
        }


def _wording(clock: Clock, today: dt.date, calendar: WorkCalendar) -> Wording:
    if not clock.is_open:
        if clock.excused_at:
            return Wording(_("excused"), "neutral")
        return Wording(_("missed"), "bad") if clock.breached_at else Wording(_("ended"), "good")
    if clock.state == ClockState.PAUSED or clock.due_on is None:
        return Wording(_("paused"), "neutral")
    if today == clock.due_on:
        return Wording(_("due today"), "warn")
    if today < clock.due_on:
        left = _days_between(clock, today, clock.due_on, calendar)
        return Wording(_left_text(clock, left), "warn" if left <= SOON else "neutral")
    return Wording(_late_text(clock, _days_between(clock, clock.due_on, today, calendar)), "bad")


def _days_between(clock: Clock, after: dt.date, through: dt.date, calendar: WorkCalendar) -> int:
    if clock.unit == Unit.WORKING:
        return calendar.working_days_between(after, through)
    return (through - after).days


def _left_text(clock: Clock, days: int) -> str:
    if clock.unit == Unit.WORKING:
        return ngettext("%(days)s working day left", "%(days)s working days left", days) % {"days": days}
    return ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days}


def _late_text(clock: Clock, days: int) -> str:
    # On the days off right after the last day no working day has passed yet.
    if days == 0:
        return _("overdue by less than a working day")
    if clock.unit == Unit.WORKING:
        return ngettext("%(days)s working day overdue", "%(days)s working days overdue", days) % {"days": days}
    return ngettext("%(days)s day overdue", "%(days)s days overdue", days) % {"days": days}


def clock_for_page(uuid: uuids.UUID) -> Clock | None:
    """A clock with everything that the page "why this date" shows."""
    clocks = Clock.objects.select_related(
        "application__authority",
        "application__laboratory",
        "authority__profile",
        "start_log__by",
        "stop_log__by",
        "extension__granted_by",
        "limit_entry__by",
        "excused_by",
    )
    clocks = clocks.prefetch_related(
        "intervals__paused_by", "intervals__resumed_by", "intervals__entered_by", "rungs", "contests__asked_by",
        "contests__answered_by", "budget_corrections__by",
    )  # fmt: skip
    return clocks.filter(uuid=uuid).first()


def outcomes_of(application: Application) -> list[Clock]:
    """The case's limits at whose end the system itself acted, the newest first, with their contests; two queries."""
    found = Clock.objects.filter(application=application, state=ClockState.EXPIRED, code__in=ACTING)
    return list(found.prefetch_related("contests").order_by("-stopped_at", "-pk"))


def about(clock: Clock) -> str:
    """What a clock is about, in words: the case, or the certificate."""
    if clock.application is not None:
        return str(clock.application)
    certificate = Certificate.objects.filter(pk=clock.subject_id).first()
    return _("certificate %s") % certificate if certificate else ""


def correction_reason(clock: Clock) -> str:
    """The reason of the newest correction of a clock: of its ledger, or of its limit."""
    rows = [(row.entered_at, row.reason) for row in clock.intervals.filter(entered_at__isnull=False)]
    rows += [(row.at, row.reason) for row in clock.budget_corrections.all()]
    return max(rows)[1] if rows else ""


def now_of(context: Any) -> dt.datetime:
    """The moment a page is made for: `now` of the context, or the clock on the wall."""
    given = context.get("now") if hasattr(context, "get") else None
    return given if isinstance(given, dt.datetime) else timezone.now()


def entry_in_words(entry: LimitEntry) -> str:
    """An entry of a limit: which limit, whose, and from which day."""
    place = entry.authority or _("the law")
    return f"{SETTINGS[entry.key].label} · {place} · {_('in force from')} {say_date(entry.effective_on)}"


def page_of_entry(entry: LimitEntry) -> str:
    """The page on which an entry of a limit is listed."""
    if entry.authority is None:
        return reverse("clocks:law")
    return reverse("regions:change", args=[entry.authority.code, entry.key])
