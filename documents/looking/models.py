"""Notes that a reviewer pins to a page of a version."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from documents.looking.enums import NoteState, NoteVerb
from documents.models import Version

MAX_TEXT = 2000
# Places are kept in ten-thousandths of the page's width and height.
UNIT = 10_000


def _person(verbose_name: Any, **options: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=verbose_name, **options
    )


class PageNoteQuerySet(models.QuerySet["PageNote"]):
    def of_owner(self, owner_kind: str, owner_id: uuid.UUID) -> PageNoteQuerySet:
        """Notes on the files of one owner."""
        return self.filter(version__document__owner_kind=owner_kind, version__document__owner_id=owner_id)

    def in_state(self, state: str) -> PageNoteQuerySet:
        """Notes that stand so; the same as the property of one."""
        return self.filter(_STATES[NoteState(state)])


_STATES = {
    NoteState.DRAFT: Q(sent_at__isnull=True, withdrawn_at__isnull=True),
    NoteState.SENT: Q(sent_at__isnull=False, withdrawn_at__isnull=True, settled_at__isnull=True),
    NoteState.SETTLED: Q(settled_at__isnull=False, withdrawn_at__isnull=True),
    NoteState.WITHDRAWN: Q(withdrawn_at__isnull=False),
}


class PageNote(models.Model):
    """A remark on a page, or on a point of it. The laboratory learns of it when it is sent with a request.

    `sent_with` and `point` name the request and its point; `answer_code` and `answer_label` the slot where the answer goes.
    """

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="page_notes")
    page = models.PositiveIntegerField(_("page"))
    x = models.PositiveSmallIntegerField(null=True, blank=True)
    y = models.PositiveSmallIntegerField(null=True, blank=True)
    text = models.TextField(_("note"), max_length=MAX_TEXT)
    desk = models.CharField(max_length=20)
    author = _person(_("written by"))
    created_at = models.DateTimeField(_("written at"))
    edited_at = models.DateTimeField(_("changed at"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    sent_with = models.UUIDField(null=True, blank=True)
    point = models.PositiveSmallIntegerField(_("point"), null=True, blank=True)
    answer_code = models.CharField(max_length=60, blank=True)
    answer_label = models.CharField(max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawn_by = _person(_("withdrawn by"), null=True, blank=True)
    withdrawn_reason = models.CharField(_("reason"), max_length=500, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = _person(_("settled by"), null=True, blank=True)

    objects = PageNoteQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "uuid"]
        verbose_name = _("note on a page")
        verbose_name_plural = _("notes on pages")
        indexes = [models.Index(fields=["version", "page"], name="page_note_of_page")]
        constraints = [
            models.CheckConstraint(
                name="page_note_place",
                condition=Q(x__isnull=True, y__isnull=True) | Q(x__lte=UNIT, y__lte=UNIT),
                violation_error_message=_("A place has both coordinates and lies on the page."),
            ),
            models.CheckConstraint(
                name="page_note_says_something",
                condition=Q(page__gt=0) & ~Q(text="") & ~Q(desk=""),
                violation_error_message=_("A note has words and a page."),
            ),
            models.CheckConstraint(
                name="page_note_sent_with_request",
                condition=Q(sent_at__isnull=True, sent_with__isnull=True, point__isnull=True, answer_code="")
                | Q(sent_at__isnull=False, sent_with__isnull=False, point__gt=0) & ~Q(answer_code=""),
                violation_error_message=_("A note that was sent names the request and its point, any other does not."),
            ),
            models.CheckConstraint(
                name="page_note_withdrawn_by_somebody",
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawn_reason="")
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False)
                & (Q(sent_at__isnull=True) | ~Q(withdrawn_reason="")),
                violation_error_message=_("A note that was sent is withdrawn by somebody, with a reason."),
            ),
            models.CheckConstraint(
                name="page_note_settled_was_sent",
                condition=Q(settled_at__isnull=True, settled_by__isnull=True)
                | Q(settled_at__isnull=False, settled_by__isnull=False, sent_at__isnull=False),
                violation_error_message=_("Only a note that was sent is settled."),
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def standing(self) -> NoteState:
        """Where the note stands, by its stamps."""
        if self.withdrawn_at:
            return NoteState.WITHDRAWN
        if self.settled_at:
            return NoteState.SETTLED
        return NoteState.SENT if self.sent_at else NoteState.DRAFT

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done about it."""
        return self.standing in {NoteState.DRAFT, NoteState.SENT}

    @property
    def place(self) -> tuple[str, str] | None:
        """Its point on the page in parts that SVG takes; None for a note on the whole page."""
        if self.x is None or self.y is None:
            return None
        return f"{self.x / 100:.2f}%", f"{self.y / 100:.2f}%"


class NoteEvent(models.Model):
    """One act on a note: who, when, and the words it left."""

    note = models.ForeignKey(PageNote, on_delete=models.CASCADE, related_name="events")
    verb = models.CharField(_("what"), max_length=10, choices=NoteVerb)
    by = _person(_("by"))
    at = models.DateTimeField(_("at"))
    text = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = _("act on a note")
        verbose_name_plural = _("acts on notes")

    def __str__(self) -> str:
        return f"{self.note_id} {self.verb} {self.at:%Y-%m-%d %H:%M}"
