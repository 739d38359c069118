"""`manage.py due DATE LIMIT`: the last day of a limit, and how it is counted."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from qualification.regions import calendars
from qualification.regions.calendars import WorkCalendar
from qualification.regions.models import Authority
from workflows.clocks.counting import Count, ImpossibleTerm, Line, Term, backward, count
from workflows.clocks.enums import DayKind, Unit


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it as 2026-11-20.") from error


class Command(BaseCommand):
    help = (
        "Print the last day of a limit that starts on DATE (not counted), then the count day by day. "
        "A limit below zero counts backward from DATE and never rolls."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("date", type=_date)
        parser.add_argument("limit", type=int)
        parser.add_argument("--unit", choices=Unit.values, default=Unit.WORKING.value)
        parser.add_argument("--region", default="", help="Code of an authority; without it the national calendar.")

    def handle(self, *args: Any, **options: Any) -> None:
        date, limit, unit = options["date"], options["limit"], Unit(options["unit"])
        calendar = _calendar(options["region"])
        try:
            if limit < 0:
                self._print_backward(Term(date, -limit, unit), calendar)
            else:
                self._print(date, count(Term(date, limit, unit), calendar), calendar)
        except ImpossibleTerm as error:
            raise CommandError(str(error)) from error
        except (OverflowError, ValueError) as error:
            raise CommandError(f"{limit} {unit.value} from {date} lead out of the calendar.") from error

    def _print_backward(self, term: Term, calendar: WorkCalendar) -> None:
        last = backward(term.started_on, term.budget, term.unit, calendar)
        self.stdout.write(last.isoformat())
        days = (dt.date.fromordinal(n) for n in range(last.toordinal(), term.started_on.toordinal()))
        if term.unit == Unit.WORKING:
            self._say_provisional(calendar, {day.year for day in days})
        counted = f"{term.budget} {term.unit.value}"
        self.stdout.write(f"Counted backward from {term.started_on}, {counted}; such a period never rolls.")

    def _say_provisional(self, calendar: WorkCalendar, years: set[int]) -> None:
        for year in sorted(years - calendar.official_years):
            self.stdout.write(_provisional(calendar, year))

    def _print(self, date: dt.date, counted: Count, calendar: WorkCalendar) -> None:
        self.stdout.write(f"{counted.last_day:%Y-%m-%d}")
        if counted.is_provisional:
            self._say_provisional(calendar, {line.day.year for line in counted.lines})
        self.stdout.write(f"{date} {date:%a}      start, not counted")
        for line in counted.lines:
            self.stdout.write(_text(line))
        self.stdout.write(f"Due at {counted.due_at:%Y-%m-%d %H:%M %z}, exclusive.")


def _provisional(calendar: WorkCalendar, year: int) -> str:
    takes = "weekends and the days entered as expected" if calendar.has_days(year) else "weekends only"
    return f"Provisional: {year} is not published yet and counts {takes}."


def _calendar(region: str) -> WorkCalendar:
    if not region:
        return calendars.calendar_for(None)
    authority = Authority.objects.filter(code=region).first()
    if authority is None:
        raise CommandError(f"There is no authority {region}. Codes: {', '.join(_codes())}.")
    return calendars.calendar_for(authority)


def _codes() -> list[str]:
    return list(Authority.objects.order_by("code").values_list("code", flat=True))


def _text(line: Line) -> str:
    number = "-" if line.number is None else str(line.number)
    name = f" ({line.name})" if line.name else ""
    provisional = ", provisional" if line.is_provisional else ""
    return f"{line.day} {line.day:%a} {number:>4} {DayKind(line.kind).label}{name}{provisional}"
