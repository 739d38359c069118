"""The last success of every job."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from workflows.jobs import queries


class Command(BaseCommand):
    help = "Print each job's last success; ends with 1 when a sweep is late or the last run of something failed."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        statuses = queries.statuses(now=now)
        for status in statuses:
            self.stdout.write(_line(status))
        queue = queries.queue(now=now)
        self.stdout.write(f"{queue.waiting} jobs wait, {queue.running} run, {queue.failed} failed since yesterday.")
        self.stdout.write(f"{len(queries.workers())} job processes are alive.")
        if any(status.is_late or status.has_failed_last for status in statuses):
            raise SystemExit(1)


def _line(status: queries.Status) -> str:
    beat = status.heartbeat
    word = "late" if status.is_late else "failed" if status.has_failed_last else "ok"
    last = _moment(beat.last_success_at) if beat else "never"
    error = f"  {beat.last_error.strip().splitlines()[-1]}" if beat and beat.last_error else ""
    return f"{word:<7}{last:<21}{status.name}{error}"


def _moment(moment: dt.datetime | None) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else "never"
