"""Simulate a year: `manage.py simulate --year 2026 --cases 3000 --seed 7`."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from qualification.accounts.models import User
from workflows.clocks.counting import start_of
from workflows.demo.simulate import checking
from workflows.demo.simulate import totals as counting
from workflows.demo.simulate.cases import first_day
from workflows.demo.simulate.running import NotEmpty, Simulation, demand_empty
from workflows.demo.simulate.world import PREFIX


class Command(BaseCommand):
    help = (
        "Walk a year of invented cases in virtual time, with the same services, sweeps, draws and signed certificates "
        "as in production; print the totals, which are the same for the same seed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--year", type=int, default=2026)
        parser.add_argument("--cases", type=int, default=3000)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--until", type=dt.date.fromisoformat, help="Last day; the end of the year if not given.")
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="Processes that walk cases.")
        parser.add_argument("--json", type=Path, help="Write the totals to this file, too.")
        parser.add_argument("--add", action="store_true", help="Even if there are other cases.")
        parser.add_argument("--i-know", metavar="DATABASE", help="In production: the name of the empty database.")

    def handle(self, *args: Any, **options: Any) -> None:
        self._demand(options)
        call_command("seed", stdout=self.stdout)
        logging.getLogger().setLevel(logging.WARNING)
        until = (
            start_of(options["until"] + dt.timedelta(days=1)) if options["until"] else first_day(options["year"] + 1)
        )
        run = Simulation(
            options["year"], options["cases"], options["seed"], until, options["workers"], tell=self.stdout.write
        )
        signal.signal(signal.SIGINT, lambda *_: run.stop())
        run.run()
        self._tell(run, options["json"])
        found = checking.differences(run.cases, options["workers"])
        for text in found[:50]:
            self.stderr.write(text)
        if found:
            raise CommandError(f"{len(found)} differences.")
        self.stdout.write("States, tasks, clocks, log and numbers agree; every open case waits for a person by name.")

    def _demand(self, options: dict[str, Any]) -> None:
        name = connection.settings_dict["NAME"]
        if not settings.DEMO and options["i_know"] != name:
            raise CommandError(f"This installation is for production. In an empty database, say --i-know {name}.")
        if not 1 <= options["cases"] <= 99_999:
            raise CommandError("--cases must be from 1 to 99999.")
        if not options["add"] or not settings.DEMO:
            try:
                demand_empty()
            except NotEmpty as error:
                raise CommandError(str(error)) from error
        if User.objects.filter(username__startswith=PREFIX).exists():
            raise CommandError("There is a simulation in this database already; take another one.")

    def _tell(self, run: Simulation, file: Path | None) -> None:
        found = run.totals()
        for line in counting.lines(found):
            self.stdout.write(line)
        waiting = counting.papers_waiting(run.cases)
        self.stdout.write(
            f"{'papers waiting':<22}{waiting} (notices and receipts; a worker makes them, see docs/operations.md)"
        )
        ended = " (stopped)" if run.is_stopped else ""
        self.stdout.write(
            f"{len(run.cases)} cases in {run.seconds:.0f} s, {len(run.cases) / run.seconds:.2f} cases per second{ended}"
        )
        if file is not None:
            file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
