"""The job that reads the text of a new file, and the sweep that takes what is left, old files too."""

from __future__ import annotations

import time
import uuid

from django.utils import timezone
from django_tasks import task

from documents.texts import services
from documents.texts.enums import Outcome
from documents.texts.models import FileText

LIMIT = 200
# A sweep leaves the worker to others after this time.
SECONDS = 40


@task()
def read_text(file_id: str) -> str:
    """Read the text of one file; its row keeps what came of it."""
    outcome = services.read(file_id=uuid.UUID(file_id), now=timezone.now())
    return outcome.value if outcome else ""


def sweep() -> int:
    """Read what no job has read; returns how many files were tried. Run every minute."""
    now = timezone.now()
    due = FileText.objects.filter(outcome=Outcome.PENDING, due_at__lte=now).order_by("due_at")
    end = time.monotonic() + SECONDS
    tried = 0
    for file_id in list(due.values_list("pk", flat=True)[:LIMIT]):
        if time.monotonic() > end:
            break
        services.read(file_id=file_id, now=now)
        tried += 1
    return tried
