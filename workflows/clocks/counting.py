"""The one due-date function.

Pure: a term (limit, start, pauses, extensions) and a calendar go in, the count day by day comes out. Everything that
shows or stores a due moment asks `count`; nothing else computes one.
"""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from qualification.regions.calendars import WorkCalendar
from workflows.clocks.enums import DayKind, Unit

ZONE = ZoneInfo("Asia/Shanghai")
DAY = dt.timedelta(days=1)
LONGEST_LIMIT = 3660


class ImpossibleTerm(ValueError):
    """A limit, pause or extension that cannot be counted."""


@dataclass(frozen=True, slots=True)
class Pause:
    """From the day of the event that pauses to the day of the event that resumes; None: still paused."""

    paused_on: dt.date
    resumed_on: dt.date | None = None

    def covers(self, day: dt.date) -> bool:
        """Whether the day is not counted: after the pausing day, up to and including the resuming day."""
        return day > self.paused_on and (self.resumed_on is None or day <= self.resumed_on)


@dataclass(frozen=True, slots=True)
class Term:
    """What the due date follows from. `rolls` is for periods in which somebody must act.

    A term with `until` runs backward from that day: its last day lies `budget` units before it and never rolls; `marks`
    are the days of its reminders, by rung, and 0 is allowed as its budget: the term ends on the day itself.
    """

    started_on: dt.date
    budget: int
    unit: Unit = Unit.WORKING
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[int, ...] = ()
    rolls: bool = True
    until: dt.date | None = None
    marks: Mapping[str, dt.date] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (1 if self.until is None else 0) <= self.budget <= LONGEST_LIMIT:
            raise ImpossibleTerm(f"A limit must be 1 to {LONGEST_LIMIT}, not {self.budget}.")
        if any(days < 1 for days in self.extensions):
            raise ImpossibleTerm("An extension must be at least one day.")
        if self.unit == Unit.MONTHS and (self.pauses or self.extensions):
            raise ImpossibleTerm("A limit in months can be neither paused nor extended.")
        if self.until is not None and (self.unit == Unit.WORKING or self.pauses or self.extensions):
            raise ImpossibleTerm("A limit that runs backward leans on no calendar and is neither paused nor extended.")
        self._check_pauses()

    def _check_pauses(self) -> None:
        end: dt.date | None = self.started_on
        for pause in self.pauses:
            if end is None or pause.paused_on < end:
                raise ImpossibleTerm(f"The pause of {pause.paused_on} begins before the one before it, or the start.")
            if pause.resumed_on is not None and pause.resumed_on < pause.paused_on:
                raise ImpossibleTerm(f"The pause of {pause.paused_on} ends before it begins.")
            end = pause.resumed_on


@dataclass(frozen=True, slots=True)
class Line:
    """One day after the start: the how-manieth it is, or None where it is not counted, and why."""

    day: dt.date
    number: int | None
    kind: DayKind
    name: str = ""
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """A finished count; an open pause that comes before the end leaves it without a last day."""

    lines: tuple[Line, ...]
    last_day: dt.date | None
    is_provisional: bool
    marks: Mapping[str, dt.date] = field(default_factory=dict)

    @property
    def due_at(self) -> dt.datetime | None:
        """The due moment: 24:00 of the last day in Shanghai, exclusive."""
        return None if self.last_day is None else end_of(self.last_day)

    def share_at(self, percent: int, at: dt.time) -> dt.datetime | None:
        """When `percent` of the limit has run: that time of the ceil(p*n/100)-th counted day; 100 is the due moment."""
        if percent >= 100 or self.last_day is None:
            return self.due_at
        counted = [line.day for line in self.lines if line.number is not None]
        position = max(1, -(-percent * len(counted) // 100))
        return dt.datetime.combine(counted[position - 1], at, ZONE)


def count(term: Term, calendar: WorkCalendar) -> Count:
    """Count a term out, day by day, from the day after its start; one that runs backward has no days to count."""
    if term.until is not None:
        return Count((), backward(term.until, term.budget, term.unit, calendar), False, term.marks)
    lines: list[Line] = []
    last: dt.date | None = term.started_on
    for portion in (term.budget, *term.extensions):
        if last is not None:
            last = _count_on(term, portion, last, lines, calendar)
    return Count(tuple(lines), last, _is_provisional(term, lines))


def _count_on(term: Term, amount: int, after: dt.date, lines: list[Line], calendar: WorkCalendar) -> dt.date | None:
    """Append the days of the limit, or of one extension; its last day, or None if an open pause comes first."""
    number = sum(line.number is not None for line in lines)
    end = number + ((add_months(after, amount) - after).days if term.unit == Unit.MONTHS else amount)
    day = after
    while number < end:
        day += DAY
        if _never_resumes(term, day):
            return None
        lines.append(_line(term, day, number + 1, calendar))
        number = lines[-1].number or number
    if term.unit != Unit.WORKING and term.rolls:
        return _roll(term, day, lines, calendar)
    return day


def _is_paused(term: Term, day: dt.date) -> bool:
    return any(pause.covers(day) for pause in term.pauses)


def _never_resumes(term: Term, day: dt.date) -> bool:
    return any(pause.resumed_on is None and pause.covers(day) for pause in term.pauses)


def _line(term: Term, day: dt.date, number: int, calendar: WorkCalendar) -> Line:
    kind = DayKind.CALENDAR if term.unit != Unit.WORKING else day_kind(day, calendar)
    is_counted = kind in (DayKind.WORKING, DayKind.MAKE_UP, DayKind.CALENDAR)
    if _is_paused(term, day):
        kind, is_counted = DayKind.PAUSED, False
    return Line(day, number if is_counted else None, kind, calendar.name_of(day), calendar.is_provisional(day))


def _roll(term: Term, last: dt.date, lines: list[Line], calendar: WorkCalendar) -> dt.date | None:
    """Append the days up to the next working day on which the clock is not paused; None if a pause has no end."""
    while not calendar.is_working(last) or _is_paused(term, last):
        last += DAY
        if _never_resumes(term, last):
            return None
        kind = DayKind.PAUSED if _is_paused(term, last) else DayKind.ROLLED
        lines.append(Line(last, None, kind, calendar.name_of(last), calendar.is_provisional(last)))
    return last


def _is_provisional(term: Term, lines: list[Line]) -> bool:
    """Whether the count crosses into a year not published; a period that does not roll leans on no calendar."""
    return (term.unit == Unit.WORKING or term.rolls) and any(line.is_provisional for line in lines)


def day_kind(day: dt.date, calendar: WorkCalendar) -> DayKind:
    """What the calendar makes of a day."""
    is_weekend = day.weekday() >= 5
    if calendar.is_working(day):
        return DayKind.MAKE_UP if is_weekend else DayKind.WORKING
    return DayKind.HOLIDAY if day in calendar.special else DayKind.WEEKEND


def add_months(day: dt.date, amount: int) -> dt.date:
    """The same day `amount` months on (or back), or the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + amount
    year, month = divmod(index, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, months.monthrange(year, month + 1)[1]))


def backward(day: dt.date, amount: int, unit: Unit, calendar: WorkCalendar) -> dt.date:
    """The last day of a period counted backward from a day; it never rolls."""
    if unit == Unit.MONTHS:
        return add_months(day, -amount)
    while amount:
        day -= DAY
        amount -= unit == Unit.CALENDAR or calendar.is_working(day)
    return day


def day_of(moment: dt.datetime) -> dt.date:
    """The day of a moment in Shanghai."""
    return moment.astimezone(ZONE).date()


def start_of(day: dt.date) -> dt.datetime:
    """00:00 of a day in Shanghai."""
    return dt.datetime.combine(day, dt.time(), ZONE)


def end_of(day: dt.date) -> dt.datetime:
    """24:00 of a day in Shanghai, exclusive."""
    return start_of(day + DAY)
