"""What one edition of a year says otherwise than another, day by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from qualification.regions.calendar_entries import SATURDAY, SpecialDay


class Change(models.TextChoices):
    """What happens to a day."""

    ADDED = "added", _("newly named")
    REMOVED = "removed", _("no longer named")
    CHANGED = "changed", _("changed")

    @property
    def icon(self) -> str:
        """Icon beside the word."""
        return {"added": "plus", "removed": "minus", "changed": "pencil"}[self.value]

    @property
    def tone(self) -> str:
        """Tone of the design."""
        return {"added": "good", "removed": "warn", "changed": "info"}[self.value]


class DayState(models.TextChoices):
    """What a day is."""

    OFF = "off", _("day off")
    MAKE_UP = "make_up", _("make-up working day")
    WORKING = "working", _("working day")
    WEEKEND = "weekend", _("weekend")


@dataclass(frozen=True, slots=True)
class Difference:
    """One day before and after; None where it is not named."""

    date: dt.date
    before: SpecialDay | None
    after: SpecialDay | None

    @property
    def change(self) -> Change:
        """Whether the day is newly named, no longer named, or named otherwise."""
        if self.before is None:
            return Change.ADDED
        return Change.REMOVED if self.after is None else Change.CHANGED

    @property
    def was(self) -> DayState:
        """What the day was."""
        return state_of(self.date, self.before)

    @property
    def becomes(self) -> DayState:
        """What the day becomes."""
        return state_of(self.date, self.after)

    @property
    def name(self) -> str:
        """The holiday, as it is called after or was before."""
        named = self.after or self.before
        return named.name if named else ""

    @property
    def counts_otherwise(self) -> bool:
        """Whether the day becomes a working day or ceases to be one."""
        return works(self.date, self.before) != works(self.date, self.after)


def state_of(date: dt.date, named: SpecialDay | None) -> DayState:
    """What a day is, named or by the plain week."""
    if named is not None and named.is_off:
        return DayState.OFF
    if date.weekday() < SATURDAY:
        return DayState.WORKING
    return DayState.WEEKEND if named is None else DayState.MAKE_UP


def works(date: dt.date, named: SpecialDay | None) -> bool:
    """Whether a day is a working day."""
    return date.weekday() < SATURDAY if named is None else not named.is_off


def differences(before: Iterable[SpecialDay], after: Iterable[SpecialDay]) -> list[Difference]:
    """Every day that the two say differently, in order."""
    old, new = ({day.date: day for day in days} for days in (before, after))
    dates = sorted(old.keys() | new.keys())
    return [Difference(date, old.get(date), new.get(date)) for date in dates if old.get(date) != new.get(date)]


def rebased(base: Iterable[SpecialDay], edited: Iterable[SpecialDay], onto: Iterable[SpecialDay]) -> list[SpecialDay]:
    """What was edited on one edition, done again on another; days nobody edited stay as they are there."""
    days = {day.date: day for day in onto}
    for difference in differences(base, edited):
        days.pop(difference.date, None)
        if difference.after is not None:
            days[difference.date] = difference.after
    return sorted(days.values(), key=lambda day: day.date)


def only(days: Sequence[SpecialDay], year: int) -> list[SpecialDay]:
    """The days inside the year itself."""
    return [day for day in days if day.date.year == year]
