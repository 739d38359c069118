"""`manage.py load_calendars [FILE]`: the working-day calendars that the program brings, or a year out of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from qualification import door
from qualification.regions import calendar_drafts, calendar_files, calendars
from qualification.regions.calendar_entries import CalendarRefused
from qualification.regions.models import Authority, CalendarYear
from workflows.clocks import calendar_services
from workflows.clocks.models import Clock


class Command(BaseCommand):
    help = (
        "Load the national holidays and make-up working days that the program brings; running it again changes nothing. "
        "With FILE (JSON of holiday-cn, the text of the notice, a table, a spreadsheet) one year is read in with the "
        "same checks as on the page, and applied as there: the time-limit administrators are told, the worker works the "
        "open time limits out again, and whoever has one that moves is told of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--year", type=int, help="The year, where the text does not name it.")
        parser.add_argument("--region", default="", help="Code of an authority: days of its own, never official.")
        parser.add_argument("--expected", action="store_true", help="Not published yet: dates stay provisional.")
        parser.add_argument("--reason", default="", help="Why; kept with the edition. Needed with FILE.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"] is None:
            self._load_shipped()
            return
        try:
            edition = _apply(options)
        except (CalendarRefused, ValidationError, door.DoorError, OSError) as error:
            raise CommandError("\n".join(getattr(error, "messages", None) or [str(error)])) from error
        self._say(edition)

    def _load_shipped(self) -> None:
        now = timezone.now()
        with transaction.atomic():
            loaded = calendars.load_all(now=now)
            calendar_services.in_force(loaded, now)
        for year in loaded:
            self._say(year)
        if not loaded:
            self.stdout.write("Calendars are up to date.")

    def _say(self, year: CalendarYear) -> None:
        self.stdout.write(f"{year.year}: edition {year.edition}, {year.days.count()} days")
        open_clocks = Clock.objects.open().count()
        if open_clocks:
            self.stdout.write(
                f"The worker works {open_clocks} open time limits out again; its page shows how far it is."
            )


def _apply(options: dict[str, Any]) -> CalendarYear:
    text = calendar_files.text_of(options["file"].read_bytes())
    draft = calendar_drafts.prepare(
        file=calendar_files.read(text, options["year"]), authority=_authority(options["region"]),
        is_official=not options["expected"], text=text, by=None, now=timezone.now(),
    )  # fmt: skip
    return calendar_services.apply(draft=draft, reason=options["reason"], by=None, now=timezone.now())


def _authority(region: str) -> Authority | None:
    if not region:
        return None
    authority = Authority.objects.filter(code=region).first()
    if authority is None:
        codes = ", ".join(Authority.objects.order_by("code").values_list("code", flat=True))
        raise CommandError(f"There is no authority {region}. Codes: {codes}.")
    return authority
