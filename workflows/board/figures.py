"""What the board's numbers are asked for and made of: the bounds in time, the scope, and the rows that are summed up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.timezone import localtime

from workflows.board.enums import NOBODY

SHANGHAI = ZoneInfo("Asia/Shanghai")
# How far the load ahead and the trend reach, this week and this month included.
WEEKS = 12
MONTHS = 12
# Names of the spans of time by which open clocks are counted; the weeks ahead go by their Monday.
PAST, TODAY, WEEK, LATER = "past", "today", "week", "later"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The moments that part the tones: now, the end of today, the end of this week (Sunday 24:00 in Beijing)."""

    now: dt.datetime
    tomorrow: dt.datetime
    next_week: dt.datetime

    @classmethod
    def at(cls, now: dt.datetime) -> Bounds:
        """The bounds at a moment."""
        today = localtime(now, SHANGHAI).date()
        monday = today + dt.timedelta(days=7 - today.weekday())
        return cls(now, _midnight(today + dt.timedelta(days=1)), _midnight(monday))

    @property
    def monday(self) -> dt.date:
        """The first day of this week."""
        return self.weeks[0]

    @property
    def weeks(self) -> list[dt.date]:
        """The Mondays of this week and those ahead."""
        following = localtime(self.next_week, SHANGHAI).date()
        return [following + dt.timedelta(weeks=number) for number in range(-1, WEEKS - 1)]

    @property
    def horizon(self) -> dt.datetime:
        """The end of the last week that the load ahead shows."""
        return _midnight(self.weeks[-1] + dt.timedelta(weeks=1))

    @property
    def months(self) -> list[dt.date]:
        """The first days of the months of the trend, the oldest first; the last one is this month."""
        today = localtime(self.now, SHANGHAI).date()
        count = today.year * 12 + today.month - 1
        return [dt.date(number // 12, number % 12 + 1, 1) for number in range(count - MONTHS + 1, count + 1)]


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, SHANGHAI)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose clocks are counted. `person` is a person's key, NOBODY for those without one, or None for all."""

    authorities: tuple[int, ...]
    code: str = ""
    kind: str | None = None
    person: int | None = None

    @property
    def is_tallied(self) -> bool:
        """Whether tallies answer it; what combines a person with anything else is counted from the clocks."""
        if self.person is None:
            return True
        return self.person == NOBODY and not self.code and self.kind is None


class Row(NamedTuple):
    """So many of a measure in a span of time. `kind` is "*" in rows by stage, `code` is "*" in rows by kind."""

    section: str
    authority_id: int
    code: str
    kind: str
    holder: int
    measure: str
    span: str
    n: int


# Sections: which rows a table of the board is made of.
STAGES, KINDS, PEOPLE, TREND = "stages", "kinds", "people", "trend"
