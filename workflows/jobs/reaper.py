"""The reaper: a job whose worker has died is put back.

Each worker process has its own id, which is also the `application_name` of its connections. A RUNNING row
whose last worker has no connection in `pg_stat_activity` is put back to READY, three times, then FAILED.
Not behind a pooler in transaction mode, where connections do not belong to a process.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

log = logging.getLogger(__name__)

MAX_RETURNS = 3
# A worker whose connection broke has this long to come back before its job is given to another.
GRACE = dt.timedelta(seconds=20)
LIMIT = 200


class WorkerLost(RuntimeError):
    """The worker died with this job in hand, again and again."""


def sweep() -> int:
    """Put back the jobs of dead workers; returns how many."""
    return reap(now=timezone.now())


def reap(*, now: dt.datetime, grace: dt.timedelta = GRACE) -> int:
    """Put back the jobs of dead workers that were started before `now - grace`; returns how many."""
    with transaction.atomic():
        # The rows first, the connections after: a worker that claims in between is not taken for dead.
        running = list(
            DBTaskResult.objects.running()
            .filter(started_at__lte=now - grace)
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("started_at")[:LIMIT]
        )
        alive = connected_workers() if running else set()
        lost = [job for job in running if not alive.intersection(job.worker_ids[-1:])]
        for job in lost:
            _put_back(job, now)
    return len(lost)


def connected_workers() -> set[str]:
    """Ids of the worker processes that are connected to this database now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT application_name FROM pg_stat_activity WHERE datname = current_database()")
        return {name for (name,) in cursor.fetchall()}


def _put_back(job: DBTaskResult[..., Any], now: dt.datetime) -> None:
    if len(job.worker_ids) > MAX_RETURNS:
        job.status, job.finished_at = TaskResultStatus.FAILED, now
        job.exception_class_path = f"{WorkerLost.__module__}.{WorkerLost.__qualname__}"
        job.traceback = f"WorkerLost: {len(job.worker_ids)} workers died with this job in hand."
        log.error("Job %s (%s) has failed: %s", job.pk, job.task_path, job.traceback)
    else:
        job.status, job.started_at = TaskResultStatus.READY, None
        log.warning("Job %s (%s) is put back: its worker is gone.", job.pk, job.task_path)
    job.save(update_fields=["status", "started_at", "finished_at", "exception_class_path", "traceback"])
