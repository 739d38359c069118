"""The text of stored files: one row that says what came of reading, and the text place by place with its index."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from documents.models import StoredFile
from documents.texts.enums import Outcome, Why


class FileText(models.Model):
    """What came of reading one file's text. The row is the truth, the job is the hurry, the sweep takes what is left.

    A failure here never harms the file: it is stored and handed out all the same.
    """

    file = models.OneToOneField(StoredFile, on_delete=models.CASCADE, primary_key=True, related_name="text")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.PENDING)
    why = models.CharField(max_length=20, choices=Why, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    is_cut = models.BooleanField(_("only its beginning is searched"), default=False)
    blank_pages = models.PositiveIntegerField(_("pages without text"), default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(_("read by the sweep from"))
    ended_at = models.DateTimeField(_("read at"), null=True, blank=True)

    class Meta:
        ordering = ["due_at", "pk"]
        verbose_name = _("text of a file")
        verbose_name_plural = _("texts of files")
        indexes = [models.Index(fields=["due_at"], name="text_to_read", condition=Q(outcome="pending"))]
        constraints = [
            models.CheckConstraint(
                name="text_ended_stamp",
                condition=Q(outcome="pending", ended_at__isnull=True)
                | (~Q(outcome="pending") & Q(ended_at__isnull=False)),
                violation_error_message=_("A reading that has ended has its moment, and no other."),
            ),
            models.CheckConstraint(
                name="text_says_why",
                condition=Q(outcome__in=["pending", "read"], why="")
                | (Q(outcome__in=["without", "failed"]) & ~Q(why="")),
                violation_error_message=_("A file without text says why."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.outcome}"


class TextPage(models.Model):
    """The text of one place in a file: a page, or a block of rows or paragraphs.

    `page` is the page as it is looked at (of a workbook: the sheet), `first_row` the row of the first line in a sheet,
    0 elsewhere. `body` is the text as it is compared (`documents.texts.words.normal`), `terms` its index.
    """

    file = models.ForeignKey(StoredFile, on_delete=models.CASCADE, related_name="text_pages")
    position = models.PositiveIntegerField()
    page = models.PositiveIntegerField()
    sheet = models.CharField(max_length=120, blank=True)
    first_row = models.PositiveIntegerField(default=0)
    text = models.TextField()
    body = models.TextField()
    terms: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=2), default=list)

    class Meta:
        ordering = ["file", "position"]
        verbose_name = _("page of text")
        verbose_name_plural = _("pages of text")
        indexes = [GinIndex(fields=["terms"], name="text_page_terms")]
        constraints = [models.UniqueConstraint(fields=["file", "position"], name="text_page_once")]

    def __str__(self) -> str:
        return f"{self.file_id} {self.position}"
