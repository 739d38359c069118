"""Everything on one machine: database, web, worker, the demo's data."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from qualification.conf import embedded
from qualification.conf.environment import env
from qualification.processes import Child, Supervisor, TooManyDeaths

GRACE_SECONDS = 20.0
MAX_QUICK_DEATHS = 5
THREADS = 4
REQUEST_SECONDS = 60
MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]


class Command(BaseCommand):
    help = "Prepare the database and serve the site and the worker until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--bind", default="127.0.0.1:8000", help="Address of the site (default: %(default)s).")
        parser.add_argument("--no-demo", action="store_true", help="Do not load the demonstration's data.")

    def handle(self, *args: Any, bind: str, no_demo: bool, **options: Any) -> None:
        began = time.monotonic()
        with embedded.server() as url:
            os.environ["DATABASE_URL"] = url
            self._prepare(has_demo=settings.DEMO and not no_demo)
            self.stdout.write(f"Ready after {time.monotonic() - began:.0f} s: http://{bind}/ (Ctrl-C stops it)")
            self.stdout.flush()
            self._serve(bind)
        self.stdout.write("Stopped.")

    def _prepare(self, *, has_demo: bool) -> None:
        """Static files beside the migrations, then the demo, which needs both."""
        together([["collectstatic", "--noinput", "--verbosity", "0"], ["migrate", "--noinput", "--verbosity", "0"]])
        if has_demo:
            together([["demo"]])

    def _serve(self, bind: str) -> None:
        children = [
            Child("web", lambda: gunicorn(bind)),
            Child("worker", lambda: [*MANAGE, "worker"]),
        ]
        try:
            Supervisor(children, grace=GRACE_SECONDS, max_quick_deaths=MAX_QUICK_DEATHS).run()
        except TooManyDeaths as error:
            raise CommandError(f"{error} Its last words are above.") from error


def gunicorn(bind: str) -> list[str]:
    """The command line of the web server."""
    return [
        sys.executable, "-m", "gunicorn", "qualification.conf.wsgi:application", "--bind", bind,
        "--workers", str(env.web_workers), "--worker-class", "gthread", "--threads", str(THREADS),
        "--timeout", str(REQUEST_SECONDS), "--graceful-timeout", "15", "--log-level", "warning",
        "--chdir", str(settings.BASE_DIR),
    ]  # fmt: skip


def together(commands: Sequence[Sequence[str]]) -> None:
    """Run management commands side by side. Raises CommandError when one fails."""
    # Migrations and the demo may take longer than a page.
    environment = os.environ | {"DATABASE_STATEMENT_TIMEOUT": "0"}
    running = [(command[0], subprocess.Popen([*MANAGE, *command], env=environment)) for command in commands]
    failed = [name for name, process in running if process.wait() != 0]
    if failed:
        raise CommandError(f"`manage.py {failed[0]}` failed; see above.")
