"""What the worker does, done now: its jobs and its sweeps, by the code that it runs itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from workflows.jobs import lifeline, queries, sweeps


def aside(act: Callable[[], Any]) -> Any:
    """Do it in a thread: the main thread of a browser test holds Playwright's event loop, and signing needs its own."""

    def acted() -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(acted).result()


def work() -> None:
    """Run the queued jobs, then each sweep once, then the jobs those have queued; any failure is an error."""
    faults = aside(_work)
    assert not faults, "\n".join(faults)


def _work() -> list[str]:
    _jobs()
    for name, __ in settings.SWEEPS:
        sweeps.run_one(name)
    _jobs()
    return _faults()


def _jobs() -> None:
    Worker(
        queue_names=["default"], interval=0, batch=True, backend_name="default", startup_delay=False, max_tasks=None,
        worker_id=lifeline.new_worker_id(), excluded_queue_names=[],
    ).run()  # fmt: skip


def _faults() -> list[str]:
    failed = [f"{job.task_path}: {job.traceback}" for job in DBTaskResult.objects.failed()]
    beats = [status.heartbeat for status in queries.statuses(now=timezone.now()) if status.has_failed_last]
    return failed + [beat.last_error for beat in beats if beat]
