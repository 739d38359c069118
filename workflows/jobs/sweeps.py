"""The loop of the sweeps, and the sweep that removes the rows of finished jobs."""

from __future__ import annotations

import datetime as dt
import logging
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from workflows.jobs import services

log = logging.getLogger(__name__)

KEPT = dt.timedelta(days=30)
PRUNE_LIMIT = 5000


def run_due(*, should_stop: Callable[[], bool], sweeps: Iterable[tuple[str, int]] | None = None) -> int:
    """Run each sweep that is due, one after the other; returns how many ran.

    An error of one keeps none of the others from running. Raises django.db.Error only when the database
    does not answer at all, so that nothing can be claimed.
    """
    ran = 0
    for name, interval in settings.SWEEPS if sweeps is None else sweeps:
        if should_stop():
            break
        if services.claim_run(name=name, interval=interval, now=timezone.now()):
            run_one(name)
            ran += 1
    return ran


def run_one(name: str) -> Any:
    """Run one sweep and write down how it ended. Returns what the sweep returned, or None when it failed."""
    begun = time.monotonic()
    try:
        result = import_string(name)()
    except Exception:
        log.exception("The sweep %s has failed.", name)
        _write_failure(name, traceback.format_exc())
        return None
    services.record_success(name=name, now=timezone.now(), seconds=time.monotonic() - begun)
    return result


def _write_failure(name: str, error: str) -> None:
    try:
        services.record_failure(name=name, error=error, now=timezone.now())
    except Error:
        log.exception("The failure of %s could not be written down.", name)
        connection.close()


def prune() -> int:
    """Remove the rows of jobs that ended more than 30 days ago; returns how many."""
    old = DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - KEPT).order_by("finished_at")
    return DBTaskResult.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:PRUNE_LIMIT])).delete()[0]
