"""Start the clocks of certificates that came into force before there were any."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from workflows.clocks.services import start_certificate_clocks


class Command(BaseCommand):
    help = "Start renewal and validity clocks of certificates in force that have none. Idempotent."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{start_certificate_clocks()} certificates have their clocks now.")
