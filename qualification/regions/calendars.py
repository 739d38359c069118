"""Working-day calendars: the State Council's holidays and make-up days, with what a region has changed.

A year that has not been published is provisional: it counts weekends, and the days that were entered for it as expected.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connection, models, transaction

from qualification.regions.calendar_entries import SATURDAY, CalendarRefused, SpecialDay, YearFile
from qualification.regions.calendar_files import read_json as read_year
from qualification.regions.models import Authority, CalendarDay, CalendarYear

if TYPE_CHECKING:
    from qualification.accounts.models import User

__all__ = ["CalendarRefused", "SpecialDay", "WorkCalendar", "YearFile", "read_year"]
DATA_DIR = Path(__file__).parent / "data"


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are working days in one place. A value: it never changes once made."""

    special: Mapping[dt.date, SpecialDay] = field(default_factory=dict)
    official_years: frozenset[int] = frozenset()

    def is_working(self, day: dt.date) -> bool:
        """Whether the day is a working day: named as one, or an unnamed Monday to Friday."""
        named = self.special.get(day)
        return day.weekday() < SATURDAY if named is None else not named.is_off

    def is_provisional(self, day: dt.date) -> bool:
        """Whether the day's year has not been published yet."""
        return day.year not in self.official_years

    def has_days(self, year: int) -> bool:
        """Whether any day of a year is named; else it counts weekends only."""
        return any(day.year == year for day in self.special)

    def name_of(self, day: dt.date) -> str:
        """The holiday the day belongs to, or an empty string."""
        named = self.special.get(day)
        return named.name if named else ""

    def next_working(self, day: dt.date) -> dt.date:
        """The day itself if it is a working day, else the first one after it."""
        while not self.is_working(day):
            day += dt.timedelta(days=1)
        return day

    def working_days_between(self, after: dt.date, through: dt.date) -> int:
        """Working days after the first date up to and including the second."""
        days = range(after.toordinal() + 1, through.toordinal() + 1)
        return sum(self.is_working(dt.date.fromordinal(n)) for n in days)


@dataclass(frozen=True, slots=True)
class Edition:
    """What a place says of a year: the days it names, and whether the State Council has published them."""

    is_official: bool
    days: Sequence[SpecialDay]


Years = dict[int | None, dict[int, Edition]]


class Calendars:
    """All calendars as they stood at one edition; made once per process and edition."""

    def __init__(self, edition: int, years: Years | None = None) -> None:
        self.edition = edition
        self._made: dict[int | None, WorkCalendar] = {}
        self._years = _newest_years() if years is None else years

    def of(self, authority_id: int | None) -> WorkCalendar:
        """The national calendar, overridden day by day by the authority's own; the same object where it has none."""
        if authority_id is not None and not self._years.get(authority_id):
            return self.of(None)
        if authority_id not in self._made:
            self._made[authority_id] = self._make(authority_id)
        return self._made[authority_id]

    def replaced(self, file: YearFile, authority_id: int | None, *, is_official: bool) -> Calendars:
        """The calendars as they would be with one year of one place said anew; nothing is written."""
        own = {**self._years.get(authority_id, {}), file.year: Edition(is_official, file.days)}
        return Calendars(self.edition, {**self._years, authority_id: own})

    def _make(self, authority_id: int | None) -> WorkCalendar:
        places = (None,) if authority_id is None else (None, authority_id)
        special: dict[dt.date, SpecialDay] = {}
        for place in places:
            # A day of December that the next year's notice names is what that notice says: the later word counts.
            for _year, edition in sorted(self._years.get(place, {}).items()):
                special.update({day.date: day for day in edition.days})
        national = self._years.get(None, {})
        return WorkCalendar(special, frozenset(year for year, edition in national.items() if edition.is_official))


# One process keeps one edition: the newest it has seen.
_known: list[Calendars] = []


def current(edition: int | None = None) -> Calendars:
    """The calendars in force, read again when a newer edition exists.

    One cheap query, or none if the caller has just read the newest edition's id (0: there is none).
    """
    newest = newest_edition() if edition is None else edition
    known = next(iter(_known), None)
    if known is None or known.edition != newest:
        known = Calendars(newest)
        _known[:] = [known]
    return known


def calendar_for(authority: Authority | None) -> WorkCalendar:
    """The calendar of an authority; None is the national one."""
    return current().of(authority.pk if authority else None)


def newest_edition() -> int:
    """Id of the newest edition of any calendar; 0 when none is loaded. Editions are never changed in place."""
    return CalendarYear.objects.aggregate(newest=models.Max("pk"))["newest"] or 0


def newest_edition_subquery() -> models.Subquery:
    """`newest_edition` to be annotated on another query; NULL when none is loaded."""
    return models.Subquery(CalendarYear.objects.order_by("-pk").values("pk")[:1])


def _newest_years() -> Years:
    """By place and year: the newest edition with its days."""
    found: Years = {}
    for year in CalendarYear.objects.order_by("year", "edition").prefetch_related("days"):
        found.setdefault(year.authority_id, {})[year.year] = Edition(year.is_official, special_days(year))
    return found


def special_days(year: CalendarYear) -> list[SpecialDay]:
    """The days an edition names, in order."""
    return [SpecialDay(day.date, day.is_off, day.name) for day in year.days.all()]


def newest_of(year: int, authority_id: int | None) -> CalendarYear | None:
    """The edition in force of a year in one place, the nation for None; None where there is none."""
    return CalendarYear.objects.filter(year=year, authority=authority_id).order_by("-edition").first()


def lock() -> None:
    """Let nobody else change a calendar until this transaction ends.

    Readers take the highest id for the newest edition, so editions must be committed in the order of their ids.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", ["calendar editions"])


def load_year(
    file: YearFile, *, authority: Authority | None, now: dt.datetime, by: User | None = None, reason: str = "",
    is_official: bool = True,
) -> CalendarYear | None:  # fmt: skip
    """Write a year as a new edition; None if the newest edition already says the same.

    A region's edition is never official. Who may, and whether the year fits those before it, the caller has asked.
    """
    is_official = is_official and authority is None
    with transaction.atomic():
        lock()
        newest = newest_of(file.year, authority.pk if authority else None)
        if newest and newest.is_official == is_official and tuple(special_days(newest)) == file.days:
            return None
        year = CalendarYear.objects.create(
            year=file.year, authority=authority, edition=newest.edition + 1 if newest else 1, is_official=is_official,
            source=file.source, imported_at=now, imported_by=by, reason=reason,
        )  # fmt: skip
        CalendarDay.objects.bulk_create(
            CalendarDay(calendar=year, date=day.date, is_off=day.is_off, name=day.name) for day in file.days
        )
    return year


def load_all(*, now: dt.datetime, folder: Path = DATA_DIR) -> list[CalendarYear]:
    """Load every national year that the package brings; returns the new editions. Running it again changes nothing."""
    files = [read_year(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("holidays-cn-*.json"))]
    loaded = [load_year(file, authority=None, now=now) for file in files]
    return [year for year in loaded if year is not None]
