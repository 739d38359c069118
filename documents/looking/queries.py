"""Notes as a reader may read them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from documents.looking import desks
from documents.looking.enums import NoteState, NoteVerb
from documents.looking.models import NoteEvent, PageNote, PageNoteQuerySet
from documents.models import Version


@dataclass(frozen=True, slots=True)
class ReadNote:
    """A note, its number on the page, what the reader may do with it, and the version that answers it."""

    note: PageNote
    number: int
    answered_by: Version | None
    can_edit: bool
    can_withdraw: bool
    can_settle: bool
    can_reopen: bool


def visible_notes(user: Any, owner_kind: str, owner_id: uuid.UUID) -> PageNoteQuerySet:
    """The notes on an owner's files that the person reads: all, or those that were sent.

    Whether the person reads the files at all is asked elsewhere.
    """
    rows = PageNote.objects.of_owner(owner_kind, owner_id).select_related(
        "version__document", "version__file", "author", "settled_by", "withdrawn_by"
    )
    if desks.sees_drafts(user, owner_kind, owner_id):
        # What its author dropped before it was sent is nobody's business any more.
        return rows.exclude(sent_at__isnull=True, withdrawn_at__isnull=False)
    return rows.filter(sent_at__isnull=False)


def notes_on(user: Any, version: Version, page: int | None = None) -> list[ReadNote]:
    """The notes on a version, or on one page of it, for a reader; three queries."""
    document = version.document
    rows = visible_notes(user, document.owner_kind, document.owner_id).filter(version=version)
    if page is not None:
        rows = rows.filter(page=page)
    return read(user, rows.order_by("page", "created_at", "pk"))


def open_before(user: Any, version: Version) -> list[ReadNote]:
    """Notes on earlier versions of the slot that are still open, or whose answer this version is."""
    document = version.document
    rows = visible_notes(user, document.owner_kind, document.owner_id).exclude(version=version)
    rows = rows.filter(withdrawn_at__isnull=True, settled_at__isnull=True)
    here = Q(version__document=document, version__number__lt=version.number)
    answered_here = Q(answer_code=document.code, answer_label=document.label, sent_at__lt=version.uploaded_at)
    return read(user, rows.filter(here | answered_here).order_by("version__number", "page", "created_at", "pk"))


def notes_sent_with(
    user: Any, owner_kind: str, owner_id: uuid.UUID, request_id: uuid.UUID
) -> dict[int, list[ReadNote]]:
    """The notes that went out with a request, by its points."""
    rows = (
        visible_notes(user, owner_kind, owner_id).filter(sent_with=request_id).order_by("point", "page", "created_at")
    )
    found: dict[int, list[ReadNote]] = {}
    for line in read(user, rows):
        found.setdefault(line.note.point or 0, []).append(line)
    return found


def to_send(owner_kind: str, owner_id: uuid.UUID, desk: str) -> list[PageNote]:
    """Notes of a desk that were not sent, by slot, version and page."""
    rows = PageNote.objects.of_owner(owner_kind, owner_id).in_state(NoteState.DRAFT).filter(desk=desk)
    order = ("version__document__code", "version__document__label", "version__number", "page", "created_at", "pk")
    return list(rows.select_related("version__document", "version__file", "author").order_by(*order))


def read(user: Any, notes: Iterable[PageNote]) -> list[ReadNote]:
    """Notes of one owner with what the reader may do."""
    rows = list(notes)
    if not rows:
        return []
    document = rows[0].version.document
    desk = desks.desk_of(user, document.owner_kind, document.owner_id)
    settled = desks.settles(user, document.owner_kind, document.owner_id)
    answers = answers_to(rows)
    numbers: dict[tuple[Any, int], int] = {}
    found = []
    for note in rows:
        place = (note.version_id, note.page)
        numbers[place] = numbers.get(place, 0) + 1
        is_at_desk, may_settle = note.desk == desk, note.desk in settled
        is_own_draft = is_at_desk and note.standing == NoteState.DRAFT and note.author_id == user.pk
        is_sent, is_settled = note.standing == NoteState.SENT, note.standing == NoteState.SETTLED
        found.append(ReadNote(
            note, numbers[place], answers.get(note.pk), can_edit=is_own_draft,
            can_withdraw=is_own_draft or (is_at_desk and is_sent), can_settle=may_settle and is_sent,
            can_reopen=may_settle and is_settled,
        ))  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Sending:
    """Notes that went out together with one request: who sent them and when, and by version the notes in their order."""

    by: Any
    at: dt.datetime
    desk: str
    notes: dict[Version, list[PageNote]]

    @property
    def count(self) -> int:
        """How many they are."""
        return sum(len(notes) for notes in self.notes.values())


def sendings(owner_kind: str, owner_id: uuid.UUID) -> list[Sending]:
    """What notes were sent with each request on an owner's files, the first first; one query."""
    events = NoteEvent.objects.filter(
        verb=NoteVerb.SEND, note__version__document__owner_kind=owner_kind, note__version__document__owner_id=owner_id
    ).select_related("by", "note__version__file")
    found: dict[Any, Sending] = {}
    for event in events.order_by("at", "note__version__number", "note__page", "pk"):
        note = event.note
        sending = found.setdefault(note.sent_with, Sending(event.by, event.at, note.desk, {}))
        sending.notes.setdefault(note.version, []).append(note)
    return list(found.values())


def answers_to(notes: list[PageNote]) -> dict[uuid.UUID, Version]:
    """By note of one owner: the newest version in the slot of each note's answer that came after it was sent; one query."""
    sent = [note for note in notes if note.sent_at]
    if not sent:
        return {}
    document = sent[0].version.document
    rows = Version.objects.live().of_owner(document.owner_kind, document.owner_id).select_related("document", "file")
    newest: dict[tuple[str, str], Version] = {}
    for version in rows.filter(uploaded_at__gt=min(n.sent_at for n in sent if n.sent_at)).order_by("number"):
        newest[(version.document.code, version.document.label)] = version
    found = {}
    for note in sent:
        answer = newest.get((note.answer_code, note.answer_label))
        if answer is not None and note.sent_at and answer.uploaded_at > note.sent_at:
            found[note.pk] = answer
    return found
