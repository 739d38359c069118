"""What the worker does every day."""

from __future__ import annotations

from django.utils import timezone

from workflows.foresight import services


def nightly() -> int:
    """Settle what has become known, then foretell once a day; a further call on the same day only settles."""
    settled = services.settle()
    return settled + services.foretell(now=timezone.now())
