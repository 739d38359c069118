"""The queue of jobs: a new job is one prepared query."""

from __future__ import annotations

from typing import Any

from django_tasks_db.backend import DatabaseBackend
from django_tasks_db.compat import normalize_json

from qualification import statements


class JobBackend(DatabaseBackend):
    """The rows of django-tasks-db."""

    def _task_to_db_task(self, task: Any, args: Any, kwargs: Any) -> Any:
        from django_tasks_db.models import DBTaskResult, get_date_max  # the backend is made before the models are there

        row: Any = DBTaskResult(
            id=self._get_id(), args_kwargs=normalize_json({"args": args, "kwargs": kwargs}), priority=task.priority,
            task_path=task.module_path, queue_name=task.queue_name, run_after=task.run_after or get_date_max(), backend_name=self.alias,
        )  # fmt: skip
        statements.insert([row])
        return row
