"""Fill an empty installation with the demo; prints the accounts each time."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from qualification.accounts.models import User
from qualification.regions.models import Authority
from workflows.demo import cases, people


class Command(BaseCommand):
    help = "Make the demo's people, laboratories and cases if there are none; print the accounts."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo is not for production (TONGZHENG_MODE=production).")
        call_command("seed", stdout=self.stdout)
        if not User.objects.filter(username="joint").exists():
            self._fill()
        self.stdout.write(people.accounts_text())

    def _fill(self) -> None:
        logging.getLogger().setLevel(logging.WARNING)
        authorities = {a.code: a for a in Authority.objects.real().select_related("profile").order_by("code")}
        with transaction.atomic():
            makes = people.People()
            people.make_staff(makes, authorities)
            people.make_assessors(makes, authorities, timezone.localdate())
            labs = [
                people.make_laboratory(makes, lab, n, authorities, f"lab{n + 1:02d}")
                for n, lab in enumerate(people.LABS)
            ]
        for count in cases.make_cases(labs, people.LABS):
            self.stdout.write(f"{count} cases walked")
        cases.file_manager(labs[3])
