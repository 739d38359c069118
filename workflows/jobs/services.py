"""Heartbeats: claiming a run, and writing down how it ended."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Q

from workflows.jobs.models import Heartbeat

ERROR_LENGTH = 4000
# A run that is early by less than this part of its interval still counts as due: loops have jitter.
TOLERANCE = 0.1


def claim_run(*, name: str, interval: int, now: dt.datetime) -> bool:
    """Take the next run of a sweep if it is due; of several workers one gets it. Interval in seconds."""
    latest = now - dt.timedelta(seconds=interval * (1 - TOLERANCE))
    due = Heartbeat.objects.filter(Q(last_started_at=None) | Q(last_started_at__lte=latest), name=name)
    if due.update(last_started_at=now, interval=interval):
        return True
    if Heartbeat.objects.filter(name=name).exists():
        return False
    Heartbeat.objects.bulk_create([Heartbeat(name=name, interval=interval)], ignore_conflicts=True)
    return bool(due.update(last_started_at=now, interval=interval))


def record_success(*, name: str, now: dt.datetime, seconds: float | None = None) -> None:
    """A run has ended well, after so many seconds; the error of an earlier run is forgotten, its moment is not."""
    took = {} if seconds is None else {"last_seconds": seconds}
    _record(name, runs=F("runs") + 1, last_success_at=now, last_error="", **took)


def record_failure(*, name: str, error: str, now: dt.datetime) -> None:
    """A run has failed; the last part of the error is kept."""
    _record(
        name,
        runs=F("runs") + 1,
        failures=F("failures") + 1,
        last_failure_at=now,
        last_error=error[-ERROR_LENGTH:],
    )


def _record(name: str, **values: object) -> None:
    if Heartbeat.objects.filter(name=name).update(**values):
        return
    Heartbeat.objects.bulk_create([Heartbeat(name=name)], ignore_conflicts=True)
    Heartbeat.objects.filter(name=name).update(**values)
