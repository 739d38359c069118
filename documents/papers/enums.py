"""States of a paper."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PaperState(models.TextChoices):
    """Where a paper is on its way from a row to a signed PDF."""

    PENDING = "pending", _("being made")
    FAILED = "failed", _("failed, tried again by itself")
    STORED = "stored", _("stored")

    @classmethod
    def waiting(cls) -> tuple[PaperState, ...]:
        """States in which the paper still has to be made."""
        return (cls.PENDING, cls.FAILED)
