"""What-if says exactly what recalculation would store, writes nothing, and is quick."""

from __future__ import annotations

import datetime as dt
import random
import time
from dataclasses import replace

import numpy as np
import pytest
from django.db import connection

from qualification.regions import calendars
from tests.workflows.foresight.makes import at, change_day, new_case, new_clock, random_clock
from workflows.clocks import counting, recalc
from workflows.clocks.models import Clock
from workflows.foresight import whatif

pytestmark = pytest.mark.django_db
D = dt.date
TODAY = D(2026, 9, 15)


@pytest.fixture(autouse=True)
def calendar(db: None) -> None:
    calendars.load_all(now=at(D(2025, 11, 10)))


def many(count: int, seed: int) -> list[Clock]:
    rng = random.Random(seed)
    cases = [new_case(rng.choice(["01", "03"])) for _number in range(count // 5)]
    codes = ["acceptance", "technical_review", "decision", "issue", "rectification"]
    return [
        random_clock(rng, case, code, TODAY - dt.timedelta(days=rng.randint(0, 60))) for case in cases for code in codes
    ]


def stored() -> dict[int, dt.date | None]:
    return {clock.pk: clock.due_on for clock in Clock.objects.order_by("pk")}


def said(clocks: whatif.Clocks, days: np.ndarray) -> dict[int, dt.date | None]:
    return {
        pk: dt.date.fromordinal(day) if day else None for pk, day in zip(clocks.pk.tolist(), days.tolist(), strict=True)
    }


@pytest.mark.parametrize("seed", range(3))
def test_without_a_change_the_dates_are_those_that_are_stored(seed: int) -> None:
    many(60, seed)
    clocks = whatif.load()
    assert said(clocks, clocks.due) == stored()
    effect = whatif.unchanged(clocks)
    assert said(clocks, effect.after) == stored()
    assert not effect.moved.any()


@pytest.mark.parametrize(
    ("day", "is_off"),
    [(D(2026, 9, 16), True), (D(2026, 9, 23), True), (D(2026, 10, 1), False), (D(2026, 9, 19), False), (D(2026, 8, 20), True)],
)  # fmt: skip
def test_a_changed_day_moves_what_recalculation_moves(day: dt.date, is_off: bool) -> None:
    many(60, day.toordinal())
    clocks = whatif.load()
    effect = whatif.moved_holiday(clocks, off=[day] if is_off else [], working=[] if is_off else [day])
    before = stored()
    assert said(clocks, effect.before) == before
    change_day(day, is_off=is_off)
    recalc.reproject(at(TODAY))
    after = stored()
    assert after != before
    assert said(clocks, effect.after) == after


def test_a_limit_already_missed_stays() -> None:
    late = new_clock(new_case(), "decision", D(2026, 8, 3))
    Clock.objects.filter(pk=late.pk).update(breached_at=late.due_at)
    effect = whatif.moved_holiday(whatif.load(), off=[D(2026, 8, 7)])
    assert not effect.moved.any()


def test_only_the_regions_asked_for_move() -> None:
    here, there = (new_clock(new_case(region), "decision", TODAY) for region in ("01", "03"))
    effect = whatif.moved_holiday(whatif.load(), off=[D(2026, 9, 16)], authority_ids=[here.authority_id])
    assert [pk for pk, moved in zip(effect.clocks.pk, effect.moved, strict=True) if moved] == [here.pk]
    assert whatif.load([there.authority_id]).pk.tolist() == [there.pk]
    assert len(whatif.load([])) == 0


def test_longer_limits_are_counted_by_the_one_function() -> None:
    clocks = many(40, 7)
    effect = whatif.extended(whatif.load(), days=5, codes=["decision"])
    moved = {int(pk) for pk, is_moved in zip(effect.clocks.pk, effect.moved, strict=True) if is_moved}
    expected = {c.pk for c in clocks if c.code == "decision" and c.unit != "months" and c.due_at}
    assert moved == expected
    plain = new_clock(new_case(), "issue", TODAY, budget=7)
    term = counting.Term(TODAY, 7, extensions=(3,))
    effect = whatif.extended(whatif.load(), days=3, codes=["issue"])
    found = said(effect.clocks, effect.after)[plain.pk]
    assert found == counting.count(term, calendars.current().of(plain.authority_id)).last_day


def test_twice_the_extensions() -> None:
    clocks = many(40, 8)
    effect = whatif.doubled(whatif.load())
    moved = {int(pk) for pk, is_moved in zip(effect.clocks.pk, effect.moved, strict=True) if is_moved}
    assert moved == {c.pk for c in clocks if hasattr(c, "extension") and c.due_at}
    assert moved


def test_what_becomes_overdue_and_what_is_saved() -> None:
    clock = new_clock(new_case(), "decision", D(2026, 9, 1))
    assert clock.due_on == TODAY
    sooner = whatif.moved_holiday(whatif.load(), working=[D(2026, 9, 12)])
    assert sooner.newly_overdue(TODAY).tolist() == [True]
    later = whatif.moved_holiday(whatif.load(), off=[TODAY])
    assert later.saved(TODAY + dt.timedelta(days=1)).tolist() == [True]
    assert whatif.by_week(later.after, TODAY, 2) == [1, 0, 0]
    assert whatif.by_stage(later.clocks, later.moved) == {"decision": 1}


def test_it_works_where_nothing_can_be_written() -> None:
    many(20, 9)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET TRANSACTION READ ONLY")
    clocks = whatif.load()
    assert whatif.moved_holiday(clocks, off=[D(2026, 9, 16)]).moved.any()
    assert whatif.extended(clocks, days=2).moved.any()


def test_a_million_clocks_are_answered_in_a_second() -> None:
    """Measured on arrays alone, in time of the processor; `make bench clocks` measures it with the database."""
    known = calendars.current().of(None)
    rng = np.random.default_rng(7)
    size = 1_000_000
    started = D(2026, 9, 30).toordinal() - rng.integers(0, 60, size)
    paused = np.sort(rng.choice(size, size // 5, replace=False))
    begins = started[paused] + rng.integers(1, 10, len(paused))
    zero = np.zeros(size, dtype=np.int64)
    clocks = whatif.Clocks(
        pk=np.arange(size), authority=rng.integers(1, 6, size), code=rng.integers(0, 11, size), unit=zero,
        started=started, budget=rng.choice([5, 7, 10, 30], size), extension=zero, due=zero + 800_000,
        breached=zero == 1, edition=zero, owner=paused, paused=begins, resumed=begins + rng.integers(1, 30, len(paused)),
        calendars={place: replace(known) for place in range(1, 6)}, newest=0,
    )  # fmt: skip
    whatif.moved_holiday(clocks, off=[D(2026, 9, 29)])
    began = time.process_time()
    effect = whatif.moved_holiday(clocks, off=[D(2026, 10, 9)])
    seconds = time.process_time() - began
    assert effect.after.min() > 0
    assert seconds < 1, seconds
