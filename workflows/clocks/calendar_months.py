"""A year as twelve months of days, ready to be drawn."""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from qualification.pages.dates import MONTHS, WEEKDAYS, say_date
from qualification.regions.calendar_difference import DayState, state_of
from qualification.regions.calendar_entries import SpecialDay

Marks = Mapping[dt.date, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the picture. `mark` is the letter beside the number, so that colour is never alone."""

    date: dt.date
    state: DayState
    name: str
    is_own: bool
    is_changed: bool

    @property
    def mark(self) -> str:
        """One sign for what differs from the plain week."""
        mark = {DayState.OFF: _("H"), DayState.MAKE_UP: _("W")}.get(self.state, "")
        return f"{mark}*" if self.is_own else mark

    @property
    def says(self) -> str:
        """The day in words, for the pointer and for screen readers."""
        words = [say_date(self.date), str(self.state.label), self.name]
        words += [_("the region's own")] if self.is_own else []
        words += [_("not applied yet")] if self.is_changed else []
        return _(", ").join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Month:
    """One month: its name and its weeks from Monday; None pads the first and the last."""

    number: int
    label: str
    weeks: list[list[Cell | None]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A year's twelve months, its days of the December before that the year's notice names, and some numbers."""

    year: int
    months: list[Month]
    before: list[Cell]
    working: int
    holidays: int
    make_up: int
    weekdays: tuple[str, ...]


def picture(
    year: int, days: Mapping[dt.date, SpecialDay], *, own: Collection[dt.date] = (), changed: Collection[dt.date] = (),
    before: Collection[dt.date] = (),
) -> Picture:  # fmt: skip
    """Draw a year. `own` are a region's own days, `changed` days not applied yet, `before` named days of December."""

    def cell(date: dt.date) -> Cell:
        named = days.get(date)
        return Cell(date, state_of(date, named), named.name if named else "", date in own, date in changed)

    weeks = {month: months.Calendar().monthdatescalendar(year, month) for month in range(1, 13)}
    drawn = [
        Month(month, str(MONTHS[month - 1]), [[cell(d) if d.month == month else None for d in w] for w in weeks[month]])
        for month in weeks
    ]
    cells = [c for month in drawn for week in month.weeks for c in week if c]
    states = [c.state for c in cells]
    return Picture(
        year, drawn, [cell(date) for date in sorted(before)],
        sum(state in (DayState.WORKING, DayState.MAKE_UP) for state in states), states.count(DayState.OFF),
        states.count(DayState.MAKE_UP), tuple(str(day) for day in WEEKDAYS),
    )  # fmt: skip
