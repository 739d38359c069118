"""Working-day calendars: the State Council's holidays and make-up days, with what a region has changed.

A year that has not been published counts weekends only and is provisional.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from qualification.regions.models import Authority, CalendarDay, CalendarYear

DATA_DIR = Path(__file__).parent / "data"
SATURDAY = 5


class CalendarRefused(ValueError):
    """A year's file says something impossible; the message names the entry."""


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that a calendar names: off, or working although the week says otherwise."""

    date: dt.date
    is_off: bool
    name: str = ""


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


class Calendars:
    """All calendars as they stood at one edition; made once per process and edition."""

    def __init__(self, edition: int) -> None:
        self.edition = edition
        self._made: dict[int | None, WorkCalendar] = {}
        self._years = _newest_years()

    def of(self, authority_id: int | None) -> WorkCalendar:
        """The national calendar, overridden day by day by the authority's own."""
        if authority_id not in self._made:
            self._made[authority_id] = self._make(authority_id)
        return self._made[authority_id]

    def _make(self, authority_id: int | None) -> WorkCalendar:
        places = (None,) if authority_id is None else (None, authority_id)
        special: dict[dt.date, SpecialDay] = {}
        for place in places:
            for _year, days in self._years.get(place, []):
                special.update({day.date: day for day in days})
        national = self._years.get(None, [])
        return WorkCalendar(special, frozenset(year.year for year, _days in national if year.is_official))


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


def _newest_years() -> dict[int | None, list[tuple[CalendarYear, list[SpecialDay]]]]:
    """By place: every year's newest edition with its days, years ascending."""
    newest: dict[tuple[int | None, int], CalendarYear] = {}
    for year in CalendarYear.objects.order_by("year", "edition").prefetch_related("days"):
        newest[year.authority_id, year.year] = year
    found: dict[int | None, list[tuple[CalendarYear, list[SpecialDay]]]] = {}
    for (place, _number), year in newest.items():
        found.setdefault(place, []).append((year, _special_days(year)))
    return found


def _special_days(year: CalendarYear) -> list[SpecialDay]:
    return [SpecialDay(day.date, day.is_off, day.name) for day in year.days.all()]


@dataclass(frozen=True, slots=True)
class YearFile:
    """One year of the State Council's notice, read and checked."""

    year: int
    source: str
    days: tuple[SpecialDay, ...]


def read_year(text: str) -> YearFile:
    """Read one year in the form of the holiday-cn data set.

    Raises CalendarRefused with the number of the entry that is wrong.
    """
    try:
        raw = json.loads(text)
        year, entries = int(raw["year"]), list(raw["days"])
    except (ValueError, KeyError, TypeError) as error:
        raise CalendarRefused(_("This is not a calendar: a year and a list of days are needed.")) from error
    days: dict[dt.date, SpecialDay] = {}
    for number, entry in enumerate(entries, start=1):
        day = _read_day(number, entry, year)
        if day.date in days:
            raise CalendarRefused(_entry_error(number, _("%(date)s is named twice.") % {"date": day.date}))
        days[day.date] = day
    if not days:
        raise CalendarRefused(_("The calendar of %(year)s names no day.") % {"year": year})
    return YearFile(year, " ".join(raw.get("papers", []))[:200], tuple(days[date] for date in sorted(days)))


def _read_day(number: int, entry: Any, year: int) -> SpecialDay:
    try:
        date, is_off, name = dt.date.fromisoformat(entry["date"]), entry["isOffDay"], str(entry.get("name", ""))
    except (ValueError, KeyError, TypeError) as error:
        raise CalendarRefused(_entry_error(number, _("a date and isOffDay are needed."))) from error
    if not isinstance(is_off, bool):
        raise CalendarRefused(_entry_error(number, _("isOffDay must be true or false.")))
    # A year's notice may reach back into the last days of December before it.
    if date.year != year and (date.year, date.month) != (year - 1, 12):
        raise CalendarRefused(_entry_error(number, _("%(date)s is not in %(year)s.") % {"date": date, "year": year}))
    if not is_off and date.weekday() < SATURDAY:
        raise CalendarRefused(_entry_error(number, _("%(date)s is a make-up day but no weekend day.") % {"date": date}))
    return SpecialDay(date, is_off, name[:40])


def _entry_error(number: int, what: str) -> str:
    return _("Entry %(number)s: %(what)s") % {"number": number, "what": what}


def load_year(file: YearFile, *, authority: Authority | None, now: dt.datetime) -> CalendarYear | None:
    """Write a year as a new edition; None if the newest edition already says the same."""
    with transaction.atomic():
        editions = CalendarYear.objects.filter(year=file.year, authority=authority)
        newest = editions.select_for_update(of=("self",)).order_by("-edition").first()
        if newest and newest.is_official and tuple(_special_days(newest)) == file.days:
            return None
        year = CalendarYear.objects.create(
            year=file.year, authority=authority, edition=newest.edition + 1 if newest else 1,
            source=file.source, imported_at=now,
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
