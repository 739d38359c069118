"""Jobs and the sweep of papers."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from documents.papers import services

SWEEP_LIMIT = 20


@task()
def produce(paper_id: int) -> str:
    """Make one paper; the row keeps any error and is tried again by the sweep."""
    return str(services.produce(paper_id).state)


def sweep() -> int:
    """Make the papers that are due and that no job has made; returns how many were tried."""
    return services.produce_due(now=timezone.now(), limit=SWEEP_LIMIT)
