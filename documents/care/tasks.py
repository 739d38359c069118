"""The jobs of checks asked for by hand, and the nightly walk through the store."""

from __future__ import annotations

import uuid

from django.utils import timezone
from django_tasks import task

from documents import keeping, scanning
from documents.care import services
from documents.models import StoredFile


@task()
def check_anew(file_id: str) -> str:
    """Check one file that failed before."""
    return str(scanning.check(uuid.UUID(file_id), now=timezone.now()).scan_state)


@task()
def prove_again(file_id: str) -> int:
    """Prove one stored file; returns 1 when it is still lost or altered."""
    return keeping.prove(StoredFile.objects.filter(pk=file_id), now=timezone.now()).bad


def nightly() -> int:
    """Walk through the store; returns how many strays there are."""
    return services.walk(now=timezone.now())
