"""A changed calendar moves open clocks, keeps their pauses, and leaves finished ones alone."""

from __future__ import annotations

import datetime as dt

import pytest

from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.regions import calendars
from qualification.regions.calendars import SpecialDay, YearFile
from tests.workflows.clocks.conftest import at, clock_of, in_hand, step
from workflows.clocks import recalc, sweep
from workflows.clocks.models import CalendarPass, Clock

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


def test_what_cannot_meet_the_changed_day_is_not_looked_at(in_review: Application, registry: Told) -> None:
    sweep.run(at("2026-03-05 10:00"))
    before = clock_of(in_review, "technical_review").calendar_edition
    _add_day_off(D(2026, 10, 20))
    assert recalc.reproject(at("2026-03-05 11:00")) == 0
    newest = CalendarPass.objects.order_by("-pk")[0]
    assert (newest.total, newest.checked, newest.finished_at) == (0, 0, at("2026-03-05 11:00"))
    assert clock_of(in_review, "technical_review").calendar_edition == before
    assert recalc.right_since() == 0


def test_a_swapped_day_inside_moves_the_reminders_alone(in_review: Application, registry: Told) -> None:
    sweep.run(at("2026-03-05 10:00"))
    _swap(off=D(2026, 3, 23), on=D(2026, 3, 28))
    review = clock_of(in_review, "technical_review")
    before = dict(review.ladder)
    assert recalc.reproject(at("2026-03-05 11:00")) == 0
    review.refresh_from_db()
    assert review.due_on == D(2026, 4, 15)
    assert dict(review.ladder) != before
    assert review.next_rung_at == dt.datetime.fromisoformat(dict(review.ladder)["remind"])


def _swap(*, off: D, on: D) -> None:
    year = calendars.CalendarYear.objects.filter(year=off.year).order_by("-edition")[0]
    days = {d.date: SpecialDay(d.date, d.is_off, d.name) for d in year.days.all()}
    days |= {off: SpecialDay(off, True, "临时"), on: SpecialDay(on, False, "临时")}
    file = YearFile(off.year, "", tuple(days[day] for day in sorted(days)))
    assert calendars.load_year(file, authority=None, now=at("2026-03-03 12:00")) is not None


def test_a_second_change_in_the_middle_begins_anew(
    in_review: Application, registry: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep.run(at("2026-03-05 10:00"))
    _add_day_off(D(2026, 3, 11))
    with monkeypatch.context() as patch:
        patch.setattr(recalc.executors, "notify_moved", _refuses)
        with pytest.raises(RuntimeError):
            recalc.reproject(at("2026-03-05 11:00"))
    assert recalc.in_hand() is not None
    assert recalc.right_since() == calendars.newest_edition()
    _add_day_off(D(2026, 3, 12))
    recalc.reproject(at("2026-03-05 12:00"))
    assert clock_of(in_review, "technical_review").due_on == D(2026, 4, 17)
    assert registry == [("technical_review", "moved")]
    assert recalc.in_hand() is None


@pytest.mark.django_db(transaction=True)
def test_a_clock_somebody_works_on_is_taken_up_again(in_review: Application, registry: Told) -> None:
    sweep.run(at("2026-03-05 10:00"))
    _add_day_off(D(2026, 3, 11))
    review = clock_of(in_review, "technical_review")
    # Locked after the pass has looked who is at work: it does not wait, it passes the clock over.
    recalc._writers, writers = set, recalc._writers
    try:
        with in_hand(Clock, review.pk):
            assert recalc.reproject(at("2026-03-05 11:00")) == 0
            one = recalc.in_hand()
            assert one is not None
            assert one.held_up == [review.pk]
            assert registry == []
    finally:
        recalc._writers = writers
    assert recalc.reproject(at("2026-03-05 11:01")) == 1
    assert registry == [("technical_review", "moved")]


@pytest.mark.django_db(transaction=True)
def test_a_pass_waits_for_a_step_that_began_with_the_old_calendar(in_review: Application, registry: Told) -> None:
    sweep.run(at("2026-03-05 10:00"))
    review = clock_of(in_review, "technical_review")
    with in_hand(Clock, review.pk):
        _add_day_off(D(2026, 3, 11))
        assert recalc.reproject(at("2026-03-05 11:00")) == 0
        one = recalc.in_hand()
        assert one is not None
        assert (len(one.waits_for), one.checked) == (1, 0)
    assert recalc.reproject(at("2026-03-05 11:01")) == 1


def _refuses(*args: object) -> None:
    raise RuntimeError("not now")
