"""Compare the board's tallies with the clocks, or correct them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.board import tallies


class Command(BaseCommand):
    help = (
        "check: compare the board's tallies with a raw count of the clocks, exit 1 at a difference. fold: move what is "
        "counted but not yet summed up. rebuild: correct what differs. All of them may run while others work."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=["check", "fold", "rebuild"])

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['act']}")()

    def _check(self) -> None:
        differences = tallies.findings()
        for text in differences:
            self.stderr.write(text)
        if differences:
            raise CommandError(f"{_tallies(len(differences))} differ from the clocks; `board rebuild` corrects them.")
        self.stdout.write("The board's tallies equal a raw count of the clocks.")

    def _fold(self) -> None:
        self.stdout.write(f"{tallies.fold()} changes summed up.")

    def _rebuild(self) -> None:
        self.stdout.write(f"{_tallies(tallies.rebuild())} corrected.")


def _tallies(number: int) -> str:
    return "1 tally" if number == 1 else f"{number} tallies"
