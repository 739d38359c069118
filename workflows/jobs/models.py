"""What the worker has done, and when."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """The last run and the last success of one sweep or job.

    `interval` is the seconds between two runs of a sweep; 0 for a job, which runs when it is asked for.
    """

    name = models.CharField(_("job"), max_length=200, unique=True)
    interval = models.PositiveIntegerField(_("interval in seconds"), default=0)
    last_started_at = models.DateTimeField(_("last started"), null=True, blank=True)
    last_success_at = models.DateTimeField(_("last success"), null=True, blank=True)
    last_seconds = models.FloatField(_("seconds the last run took"), null=True, blank=True)
    last_failure_at = models.DateTimeField(_("last failure"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    runs = models.PositiveBigIntegerField(_("runs"), default=0)
    failures = models.PositiveBigIntegerField(_("failures"), default=0)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="heartbeat_failure_has_error",
                condition=models.Q(last_failure_at__isnull=False) | models.Q(last_error=""),
                violation_error_message=_("An error needs the moment of the failure."),
            )
        ]

    def __str__(self) -> str:
        return self.name
