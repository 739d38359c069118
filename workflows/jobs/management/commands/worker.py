"""The worker: background jobs, the reaper and the sweeps, by one command."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from qualification.conf.environment import env
from qualification.processes import Child, Supervisor

GRACE_SECONDS = 30.0
# A job may ask more of the database than a page.
STATEMENT_TIMEOUT_SECONDS = 300


class Command(BaseCommand):
    help = "Run background jobs, the reaper and the sweeps until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--jobs", type=int, default=env.job_workers, help="Job processes (default: %(default)s).")
        parser.add_argument(
            "--grace", type=float, default=GRACE_SECONDS, help="Seconds a job has to end by itself when told to stop."
        )

    def handle(self, *args: Any, jobs: int, grace: float, **options: Any) -> None:
        children = [_child(f"jobs {number}", "run_jobs") for number in range(1, jobs + 1)]
        self.stdout.write(f"The worker runs {jobs} job processes and {len(settings.SWEEPS)} sweeps.")
        self.stdout.flush()
        Supervisor([*children, _child("sweeps", "run_sweeps")], grace=grace).run()
        self.stdout.write("The worker has stopped.")


def _child(name: str, command: str) -> Child:
    timeout = os.environ.get("DATABASE_STATEMENT_TIMEOUT", str(STATEMENT_TIMEOUT_SECONDS))
    line = [sys.executable, str(settings.BASE_DIR / "manage.py"), command]
    return Child(name, lambda: line, {"DATABASE_STATEMENT_TIMEOUT": timeout})
