"""Days as numbers: how many working days lie between two dates, for a million pairs at once.

A day is its proleptic ordinal, as `date.toordinal` counts. What is here measures; due dates come from `counting.count`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qualification.regions.calendars import WorkCalendar

Days = NDArray[np.int64]
FIRST = dt.date(2010, 1, 1).toordinal()
LAST = dt.date(2060, 12, 31).toordinal()
WEEKEND = 5


class DayTable:
    """One calendar as a running total of its working days."""

    def __init__(self, calendar: WorkCalendar) -> None:
        days = np.arange(FIRST, LAST + 1)
        working = (days + 6) % 7 < WEEKEND
        for day, named in calendar.special.items():
            if FIRST <= day.toordinal() <= LAST:
                working[day.toordinal() - FIRST] = not named.is_off
        self.total: Days = np.cumsum(working, dtype=np.int64)

    def until(self, days: Any) -> Any:
        """Working days up to and including each day, counted from the table's first."""
        return self.total[np.clip(days, FIRST, LAST) - FIRST]

    def between(self, after: Any, through: Any) -> Any:
        """Working days after the first day up to and including the second; never below zero."""
        return np.maximum(self.until(through) - self.until(after), 0)

    def ahead(self, day: int, working_days: int) -> int:
        """The first day, not before `day`, by which so many more working days have been counted."""
        if working_days <= 0:
            return day
        return int(np.searchsorted(self.total, self.total[day - FIRST] + working_days)) + FIRST
