"""Which days two editions of the calendars differ in, and which clocks can meet one of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from qualification.regions.models import CalendarYear
from workflows.clocks.counting import start_of


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last changed day of one place; None is the whole country."""

    authority_id: int | None
    first: dt.date
    last: dt.date

    def condition(self) -> Q:
        """Clocks that start before the last changed day and end on or after the first."""
        where = Q(started_on__lt=self.last, due_at__gt=start_of(self.first))
        return where if self.authority_id is None else where & Q(authority_id=self.authority_id)


def can_move(since: int, upto: int) -> Q:
    """Clocks whose count can meet a day that editions after `since`, up to `upto`, have changed.

    A clock without a due moment waits for its pause to end and is counted then; it is looked at all the same, because
    its date may be provisional or not.
    """
    found = Q(due_at=None)
    for span in spans(since, upto):
        found |= span.condition()
    return found


def spans(since: int, upto: int) -> list[Span]:
    """The changed days of each place and year, as the first and the last of them."""
    newer = (
        CalendarYear.objects.filter(pk__gt=since, pk__lte=upto)
        .order_by("pk")
        .select_related("authority")
        .prefetch_related("days")
    )
    newest = {(year.authority_id, year.year): year for year in newer}
    found = (_span(year, _before(year, since)) for year in newest.values())
    return [span for span in found if span is not None]


def _before(year: CalendarYear, since: int) -> CalendarYear | None:
    older = CalendarYear.objects.filter(pk__lte=since, year=year.year, authority=year.authority)
    return older.order_by("-pk").prefetch_related("days").first()


def _span(new: CalendarYear, old: CalendarYear | None) -> Span | None:
    """What differs; the whole year where it was not published before, or is no longer."""
    days = _days(new) if old is None else _days(new) ^ _days(old)
    changed = {day for day, _is_off in days}
    if old is None or old.is_official != new.is_official:
        changed |= {dt.date(new.year, 1, 1), dt.date(new.year, 12, 31)}
    return Span(new.authority_id, min(changed), max(changed)) if changed else None


def _days(year: CalendarYear) -> set[tuple[dt.date, bool]]:
    return {(day.date, day.is_off) for day in year.days.all()}
