"""The page "why this date"."""

from __future__ import annotations

import uuid as uuids
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from qualification.access import signed_in
from qualification.accounts.models import User
from qualification.door import may
from qualification.regions import calendars
from qualification.regions.models import CalendarYear
from workflows.clocks import contests, ladder, ledger, pictures, queries, services
from workflows.clocks.calendar_standing import provisional_says
from workflows.clocks.counting import Count
from workflows.clocks.enums import ClockState, Unit
from workflows.clocks.models import Clock, Contest


@signed_in
@require_safe
def why(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Each day counted, skipped and why; for whoever may see the case or the certificate."""
    clock = queries.clock_for_page(uuid)
    person = cast(User, request.user)
    if clock is None or not may(person, "see", clock):
        raise Http404
    now = timezone.now()
    known = calendars.current()
    calendar = known.of(clock.authority_id)
    counted = ledger.count_of(clock, calendar)
    shown: dict[str, Any] = {
        "clock": clock, "counted": counted, "chip": queries.chip(clock, now, calendar=calendar),
        "about": queries.about(clock), "extension": ledger.extension_of(clock), "months": pictures.months_of(counted, clock.started_on),
        "weekdays": pictures.weekdays(), "rungs": _rungs(clock), "editions": _editions(clock, counted),
        "unpublished": sorted({line.day.year for line in counted.lines} - calendar.official_years - _known_years(counted)),
        "provisional_says": provisional_says(calendar, _years(counted)) if counted.is_provisional else "",
        "acts": _acts(person, clock), "can_correct": clock.is_open and may(person, "correct", clock),
        "contests": list(clock.contests.all()), "is_contestable": contests.is_contestable(clock),
    }  # fmt: skip
    return render(request, "clocks/why.html", shown)


def _rungs(clock: Clock) -> list[dict[str, Any]]:
    """The ladder in order: what fires when, and when it fired."""
    fired = {rung.name: rung for rung in clock.rungs.all()}
    return [{"name": RUNGS[step.name], "at": step.at, "fired": fired.get(step.name)} for step in ladder.steps(clock)]


def _editions(clock: Clock, counted: Count) -> list[CalendarYear]:
    """The editions of the years that the count leans on, the newest of each place."""
    if not counted.lines or (clock.unit != Unit.WORKING and clock.until is not None):
        return []
    years = {line.day.year for line in counted.lines}
    rows = CalendarYear.objects.filter(year__in=years, authority=None) | CalendarYear.objects.filter(
        year__in=years, authority_id=clock.authority_id
    )
    newest = {(row.authority_id, row.year): row for row in rows.select_related("authority").order_by("edition")}
    return list(newest.values())


def _years(counted: Count) -> set[int]:
    """The years that a count leans on."""
    last = {counted.last_day.year} if counted.last_day else set()
    return {line.day.year for line in counted.lines} | last


def _known_years(counted: Count) -> set[int]:
    """Years of the count for which some national edition exists."""
    years = {line.day.year for line in counted.lines}
    return set(CalendarYear.objects.filter(year__in=years, authority=None).values_list("year", flat=True))


def _acts(person: User, clock: Clock) -> list[dict[str, str]]:
    """What the reader may do with this clock."""
    found: list[dict[str, str]] = []
    place = ledger.place_of(clock.authority_id)
    is_new = ledger.extension_of(clock) is None and services.most_days(clock, place) > 0
    if clock.state == ClockState.RUNNING and is_new and may(person, "extend", clock):
        found.append(
            {
                "label": _("Extend the limit"),
                "icon": "calendar-plus",
                "url": reverse("clocks:extend", args=[clock.uuid]),
            }
        )
    if clock.is_open and clock.until is None and clock.unit != Unit.MONTHS and may(person, "correct", clock):
        label = _("Enter a pause that was not recorded")
        found.append({"label": label, "icon": "player-pause", "url": reverse("clocks:add_pause", args=[clock.uuid])})
    closed = {contest.state for contest in clock.contests.all()} & {"asked", "set_aside"}
    if contests.is_contestable(clock) and not closed and may(person, "ask", Contest(clock=clock)):
        label = _("Contest the outcome")
        found.append({"label": label, "icon": "gavel", "url": reverse("clocks:contest_new", args=[clock.uuid])})
    return found


RUNGS: dict[str, Any] = {
    "remind": lazy("reminder"),
    "warn": lazy("warning"),
    "last_day": lazy("reminder on the last day"),
    "expire": lazy("the limit runs out"),
    "escalate": lazy("escalation"),
}
