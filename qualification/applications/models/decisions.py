"""What the authority decided, and what a second tab had typed."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from qualification.applications.enums import Outcome
from qualification.applications.models.application import Application


class Decision(models.Model):
    """What the authority decided; pending until released, kept when retracted."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="decisions")
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    reasons = models.TextField(_("reasons"), blank=True)
    article = models.CharField(_("article"), max_length=200, blank=True)
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    retracted_at = models.DateTimeField(null=True, blank=True)
    retracted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    excluded_sites = models.ManyToManyField("laboratories.Site", related_name="+", blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(retracted_at__isnull=True), name="one_decision_in_force",
                violation_error_message=_("This application is already decided."),
            ),
            models.CheckConstraint(
                name="decision_reason_when_not_all",
                condition=Q(outcome=Outcome.GRANT) | (~Q(reasons="") & ~Q(article="")),
                violation_error_message=_("A refusal, whole or in part, needs reasons and the article."),
            ),
            models.CheckConstraint(
                name="decision_released_or_retracted",
                condition=Q(released_at__isnull=True) | Q(retracted_at__isnull=True),
                violation_error_message=_("A released decision is not taken back here."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.application} {self.outcome}"


class DraftConflict(models.Model):
    """What the second tab wanted to save over a newer draft: kept, so that nothing typed is lost."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="conflicts")
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    typed: models.JSONField[dict[str, Any]] = models.JSONField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.application_id} {self.at}"
