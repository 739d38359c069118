"""Walk one application the whole way in the trial authority, and remove it again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qualification.applications.models import Application
from qualification.certificates.models import Certificate
from workflows.consistency import findings
from workflows.demo import trial
from workflows.demo.cases import cast_of
from workflows.demo.walk import WAY, Walk, Wish


class Command(BaseCommand):
    help = (
        "Walk one application from draft to certificate in the trial authority 99 through the services; prints each "
        "step's time and queries, the number and its public address, and removes everything of it at the end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep", action="store_true", help="leave the trial case and its people in place")

    def handle(self, *args: Any, keep: bool, **options: Any) -> None:
        case = trial.prepare()
        try:
            self._walk(case)
        finally:
            if not keep:
                self.stdout.write(f"Removed {trial.remove()} trial case(s) with all that belonged to it.")

    def _walk(self, case: trial.Trial) -> None:
        walk = Walk(laboratory=case.laboratory, cast=cast_of(case.laboratory), wish=Wish())
        for name, milliseconds, queries in self._steps(walk):
            self.stdout.write(f"{name:<20}{milliseconds:>9.1f} ms{queries:>6} queries")
        wrong = list(findings(Application.objects.filter(pk=walk.application.pk)))
        certificate = Certificate.objects.get(editions__application=walk.application)
        if certificate.state != "valid" or wrong:
            raise CommandError(f"The walk ended with certificate state {certificate.state}: {' '.join(wrong)}")
        self.stdout.write(f"Certificate {certificate.number}: {settings.PUBLIC_URL}{certificate.get_absolute_url()}")

    def _steps(self, walk: Walk) -> Iterator[tuple[str, float, int]]:
        for name in WAY:
            begun = time.perf_counter()
            with CaptureQueriesContext(connection) as captured:
                getattr(walk, name)(**({"mostly": 2} if name == "answer_checklist" else {}))
            yield name, (time.perf_counter() - begun) * 1000, len(captured)
