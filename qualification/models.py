"""The log of every change of state."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class TransitionLog(models.Model):
    """One change of state: who, when, from what to what, why, and on which article."""

    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    application = models.ForeignKey(
        "applications.Application", on_delete=models.CASCADE, null=True, blank=True, related_name="log"
    )
    verb = models.CharField(max_length=40)
    source = models.CharField(max_length=30)
    target = models.CharField(max_length=30)
    by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    on_behalf_of = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField(auto_now_add=True)
    reason = models.TextField(_("reason"), blank=True)
    article = models.CharField(_("article"), max_length=200, blank=True)
    facts: models.JSONField[dict[str, Any]] = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="log_subject"),
            models.Index(fields=["application", "id"], name="log_application"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id} {self.verb}"
