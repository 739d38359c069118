"""The sweep of the outbox: what was written leaves after the commit.

A step writes rows only; it does not queue a job of its own, which would cost every step another write. The sweep runs
every few seconds, claims with SKIP LOCKED, and picks up whatever an earlier run has left.
"""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from workflows.outbox import services

DISPATCH_LIMIT = 500
SEND_LIMIT = 200


def sweep() -> int:
    """Hand on new messages and send what is due; returns how many left."""
    now = timezone.now()
    while services.dispatch(now=now, limit=DISPATCH_LIMIT) == DISPATCH_LIMIT:
        pass
    return services.send_due(now=now, limit=SEND_LIMIT)


@task()
def send_now() -> int:
    """Send what is due without waiting for the next sweep; queued when somebody sends again by hand."""
    return sweep()
