"""Pin, change, send, withdraw and settle notes on pages. Every act leaves a line."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from documents.looking import desks
from documents.looking.enums import NoteState, NoteVerb
from documents.looking.models import MAX_TEXT, UNIT, NoteEvent, PageNote
from documents.models import Version
from documents.services import DocumentsError

MAX_PER_VERSION = 500


class NoteMovedOn(DocumentsError):
    """The note was sent, settled or withdrawn meanwhile."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The point of a request with which a note goes out, and the slot where its answer is expected."""

    point: int
    code: str
    label: str


def pin(
    *, version: Version, page: int, place: tuple[int, int] | None, text: str, by: Any, now: dt.datetime
) -> PageNote:
    """Pin a note to a page, or to a place on it in ten-thousandths; nobody outside the authority sees it yet.

    Raises PermissionDenied for who has not the case in hand, ValidationError for a note without words or off the page.
    """
    desk = _desk(by, version)
    words = _worded(text)
    if page < 1 or (place is not None and not all(0 <= part <= UNIT for part in place)):
        raise ValidationError(_("The place of the note does not lie on the page."))
    if PageNote.objects.filter(version=version).count() >= MAX_PER_VERSION:
        raise ValidationError(
            _("There are %(limit)s notes on this version, the most that is kept.") % {"limit": MAX_PER_VERSION}
        )
    x, y = place or (None, None)
    with transaction.atomic():
        note: PageNote = PageNote.objects.create(
            version=version, page=page, x=x, y=y, text=words, desk=desk, author=by, created_at=now
        )
        _tell(note, NoteVerb.PIN, by, now, words)
    return note


def edit(*, note: PageNote, text: str, by: Any, now: dt.datetime) -> PageNote:
    """Change the words of one's own note that was not sent. Raises PermissionDenied, NoteMovedOn, ValidationError."""
    words = _worded(text)
    with transaction.atomic():
        fresh = _locked(note, by, NoteState.DRAFT)
        _demand_author(fresh, by)
        fresh.text, fresh.edited_at = words, now
        fresh.save(update_fields=["text", "edited_at"])
        _tell(fresh, NoteVerb.EDIT, by, now, words)
    return fresh


def withdraw(*, note: PageNote, reason: str, by: Any, now: dt.datetime) -> PageNote:
    """Take a note back: one's own while it was not sent; a sent one with a reason that the laboratory reads."""
    with transaction.atomic():
        fresh = _locked(note, by, NoteState.DRAFT, NoteState.SENT)
        if fresh.sent_at is None:
            _demand_author(fresh, by)
        elif not reason.strip():
            raise ValidationError(_("Give the reason; the laboratory reads it."))
        fresh.withdrawn_at, fresh.withdrawn_by, fresh.withdrawn_reason = now, by, reason.strip()
        fresh.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
        _tell(fresh, NoteVerb.WITHDRAW, by, now, reason.strip())
    return fresh


def settle(*, note: PageNote, by: Any, now: dt.datetime) -> PageNote:
    """What the note asked for is there; said by who has the case in hand now, whichever desk had sent the note."""
    return _mark(note, by, now, NoteState.SENT, NoteVerb.SETTLE)


def reopen(*, note: PageNote, by: Any, now: dt.datetime) -> PageNote:
    """It is not there after all."""
    return _mark(note, by, now, NoteState.SETTLED, NoteVerb.REOPEN)


def _mark(note: PageNote, by: Any, now: dt.datetime, wanted: NoteState, verb: NoteVerb) -> PageNote:
    is_settled = verb is NoteVerb.SETTLE
    with transaction.atomic():
        fresh = _locked(note, by, wanted, is_settling=True)
        fresh.settled_at, fresh.settled_by = (now, by) if is_settled else (None, None)
        fresh.save(update_fields=["settled_at", "settled_by"])
        _tell(fresh, verb, by, now, "")
    return fresh


def take(*, ids: Iterable[uuid.UUID], owner_kind: str, owner_id: uuid.UUID, desk: str) -> list[PageNote]:
    """Lock the chosen notes of a desk that are going to be sent, by slot, version and page; others are left out."""
    rows = PageNote.objects.of_owner(owner_kind, owner_id).in_state(NoteState.DRAFT).filter(pk__in=list(ids), desk=desk)
    locked = rows.select_for_update(of=("self",), no_key=True).select_related("version__document", "version__file")
    order = ("version__document__code", "version__document__label", "version__number", "page", "created_at", "pk")
    return list(locked.order_by(*order))


def send(*, answers: Mapping[PageNote, Answer], request_id: uuid.UUID, by: Any, now: dt.datetime) -> None:
    """Send notes with the request whose points they have become; call it in the request's transaction."""
    for note, answer in answers.items():
        note.sent_at, note.sent_with, note.point = now, request_id, answer.point
        note.answer_code, note.answer_label = answer.code, answer.label
        note.save(update_fields=["sent_at", "sent_with", "point", "answer_code", "answer_label"])
        _tell(note, NoteVerb.SEND, by, now, note.text)


def _desk(by: Any, version: Version) -> str:
    desk = desks.desk_of(by, version.document.owner_kind, version.document.owner_id)
    if not desk:
        raise PermissionDenied(_("Only who has the case in hand writes notes on its files."))
    return desk


def _locked(note: PageNote, by: Any, *wanted: NoteState, is_settling: bool = False) -> PageNote:
    rows = PageNote.objects.select_for_update(of=("self",), no_key=True).select_related("version__document")
    fresh: PageNote = rows.get(pk=note.pk)
    document = fresh.version.document
    if is_settling:
        is_theirs = fresh.desk in desks.settles(by, document.owner_kind, document.owner_id)
    else:
        is_theirs = _desk(by, fresh.version) == fresh.desk
    if not is_theirs:
        raise PermissionDenied(_("This note belongs to another desk."))
    if fresh.standing not in wanted:
        raise NoteMovedOn(_("The note stands as “%(state)s” by now.") % {"state": fresh.standing.label})
    return fresh


def _demand_author(note: PageNote, by: Any) -> None:
    if note.author_id != by.pk:
        raise PermissionDenied(_("Only who wrote a note changes it before it is sent."))


def _worded(text: str) -> str:
    words = text.replace("\x00", "").strip()
    if not words:
        raise ValidationError(_("Write down what is wrong and what to do."))
    if len(words) > MAX_TEXT:
        raise ValidationError(_("A note has at most %(limit)s characters.") % {"limit": MAX_TEXT})
    return words


def _tell(note: PageNote, verb: NoteVerb, by: Any, now: dt.datetime, text: str) -> None:
    NoteEvent.objects.create(note=note, verb=verb, by=by, at=now, text=text)
