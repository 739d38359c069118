"""The system's dates beside those of an independent count (`oracle`), written from DOMAIN.md alone."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qualification.regions import calendars
from qualification.regions.calendars import SpecialDay, WorkCalendar
from tests.workflows.clocks import oracle
from tests.workflows.clocks.oracle import BEIJING, Almanac, Question
from workflows.clocks.counting import Count, Pause, Term, backward, count, day_of
from workflows.clocks.enums import Unit

D = dt.date
CASES = 10_000
SEED = 20_261_121
NINE = dt.time(9)
PUBLISHED = oracle.published()


def _shipped() -> WorkCalendar:
    """The calendar as the system ships and reads it."""
    files = [
        calendars.read_year(path.read_text(encoding="utf-8"))
        for path in sorted(calendars.DATA_DIR.glob("holidays-cn-*.json"))
    ]
    return WorkCalendar({day.date: day for file in files for day in file.days}, frozenset(f.year for f in files))


SHIPPED = _shipped()

# The tables of DOMAIN.md

TABLE = """
2025-01-20 2025-01-26 2025-02-05 2025-02-08 2025-03-07
2025-09-26 2025-10-10 2025-10-13 2025-10-16 2025-11-13
2026-02-13 2026-02-27 2026-03-02 2026-03-05 2026-04-02
2026-04-30 2026-05-11 2026-05-13 2026-05-18 2026-06-15
2026-09-30 2026-10-13 2026-10-15 2026-10-20 2026-11-17
"""
ROWS = [[D.fromisoformat(cell) for cell in row.split()] for row in TABLE.split("\n") if row]
CELLS = [(row[0], limit, due) for row in ROWS for limit, due in zip((5, 7, 10, 30), row[1:], strict=True)]


def test_the_table_is_whole() -> None:
    assert len(CELLS) == 20


@pytest.mark.parametrize(("event", "limit", "due"), CELLS)
def test_the_table_of_working_days(event: D, limit: int, due: D) -> None:
    expected = oracle.answer(Question(_noon(event), limit, oracle.WORKING), PUBLISHED)
    counted = count(Term(event, limit), SHIPPED)
    assert (expected.last, expected.is_provisional) == (due, False)
    assert (counted.last_day, counted.is_provisional) == (due, False)


@pytest.mark.parametrize(("expiry", "last_day"), [(D(2026, 5, 31), D(2026, 2, 28)), (D(2026, 5, 22), D(2026, 2, 22))])
def test_three_months_before_an_expiry(expiry: D, last_day: D) -> None:
    """The second is a day off, and stays: a period counted backward never rolls."""
    assert oracle.last_day_before(expiry, 3) == last_day
    assert backward(expiry, 3, Unit.MONTHS, SHIPPED) == last_day


@pytest.mark.parametrize("year", [2025, 2026])
def test_248_working_days_a_year(year: int) -> None:
    days = [D(year, 1, 1) + dt.timedelta(days=n) for n in range(365)]
    assert sum(PUBLISHED.is_working(day) for day in days) == 248
    assert [day for day in days if PUBLISHED.is_working(day) != SHIPPED.is_working(day)] == []


def test_every_expiry_of_two_years_counted_backward() -> None:
    for offset in range(730):
        expiry = D(2026, 1, 1) + dt.timedelta(days=offset)
        for months in (1, 3, 4, 6):
            assert backward(expiry, months, Unit.MONTHS, SHIPPED) == oracle.last_day_before(expiry, months)


# Random cases


@dataclass
class Case:
    """One question, and the days off and on as they are told to both sides."""

    question: Question
    named: dict[D, bool]
    years: set[int]

    def expected(self) -> oracle.Answer:
        return oracle.answer(self.question, Almanac(self.named, self.years))

    def counted(self) -> Count:
        asked = self.question
        calendar = WorkCalendar(
            {day: SpecialDay(day, is_off) for day, is_off in self.named.items()}, frozenset(self.years)
        )
        pauses = (Pause(day_of(paused), None if end is None else day_of(end)) for paused, end in asked.pauses)
        term = Term(
            day_of(asked.start), asked.limit, Unit(asked.unit), tuple(pauses), tuple(asked.extensions), asked.rolls
        )
        return count(term, calendar)


def _noon(day: D) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), BEIJING)


def _moment(rng: random.Random, day: D) -> dt.datetime:
    """A moment of the day in Beijing, written in UTC; one in three within a second of midnight."""
    edge = rng.choice([dt.time(0), dt.time(0, 0, 1), dt.time(23, 59, 59), dt.time(23, 59, 59, 999_999)])
    any_time = dt.time(rng.randrange(24), rng.randrange(60), rng.randrange(60))
    time = edge if rng.random() < 1 / 3 else any_time
    return dt.datetime.combine(day, time, BEIJING).astimezone(dt.UTC)


#: Around these the working days are most unlike the week.
LANDMARKS = [D(2025, 1, 20), D(2025, 9, 20), D(2026, 2, 8), D(2026, 4, 25), D(2026, 9, 22), D(2026, 12, 10)]


def _start(rng: random.Random) -> D:
    if rng.random() < 0.5:
        return rng.choice(LANDMARKS) + dt.timedelta(days=rng.randint(-15, 15))
    return D(2024, 12, 1) + dt.timedelta(days=rng.randint(0, 1100))


def _random_days(rng: random.Random) -> dict[D, bool]:
    """Holidays of one to nine days, and make-up weekends, anywhere in four years."""
    named: dict[D, bool] = {}
    for _holiday in range(rng.randint(0, 40)):
        first = D(2024, 12, 1) + dt.timedelta(days=rng.randint(0, 1500))
        for offset in range(rng.randint(1, 9)):
            named[first + dt.timedelta(days=offset)] = True
    for _make_up in range(rng.randint(0, 40)):
        day = D(2024, 12, 1) + dt.timedelta(days=rng.randint(0, 1500))
        if day.weekday() >= 5:
            named[day] = False
    return named


def _region(rng: random.Random) -> dict[D, bool]:
    """What a region changes: days off of its own, national holidays worked, make-up days moved."""
    changed = {}
    for _day in range(rng.randint(0, 12)):
        changed[rng.choice(LANDMARKS) + dt.timedelta(days=rng.randint(-5, 60))] = rng.random() < 0.6
    return changed


def _calendar(rng: random.Random) -> tuple[dict[D, bool], set[int]]:
    if rng.random() < 0.5:
        named, years = dict(PUBLISHED.off), set(PUBLISHED.years)
    else:
        named = _random_days(rng)
        years = {year for year in range(2024, 2029) if rng.random() < 0.8}
    if rng.random() < 0.4:
        named |= _region(rng)
    return named, years


def _pauses(rng: random.Random, start: D) -> list[tuple[dt.datetime, dt.datetime | None]]:
    """Up to five, in order; some on one day, some back to back, the last one perhaps still open."""
    found: list[tuple[dt.datetime, dt.datetime | None]] = []
    day = start
    for _pause in range(rng.choice([0, 0, 1, 1, 2, 3, 5])):
        day += dt.timedelta(days=rng.choice([0, 0, 1, 2, rng.randint(0, 25)]))
        paused = _moment(rng, day)
        day += dt.timedelta(days=rng.choice([0, 0, 1, 3, rng.randint(0, 40)]))
        resumed = max(paused, _moment(rng, day))
        if rng.random() < 0.06:
            return [*found, (paused, None)]
        found.append((paused, resumed))
    return found


def random_case(rng: random.Random) -> Case:
    unit = rng.choice([oracle.WORKING, oracle.WORKING, oracle.CALENDAR, oracle.MONTHS])
    start = _start(rng)
    limit = rng.randint(1, 14) if unit == oracle.MONTHS else rng.choice([1, 2, 3, 5, 7, 10, 30, rng.randint(1, 70)])
    question = Question(_moment(rng, start), limit, unit, rolls=rng.random() < 0.9)
    if unit != oracle.MONTHS:  # No clock in months can be paused or extended.
        question.pauses = _pauses(rng, start)
        question.extensions = [rng.randint(1, 15) for _n in range(rng.choice([0, 0, 0, 1, 1, 2]))]
    return Case(question, *_calendar(rng))


def agree(case: Case, shares: tuple[int, ...]) -> None:
    """Every date, every counted day and every share are the same on both sides."""
    expected, counted = case.expected(), case.counted()
    assert counted.last_day == expected.last
    assert counted.due_at == expected.due
    assert [line.day for line in counted.lines if line.number is not None] == expected.counted
    if expected.last is not None:
        assert counted.is_provisional == expected.is_provisional
        for percent in shares:
            assert counted.share_at(percent, NINE) == expected.share(percent), percent


def test_ten_thousand_random_cases() -> None:
    rng = random.Random(SEED)
    seen = {"open pause": 0, "paused": 0, "extended": 0, "provisional": 0, "moved by the pauses": 0}
    for number in range(CASES):
        case = random_case(rng)
        try:
            agree(case, (50, 80, 100, rng.randint(1, 99)))
        except AssertionError as error:
            raise AssertionError(f"case {number}: {case.question}\n{error}") from error
        expected = case.expected()
        bare = dataclasses.replace(case, question=dataclasses.replace(case.question, pauses=[]))
        seen["open pause"] += expected.last is None
        seen["paused"] += bool(case.question.pauses)
        seen["extended"] += bool(case.question.extensions)
        seen["provisional"] += expected.is_provisional
        seen["moved by the pauses"] += expected.last != bare.expected().last
    assert min(seen.values()) > 200, seen


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False), st.integers(1, 100))
def test_cases_that_shrink(rng: random.Random, percent: int) -> None:
    """The same cases as hypothesis finds them: one that fails is made small."""
    agree(random_case(rng), (percent,))


# What the random cases have taught, by hand


def test_a_period_does_not_roll_into_a_pause() -> None:
    """30 calendar days end on Saturday 2026-03-14; paused on that day, nobody can act before Friday the 20th."""
    question = Question(
        _noon(D(2026, 2, 12)), 30, oracle.CALENDAR, pauses=[(_noon(D(2026, 3, 14)), _noon(D(2026, 3, 19)))]
    )
    case = Case(question, dict(PUBLISHED.off), set(PUBLISHED.years))
    assert case.expected().last == case.counted().last_day == D(2026, 3, 20)
    question.pauses = [(_noon(D(2026, 3, 14)), None)]
    assert case.expected().last is case.counted().last_day is None
