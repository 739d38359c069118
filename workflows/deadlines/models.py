"""Secrets by which a program reads one person's own deadlines."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.deadlines.enums import Scope


class Secret(models.Model):
    """One person's secret for one purpose. Only its digest is kept: it is shown once, when it is made.

    Renewing it replaces the digest, so the old one opens nothing any more; switching it off removes the row.
    """

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    scope = models.CharField(max_length=10, choices=Scope)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["user", "scope"]
        verbose_name = _("secret")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "scope"], name="secret_once",
                violation_error_message=_("There is already one; renew it instead."),
            ),
            models.CheckConstraint(
                name="secret_digest", condition=Q(digest__regex=r"^[0-9a-f]{64}$"),
                violation_error_message=_("Only the digest of a secret is kept."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user} {self.scope}"
