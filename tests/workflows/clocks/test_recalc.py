"""A changed calendar moves open clocks, keeps their pauses, and leaves finished ones alone."""

from __future__ import annotations

import datetime as dt

import pytest

from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.regions import calendars
from qualification.regions.calendars import SpecialDay, YearFile
from tests.workflows.clocks.conftest import at, clock_of, step
from workflows.clocks import recalc, sweep

pytestmark = pytest.mark.django_db
D = dt.date
Told = list[tuple[str, str]]


def _add_day_off(day: D) -> None:
    year = calendars.CalendarYear.objects.filter(year=day.year).order_by("-edition").first()
    assert year is not None
    days = [SpecialDay(d.date, d.is_off, d.name) for d in year.days.all() if d.date != day]
    file = YearFile(day.year, "", tuple(sorted([*days, SpecialDay(day, True, "临时")], key=lambda d: d.date)))
    assert calendars.load_year(file, authority=None, now=at("2026-03-03 12:00")) is not None


def test_open_clocks_move_and_finished_ones_do_not(in_review: Application, registry: Told) -> None:
    finished = clock_of(in_review, "acceptance").due_at
    _add_day_off(D(2026, 3, 11))
    assert recalc.reproject(at("2026-03-05 10:00")) == 1
    assert clock_of(in_review, "technical_review").due_on == D(2026, 4, 16)
    assert clock_of(in_review, "acceptance").due_at == finished
    assert registry == [("technical_review", "moved")]
    assert recalc.reproject(at("2026-03-05 10:01")) == 0


def test_pauses_are_kept(in_review: Application, registry: Told, person: User) -> None:
    review = clock_of(in_review, "technical_review")
    review.intervals.create(cause="test", paused_at=at("2026-03-04 10:00"), resumed_at=at("2026-03-06 10:00"))
    _add_day_off(D(2026, 3, 11))
    recalc.reproject(at("2026-03-07 10:00"))
    assert clock_of(in_review, "technical_review").due_on == D(2026, 4, 20)


def test_a_missed_limit_stays_as_recorded(in_review: Application, registry: Told) -> None:
    sweep.run(at("2026-04-16 00:00"))
    _add_day_off(D(2026, 4, 14))
    assert recalc.reproject(at("2026-04-16 01:00")) == 0
    review = clock_of(in_review, "technical_review")
    assert (review.due_at, review.breached_at) == (at("2026-04-16 00:00"), at("2026-04-16 00:00"))


def test_a_year_that_is_published_makes_dates_final(draft: Application, registry: Told) -> None:
    step(draft, "submit", at("2026-12-29 10:00"))
    clock = clock_of(draft, "acceptance")
    assert (clock.due_on, clock.is_provisional) == (D(2027, 1, 5), True)
    new_year = YearFile(2027, "", tuple(SpecialDay(D(2027, 1, n), True, "元旦") for n in (1, 2, 3)))
    calendars.load_year(new_year, authority=None, now=at("2026-12-29 12:00"))
    sweep.run(at("2026-12-29 13:00"))
    clock = clock_of(draft, "acceptance")
    assert (clock.due_on, clock.is_provisional) == (D(2027, 1, 6), False)


def test_a_rung_that_has_fired_does_not_fire_again_after_a_move(submitted: Application, registry: Told) -> None:
    sweep.run(at("2026-03-06 09:00"))
    _add_day_off(D(2026, 3, 9))
    sweep.run(at("2026-03-06 10:00"))
    assert clock_of(submitted, "acceptance").next_rung_at == at("2026-03-11 00:00")
    sweep.run(at("2026-03-10 09:00"))
    assert registry == [("acceptance", "warn"), ("acceptance", "moved")]
