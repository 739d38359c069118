"""One job process of the worker."""

from __future__ import annotations

from typing import Any

from django_tasks_db.management.commands import db_worker

from workflows.jobs import lifeline


class Command(db_worker.Command):
    help = "Run background jobs in this process, with a lifeline for the reaper. `worker` starts this."

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        # Looked at when the command runs: a default made at import would be shared.
        parser.set_defaults(interval=0.5, worker_id=None, reload=False)

    def handle(self, *, worker_id: str | None, **options: Any) -> None:
        worker_id = worker_id or lifeline.new_worker_id()
        lifeline.take_name(worker_id)
        lifeline.start(worker_id)
        super().handle(worker_id=worker_id, **options)
