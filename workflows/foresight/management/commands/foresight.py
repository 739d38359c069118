"""`manage.py foresight [--replay FIRST LAST] [--every 7]`: foretell now, or count the hit rate of a past time."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from workflows.foresight import queries, services


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it as 2026-11-20.") from error


class Command(BaseCommand):
    help = (
        "Foretell every open limit now. With --replay FIRST LAST: foretell as on the days of a past time, knowing only "
        "what was known then, and print how often it was right."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--replay", nargs=2, type=_date, metavar=("FIRST", "LAST"))
        parser.add_argument("--every", type=int, default=7, help="Days between two replayed nights.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["replay"]:
            first, last = options["replay"]
            kept = services.replay(first=first, last=last, every=max(1, options["every"]))
            settled = services.settle()
            self.stdout.write(f"{kept} predictions kept, {settled} facts became known.")
        else:
            services.settle()
            self.stdout.write(f"{services.foretell(now=timezone.now())} limits foretold.")
        self._print(queries.hit_rate(None))

    def _print(self, rate: queries.HitRate) -> None:
        for line in rate.classes:
            if line.count:
                self.stdout.write(
                    f"{line.label:>9}: {line.count:>6} limits, said {line.said:.1%}, missed {line.share:.1%}"
                )
        if rate.finished:
            self.stdout.write(
                f"{rate.finished} ends, {rate.coverage:.1%} inside the 80 % interval, "
                f"half within {rate.median_error} working days."
            )
