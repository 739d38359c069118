"""Prove that states, tasks, clocks and log agree."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from qualification.applications.models import Application
from workflows.consistency import findings


class Command(BaseCommand):
    help = "Compare state, open tasks, open clocks, log and numbers of every case; exits 1 and names each difference."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(findings())
        for text in found:
            self.stderr.write(text)
        if found:
            raise CommandError(f"{len(found)} differences.")
        self.stdout.write(f"{Application.objects.count()} cases: states, tasks, clocks, log and numbers agree.")
