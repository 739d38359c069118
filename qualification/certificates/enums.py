"""States of a certificate and of its editions."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CertificateState(models.TextChoices):
    """The law knows no "suspended": being under correction is a flag beside the state."""

    PENDING = "pending", _("being issued")
    VALID = "valid", _("valid")
    EXPIRED = "expired", pgettext_lazy("certificate", "expired")
    REVOKED = "revoked", _("revoked")
    RECALLED = "recalled", _("recalled")
    CANCELLED = "cancelled", _("cancelled")
    WITHDRAWN = "withdrawn", _("withdrawn by law")

    @classmethod
    def public(cls) -> frozenset[CertificateState]:
        """States the register shows; a number without its signed paper is nobody's business."""
        return frozenset(cls) - {cls.PENDING}

    @property
    def tone(self) -> str:
        """Tone of the state badge."""
        return {"valid": "good", "pending": "info", "expired": "warn"}.get(self.value, "bad")

    @property
    def icon(self) -> str:
        """Icon of the state badge."""
        return {"valid": "circle-check", "pending": "hourglass", "expired": "clock-off"}.get(self.value, "circle-x")

    @property
    def meta(self) -> dict[str, str]:
        """Label, icon and tone of the badge."""
        return {"label": str(self.label), "icon": self.icon, "tone": self.tone}


class EditionState(models.TextChoices):
    PENDING = "pending", _("being made")
    STORED = "stored", _("stored")
