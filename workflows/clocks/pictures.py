"""A count as months of days, ready to be drawn: each day counted, skipped, paused, the start and the last day."""

from __future__ import annotations

import calendar as months
import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from qualification.pages.dates import MONTHS, WEEKDAYS, say_date
from workflows.clocks.counting import Count, Line
from workflows.clocks.enums import DayKind

# More months than this are told by the list of days alone.
MOST = 14


@dataclass(frozen=True, slots=True)
class Cell:
    """One day: its number in the count where it is counted, how it looks, and the day in words."""

    date: dt.date
    number: int | None
    look: str
    says: str


@dataclass(frozen=True, slots=True)
class Month:
    """One month and its weeks from Monday; None is a day of another month."""

    label: str
    weeks: list[list[Cell | None]]


def months_of(counted: Count, started_on: dt.date) -> list[Month]:
    """The months from the start to the last day of a count; empty for one that has no days or too many months."""
    if not counted.lines:
        return []
    lines = {line.day: line for line in counted.lines}
    end = counted.lines[-1].day
    wanted = _between(started_on, end)
    if len(wanted) > MOST:
        return []
    return [_month(year, month, lines, started_on, counted.last_day) for year, month in wanted]


def weekdays() -> list[str]:
    """The names of the days of a week, Monday first."""
    return [str(day) for day in WEEKDAYS]


def _between(first: dt.date, last: dt.date) -> list[tuple[int, int]]:
    indexes = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [(index // 12, index % 12 + 1) for index in indexes]


def _month(year: int, month: int, lines: dict[dt.date, Line], start: dt.date, last: dt.date | None) -> Month:
    weeks = [
        [_cell(day, lines.get(day), start, last) if day.month == month else None for day in week]
        for week in months.Calendar().monthdatescalendar(year, month)
    ]
    return Month(f"{MONTHS[month - 1]} {year}" if _is_english() else f"{year}年{month}月", weeks)


def _is_english() -> bool:
    from django.utils.translation import get_language

    return not (get_language() or "zh").startswith("zh")


def _cell(day: dt.date, line: Line | None, start: dt.date, last: dt.date | None) -> Cell:
    if line is None:
        is_start = day == start
        says = _("%(day)s: start, not counted") % {"day": say_date(day)} if is_start else say_date(day)
        return Cell(day, None, "count-start" if is_start else "", says)
    look = "count-counted" if line.number is not None else "count-skipped"
    if line.kind == DayKind.PAUSED:
        look = "count-paused"
    if day == last:
        look += " count-last"
    words = _("%(day)s: day %(number)s, %(why)s") if line.number is not None else _("%(day)s: not counted, %(why)s")
    why = f"{line.kind.label} ({line.name})" if line.name else str(line.kind.label)
    return Cell(day, line.number, look, words % {"day": say_date(day), "number": line.number, "why": why})
