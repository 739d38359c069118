"""Clocks as the ledger would have left them, in numbers."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from zoneinfo import ZoneInfo

from qualification.applications.models import Application
from qualification.models import TransitionLog
from qualification.regions import calendars
from qualification.regions.calendars import SpecialDay, YearFile
from tests.factories.accounts import UserFactory
from tests.factories.laboratories import LaboratoryFactory
from tests.factories.regions import authority
from workflows.clocks import counting, ledger
from workflows.clocks.enums import Unit
from workflows.clocks.models import Clock, ClockExtension, ClockInterval

SHANGHAI = ZoneInfo("Asia/Shanghai")
NUMBERS = itertools.count(1)


def at(day: dt.date, hour: int = 10) -> dt.datetime:
    """A moment of a day in Shanghai."""
    return dt.datetime.combine(day, dt.time(hour), SHANGHAI)


def new_case(region: str = "03", kinds: tuple[str, ...] = ("first",), received: dt.date | None = None) -> Application:
    """A case with nothing in it."""
    number = next(NUMBERS)
    laboratory = LaboratoryFactory.create(authority=authority(region), name=f"第{number}检测公司")
    return Application.objects.create(
        laboratory=laboratory, authority=laboratory.authority, kinds=list(kinds), created_by=UserFactory.create(),
        reference=f"C{region}{number:06d}",
    )  # fmt: skip


def new_clock(case: Application, code: str, started: dt.date, **facts: object) -> Clock:
    """A running clock of a case; `budget`, `unit`, `state`, `stopped_at` and the like as keywords."""
    log = TransitionLog.objects.create(
        subject_type="applications.Application", subject_id=case.pk, application=case, verb="accept", source="a",
        target="b", at=at(started),
    )  # fmt: skip
    values: dict[str, object] = {
        "application": case, "authority": case.authority, "code": code, "subject_type": "applications.Application",
        "subject_id": case.pk, "edition": "163-2021", "budget": 10, "unit": "working", "started_at": at(started),
        "started_on": started, "start_log": log, "kinds": ",".join(sorted(case.kinds)),
    }  # fmt: skip
    clock = Clock(**values | facts)
    if clock.due_at is None:
        term = counting.Term(started, clock.budget, Unit(clock.unit))
        clock.due_at = counting.count(term, calendars.current().of(clock.authority_id)).due_at
    clock.save()
    return clock


def projected(clock: Clock) -> Clock:
    """The clock with the dates that its ledger gives it now, saved."""
    fresh = Clock.objects.select_related("extension").prefetch_related("intervals", "rungs").get(pk=clock.pk)
    ledger.work_out(fresh, ledger.place_of(fresh.authority_id))
    return fresh


def random_clock(rng: random.Random, case: Application, code: str, start: dt.date) -> Clock:
    """An open clock with up to three pauses and perhaps an extension."""
    unit = "working" if rng.random() < 0.7 else rng.choice(["calendar", "months"])
    clock = new_clock(case, code, start, unit=unit, budget=rng.randint(1, 4 if unit == "months" else 30))
    if unit == "months":
        return projected(clock)
    day = start
    for _number in range(rng.choice([0, 0, 1, 2, 3])):
        day += dt.timedelta(days=rng.randint(0, 15))
        end = day + dt.timedelta(days=rng.randint(0, 20))
        is_open = rng.random() < 0.15
        ClockInterval.objects.create(
            clock=clock, cause="test", paused_at=at(day), resumed_at=None if is_open else at(end, 11)
        )
        if is_open:
            Clock.objects.filter(pk=clock.pk).update(state="paused")
            break
        day = end
    if rng.random() < 0.3:
        ClockExtension.objects.create(
            clock=clock, days=rng.randint(1, 10), reason="test", granted_by=case.created_by, granted_at=at(start)
        )
    return projected(clock)


def change_day(day: dt.date, *, is_off: bool) -> None:
    """A new edition of the national calendar with one day changed."""
    year = calendars.CalendarYear.objects.filter(year=day.year, authority=None).order_by("-edition").first()
    assert year is not None
    days = [SpecialDay(d.date, d.is_off, d.name) for d in year.days.all() if d.date != day]
    changed = sorted([*days, SpecialDay(day, is_off, "临时")], key=lambda one: one.date)
    file = YearFile(day.year, "", tuple(changed))
    assert calendars.load_year(file, authority=None, now=at(day)) is not None
