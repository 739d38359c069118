"""The heartbeat of jobs: each finished job leaves its moment."""

from __future__ import annotations

import logging
from typing import Any

from django.db import Error
from django.dispatch import receiver
from django.utils import timezone
from django_tasks import TaskResult, TaskResultStatus
from django_tasks.signals import task_finished

from workflows.jobs import services

log = logging.getLogger(__name__)


@receiver(task_finished, dispatch_uid="jobs-heartbeat")
def write_heartbeat(sender: Any, task_result: TaskResult[Any], **kwargs: Any) -> None:
    """Record a job's end. A heartbeat that cannot be written does not undo the job."""
    name = task_result.task.module_path
    try:
        if task_result.status == TaskResultStatus.SUCCESSFUL:
            services.record_success(name=name, now=timezone.now())
        else:
            error = task_result.errors[-1].traceback if task_result.errors else str(task_result.status)
            services.record_failure(name=name, error=error, now=timezone.now())
    except Error:
        log.exception("The heartbeat of %s could not be written.", name)
