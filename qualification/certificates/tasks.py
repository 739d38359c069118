"""What the worker does for certificates."""

from __future__ import annotations

from django.utils import timezone

from qualification.certificates.services.issuing import expire_due


def sweep() -> int:
    """Expire what has run out; the papers' own sweep makes what is still to be made."""
    return expire_due(now=timezone.now())
