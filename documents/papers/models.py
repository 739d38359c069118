"""Papers: what the system renders, signs and keeps (certificates, notices, reports)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from documents.papers.enums import PaperState


class PaperQuerySet(models.QuerySet["Paper"]):
    def waiting(self) -> PaperQuerySet:
        """Papers not yet stored, whether tried or not."""
        return self.filter(state__in=PaperState.waiting())

    def failed(self) -> PaperQuerySet:
        """Papers whose last try failed."""
        return self.filter(state=PaperState.FAILED)

    def due(self, now: dt.datetime) -> PaperQuerySet:
        """Waiting papers whose next try is now or overdue, the longest waiting first."""
        return self.waiting().filter(next_try_at__lte=now).order_by("next_try_at", "pk")

    def of_owner(self, kind: str, owner_id: uuid.UUID) -> PaperQuerySet:
        """Papers of one owner, the newest first."""
        return self.filter(owner_kind=kind, owner_id=owner_id).order_by("-pk")


class Paper(models.Model):
    """One official paper: its facts as they stood when it was asked for, and in the end its signed PDF.

    The row is written in the transaction of the step that needs the paper; a worker makes the PDF
    afterwards, again and again until it succeeds. Facts and file never change once stored.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=60)
    template = models.CharField(_("template"), max_length=40)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    title = models.CharField(_("title"), max_length=200)
    document_number = models.CharField(_("document number"), max_length=80, blank=True)
    dated_on = models.DateField(_("date of the paper"))
    context: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    signers: models.JSONField[list[str]] = models.JSONField(_("signing authorities"))
    owner_kind = models.CharField(max_length=40)
    owner_id = models.UUIDField()
    state = models.CharField(_("state"), max_length=10, choices=PaperState, default=PaperState.PENDING)
    file = models.OneToOneField(
        "documents.StoredFile", on_delete=models.PROTECT, null=True, blank=True, related_name="paper"
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    last_error = models.TextField(_("last error"), blank=True)
    next_try_at = models.DateTimeField(_("next try"))
    requested_at = models.DateTimeField(_("asked for at"))
    stored_at = models.DateTimeField(_("stored at"), null=True, blank=True)

    objects = PaperQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        indexes = [
            models.Index(fields=["owner_kind", "owner_id"], name="paper_owner"),
            models.Index(fields=["next_try_at"], condition=~Q(state="stored"), name="paper_next_try"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="stored", file__isnull=False, stored_at__isnull=False)
                | Q(state__in=["pending", "failed"], file__isnull=True, stored_at__isnull=True),
                name="paper_stored_has_file",
                violation_error_message=_("A paper is stored if, and only if, it has a file and a moment."),
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(last_error=""),
                name="paper_failed_has_error",
                violation_error_message=_("A failed paper must say why."),
            ),
            models.CheckConstraint(
                condition=~Q(signers=[]),
                name="paper_has_signer",
                violation_error_message=_("A paper needs at least one signing authority."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.document_number}".rstrip()

    @property
    def is_stored(self) -> bool:
        """Whether the signed PDF exists."""
        return self.state == PaperState.STORED

    @property
    def file_name(self) -> str:
        """Name under which the PDF is handed out."""
        stem = "_".join(part for part in (self.title, self.document_number) if part)
        return stem.replace("/", "-").replace("\\", "-")[:240] + ".pdf"
