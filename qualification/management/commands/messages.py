"""`manage.py messages extract|merge|compile|check`: the Chinese of the site, without GNU gettext."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from qualification.conf.environment import BASE_DIR
from qualification.pages import catalogue


class Command(BaseCommand):
    help = "Extract, merge, compile or check the translations."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["extract", "merge", "compile", "check"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        getattr(self, f"do_{action}")()

    def do_extract(self) -> None:
        """Print, as PO entries, the sentences that have no Chinese yet."""
        known = catalogue.translations(BASE_DIR)
        lacking = catalogue.new_catalogue()
        for key, message in sorted(catalogue.extract(BASE_DIR).items()):
            if key not in known:
                lacking.append(catalogue.entry_of(message, None))
        self.stdout.write(str(lacking))

    def do_merge(self) -> None:
        """Write the catalogue from the code and the Chinese there is."""
        entries = catalogue.merge(BASE_DIR)
        self.stdout.write(f"{len(entries)} messages, {len(entries.untranslated_entries())} without Chinese")

    def do_compile(self) -> None:
        """Write the compiled catalogue Django reads."""
        self.stdout.write(catalogue.compile_catalogue(BASE_DIR).relative_to(BASE_DIR).as_posix())

    def do_check(self) -> None:
        """Fail, listing every fault, unless the Chinese is complete."""
        found = catalogue.faults(BASE_DIR)
        if found:
            raise CommandError("\n".join([*found, f"{len(found)} faults in {catalogue.catalogue_path(BASE_DIR).name}"]))
        self.stdout.write("The Chinese is complete.")
