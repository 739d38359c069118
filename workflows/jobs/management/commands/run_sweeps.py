"""The sweep process of the worker."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from workflows.jobs import sweeps
from workflows.jobs.loop import SweepLoop


class Command(BaseCommand):
    help = "Run the sweeps again and again. `worker` starts this."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="Run what is due now, then end.")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if once:
            ran = sweeps.run_due(should_stop=lambda: False)
            self.stdout.write(f"{ran} sweeps ran.")
            return
        SweepLoop().run()
