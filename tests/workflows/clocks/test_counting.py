"""Counting: the tables, examples and rules of the domain, and an independent count beside ours."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualification.regions import calendars
from qualification.regions.calendars import WorkCalendar
from workflows.clocks.counting import ImpossibleTerm, Pause, Term, add_months, backward, count
from workflows.clocks.enums import DayKind, Unit

D = dt.date
SHANGHAI = ZoneInfo("Asia/Shanghai")


def _shipped() -> WorkCalendar:
    files = [
        calendars.read_year(path.read_text(encoding="utf-8"))
        for path in sorted(calendars.DATA_DIR.glob("holidays-cn-*.json"))
    ]
    special = {day.date: day for file in files for day in file.days}
    return WorkCalendar(special, frozenset(file.year for file in files))


CALENDAR = _shipped()

TABLE = [
    ("2025-01-20", ("2025-01-26", "2025-02-05", "2025-02-08", "2025-03-07")),
    ("2025-09-26", ("2025-10-10", "2025-10-13", "2025-10-16", "2025-11-13")),
    ("2026-02-13", ("2026-02-27", "2026-03-02", "2026-03-05", "2026-04-02")),
    ("2026-04-30", ("2026-05-11", "2026-05-13", "2026-05-18", "2026-06-15")),
    ("2026-09-30", ("2026-10-13", "2026-10-15", "2026-10-20", "2026-11-17")),
]
CELLS = [(day, n, due) for day, row in TABLE for n, due in zip((5, 7, 10, 30), row, strict=True)]


@pytest.mark.parametrize(("day", "limit", "due"), CELLS)
def test_the_table_of_the_domain(day: str, limit: int, due: str) -> None:
    counted = count(Term(D.fromisoformat(day), limit), CALENDAR)
    assert (counted.last_day, counted.is_provisional) == (D.fromisoformat(due), False)


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_year_has_248_working_days(year: int) -> None:
    assert CALENDAR.working_days_between(D(year - 1, 12, 31), D(year, 12, 31)) == 248


def test_the_due_moment_is_midnight_after_the_last_day_in_shanghai() -> None:
    due = count(Term(D(2026, 9, 30), 5), CALENDAR).due_at
    assert due == dt.datetime(2026, 10, 14, tzinfo=SHANGHAI)
    assert due.astimezone(dt.UTC) == dt.datetime(2026, 10, 13, 16, tzinfo=dt.UTC)


def test_make_up_days_count_and_holidays_do_not() -> None:
    lines = count(Term(D(2026, 9, 30), 5), CALENDAR).lines
    assert [(line.day.isoformat(), line.number, line.kind) for line in lines] == [
        *((f"2026-10-0{n}", None, DayKind.HOLIDAY) for n in range(1, 8)),
        ("2026-10-08", 1, DayKind.WORKING),
        ("2026-10-09", 2, DayKind.WORKING),
        ("2026-10-10", 3, DayKind.MAKE_UP),
        ("2026-10-11", None, DayKind.WEEKEND),
        ("2026-10-12", 4, DayKind.WORKING),
        ("2026-10-13", 5, DayKind.WORKING),
    ]
    assert {line.name for line in lines[:7]} == {"国庆节"}


# Months


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (D(2026, 1, 31), 1, D(2026, 2, 28)),
        (D(2024, 1, 31), 1, D(2024, 2, 29)),
        (D(2026, 5, 31), -3, D(2026, 2, 28)),
        (D(2026, 11, 30), 3, D(2027, 2, 28)),
        (D(2026, 1, 15), 12, D(2027, 1, 15)),
        (D(2026, 1, 15), -1, D(2025, 12, 15)),
    ],
)
def test_months_end_on_the_same_day_or_the_months_last(day: D, months: int, expected: D) -> None:
    assert add_months(day, months) == expected


@pytest.mark.parametrize(("expiry", "last_day"), [(D(2026, 5, 31), D(2026, 2, 28)), (D(2026, 5, 22), D(2026, 2, 22))])
def test_a_period_counted_backward_never_rolls(expiry: D, last_day: D) -> None:
    assert backward(expiry, 3, Unit.MONTHS, CALENDAR) == last_day


def test_backward_in_days() -> None:
    assert backward(D(2026, 10, 13), 5, Unit.WORKING, CALENDAR) == D(2026, 9, 30)
    assert backward(D(2026, 10, 13), 5, Unit.CALENDAR, CALENDAR) == D(2026, 10, 8)


def test_a_period_to_act_in_rolls_to_the_next_working_day() -> None:
    # 2026-09-01 + 30 = 2026-10-01, the first of seven days off.
    counted = count(Term(D(2026, 9, 1), 30, Unit.CALENDAR), CALENDAR)
    assert counted.last_day == D(2026, 10, 8)
    assert [line.kind for line in counted.lines[30:]] == [DayKind.ROLLED] * 7
    assert counted.lines[29].number == 30


def test_a_period_in_months_rolls_too_and_a_validity_does_not() -> None:
    term = Term(D(2026, 7, 2), 3, Unit.MONTHS)
    assert count(term, CALENDAR).last_day == D(2026, 10, 8)
    assert count(Term(D(2026, 7, 2), 3, Unit.MONTHS, rolls=False), CALENDAR).last_day == D(2026, 10, 2)


def test_a_make_up_saturday_is_no_day_off_to_roll_from() -> None:
    assert count(Term(D(2026, 9, 10), 30, Unit.CALENDAR), CALENDAR).last_day == D(2026, 10, 10)


# Pauses


def test_the_pausing_day_counts_and_the_resuming_day_does_not() -> None:
    # Mon 2 counts, Tue 3 pauses and counts, Wed 4 and Thu 5 (resumed) do not, Fri 6 counts on.
    term = Term(D(2026, 3, 1), 4, pauses=(Pause(D(2026, 3, 3), D(2026, 3, 5)),))
    counted = count(term, CALENDAR)
    assert [(line.day.day, line.number) for line in counted.lines] == [
        (2, 1), (3, 2), (4, None), (5, None), (6, 3), (7, None), (8, None), (9, 4),
    ]  # fmt: skip
    assert [line.day.day for line in counted.lines if line.kind == DayKind.PAUSED] == [4, 5]


def test_pause_and_resumption_on_one_day_change_nothing() -> None:
    plain = count(Term(D(2026, 3, 1), 4), CALENDAR)
    assert count(Term(D(2026, 3, 1), 4, pauses=(Pause(D(2026, 3, 3), D(2026, 3, 3)),)), CALENDAR) == plain


def test_a_pause_on_the_start_day() -> None:
    term = Term(D(2026, 3, 2), 1, pauses=(Pause(D(2026, 3, 2), D(2026, 3, 4)),))
    assert count(term, CALENDAR).last_day == D(2026, 3, 5)


def test_an_open_pause_has_no_due_moment() -> None:
    counted = count(Term(D(2026, 3, 1), 4, pauses=(Pause(D(2026, 3, 3)),)), CALENDAR)
    assert (counted.last_day, counted.due_at, len(counted.lines)) == (None, None, 2)


def test_a_pause_on_the_last_day_comes_too_late_to_move_it() -> None:
    assert count(Term(D(2026, 3, 1), 4, pauses=(Pause(D(2026, 3, 5)),)), CALENDAR).last_day == D(2026, 3, 5)


def test_a_weekend_inside_and_outside_a_pause() -> None:
    term = Term(D(2026, 3, 4), 5, pauses=(Pause(D(2026, 3, 6), D(2026, 3, 9)), Pause(D(2026, 3, 10), D(2026, 3, 12))))
    assert count(term, CALENDAR).last_day == D(2026, 3, 16)


# Extensions


def test_an_extension_counts_on_from_the_old_last_day() -> None:
    assert count(Term(D(2026, 9, 30), 10, extensions=(10,)), CALENDAR).last_day == D(2026, 11, 3)
    assert count(Term(D(2026, 9, 30), 20), CALENDAR).last_day == D(2026, 11, 3)


def test_an_extension_in_calendar_days_counts_from_the_rolled_day() -> None:
    # 30 days end on 2026-10-01 and roll to Thursday the 8th; ten more days are Sunday the 18th, rolled to Monday.
    counted = count(Term(D(2026, 9, 1), 30, Unit.CALENDAR, extensions=(10,)), CALENDAR)
    assert counted.last_day == D(2026, 10, 19)
    assert sum(line.number is not None for line in counted.lines) == 40


# Provisional


def test_a_deadline_that_crosses_into_an_unpublished_year_is_provisional() -> None:
    inside = count(Term(D(2026, 12, 24), 5), CALENDAR)
    across = count(Term(D(2026, 12, 24), 6), CALENDAR)
    assert (inside.last_day, inside.is_provisional) == (D(2026, 12, 31), False)
    # Weekends only: New Year's Day is a Friday and is counted until the year is published.
    assert (across.last_day, across.is_provisional) == (D(2027, 1, 1), True)


def test_calendar_days_are_provisional_only_by_their_end() -> None:
    assert not count(Term(D(2026, 12, 1), 30, Unit.CALENDAR), CALENDAR).is_provisional
    assert count(Term(D(2026, 12, 1), 31, Unit.CALENDAR), CALENDAR).is_provisional
    assert not count(Term(D(2026, 12, 1), 31, Unit.CALENDAR, rolls=False), CALENDAR).is_provisional


# Shares

NINE = dt.time(9)


@pytest.mark.parametrize(
    ("limit", "percent", "day"),
    [
        (5, 80, D(2026, 10, 12)),  # the 4th counted day
        (5, 50, D(2026, 10, 10)),  # ceil(2.5) = 3
        (5, 1, D(2026, 10, 8)),
        (7, 80, D(2026, 10, 14)),  # ceil(5.6) = 6
        (30, 50, D(2026, 10, 27)),  # the 15th
        (30, 99, D(2026, 11, 17)),  # ceil(29.7) = 30
    ],
)
def test_a_share_falls_at_nine_of_its_counted_day(limit: int, percent: int, day: D) -> None:
    counted = count(Term(D(2026, 9, 30), limit), CALENDAR)
    assert counted.share_at(percent, NINE) == dt.datetime.combine(day, NINE, SHANGHAI)


def test_the_whole_share_is_the_due_moment() -> None:
    counted = count(Term(D(2026, 9, 30), 5), CALENDAR)
    assert counted.share_at(100, NINE) == counted.due_at


# What cannot be counted


@pytest.mark.parametrize(
    "term",
    [
        {"budget": 0},
        {"budget": -1},
        {"budget": 5, "extensions": (0,)},
        {"budget": 5, "pauses": (Pause(D(2026, 3, 5), D(2026, 3, 4)),)},
        {"budget": 5, "pauses": (Pause(D(2026, 3, 5), D(2026, 3, 9)), Pause(D(2026, 3, 8), D(2026, 3, 10)))},
        {"budget": 5, "pauses": (Pause(D(2026, 3, 5)), Pause(D(2026, 3, 8)))},
        {"budget": 5, "pauses": (Pause(D(2026, 3, 1)),)},
        {"budget": 3, "unit": Unit.MONTHS, "extensions": (1,)},
    ],
)
def test_impossible_terms_are_refused(term: dict[str, object]) -> None:
    with pytest.raises(ImpossibleTerm):
        Term(D(2026, 3, 2), **term)  # type: ignore[arg-type]


# An independent count, written from the domain's own numbers

_OFF = ["01-01", "01-28..02-04", "04-04..04-06", "05-01..05-05", "05-31..06-02", "10-01..10-08"]
_ON = ["01-26", "02-08", "04-27", "09-28", "10-11"]
_OFF_26 = [
    "01-01..01-03",
    "02-15..02-23",
    "04-04..04-06",
    "05-01..05-05",
    "06-19..06-21",
    "09-25..09-27",
    "10-01..10-07",
]
_ON_26 = ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]


def _days(year: int, spans: list[str]) -> set[D]:
    found = set()
    for span in spans:
        first, _, last = span.partition("..")
        day, end = (D.fromisoformat(f"{year}-{part}") for part in (first, last or first))
        while day <= end:
            found.add(day)
            day += dt.timedelta(days=1)
    return found


OFF = _days(2025, _OFF) | _days(2026, _OFF_26)
ON = _days(2025, _ON) | _days(2026, _ON_26)


def _is_on(day: D) -> bool:
    return day in ON or (day.weekday() < 5 and day not in OFF)


def independent_last_day(start: D, days: int, is_working: bool, pauses: list[tuple[D, D]], extension: int) -> D:
    """A clock told day by day: a counter that goes down at the end of each day that counts."""
    day, asleep = start, False
    # An event on the start day may already have put the clock to sleep.
    pending = list(pauses)
    left = [days] + ([extension] if extension else [])
    while pending and pending[0] == (day, day):
        pending.pop(0)
    asleep = bool(pending) and pending[0][0] == day
    while left:
        day += dt.timedelta(days=1)
        counts = not asleep and (_is_on(day) or not is_working)
        if asleep and pending[0][1] == day:
            asleep = False
            pending.pop(0)
        while pending and pending[0] == (day, day):
            pending.pop(0)
        if not asleep and pending and pending[0][0] == day:
            asleep = True
        if counts:
            left[0] -= 1
        if left[0] == 0:
            while not is_working and not _is_on(day):
                day += dt.timedelta(days=1)
            left.pop(0)
    return day


@st.composite
def cases(draw: st.DrawFn) -> tuple[D, int, bool, list[tuple[D, D]], int]:
    start = D(2025, 1, 1) + dt.timedelta(days=draw(st.integers(0, 420)))
    is_working = draw(st.booleans())
    pauses, cursor = [], start
    for gap, length in (
        draw(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 15)), max_size=4)) if is_working else []
    ):
        paused = cursor + dt.timedelta(days=gap)
        cursor = paused + dt.timedelta(days=length)
        pauses.append((paused, cursor))
    return start, draw(st.integers(1, 40)), is_working, pauses, draw(st.integers(0, 10))


@settings(max_examples=1500, deadline=None)
@given(cases())
def test_it_agrees_with_an_independent_count(case: tuple[D, int, bool, list[tuple[D, D]], int]) -> None:
    start, days, is_working, pauses, extension = case
    counted = count(
        Term(
            start, days, Unit.WORKING if is_working else Unit.CALENDAR,
            tuple(Pause(*pause) for pause in pauses), (extension,) if extension else (),
        ),
        CALENDAR,
    )  # fmt: skip
    assert counted.last_day == independent_last_day(start, days, is_working, pauses, extension)
    numbers = [line.number for line in counted.lines if line.number is not None]
    assert numbers == list(range(1, days + extension + 1))
