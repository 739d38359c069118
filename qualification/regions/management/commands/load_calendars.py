"""`manage.py load_calendars`: the working-day calendars that the program brings."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from qualification.regions import calendars


class Command(BaseCommand):
    help = "Load the national holidays and make-up working days; running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = calendars.load_all(now=timezone.now())
        for year in loaded:
            self.stdout.write(f"{year.year}: edition {year.edition}, {year.days.count()} days")
        if not loaded:
            self.stdout.write("Calendars are up to date.")
