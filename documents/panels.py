"""What the slot part shows: the same for the tag on a page and for the views that answer it."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import slugify

from documents import access, messages, slots
from documents.enums import ScanLevel, ScanState
from documents.models import StoredFile
from documents.queries import Slot, slot_of, slots_of

_BOOKS = "_document_books"
# What the page opens of a folder or an archive: files, bytes when unpacked, folders in each other.
LIMITS = {"files": 500, "bytes": 1024**3, "depth": 10}


class Book:
    """All slots of one owner and what the reader may do there, read once for a page."""

    def __init__(self, user: Any, owner_kind: str, owner_id: uuid.UUID) -> None:
        self.owner_kind, self.owner_id = owner_kind, owner_id
        self.may_read = access.may_read(user, owner_kind, owner_id)
        self.may_write = self.may_read and access.may_write(user, owner_kind, owner_id)
        found = slots_of(owner_kind, owner_id) if self.may_read else []
        self.slots = {(slot.code, slot.label): slot for slot in found}

    def slot(self, code: str, label: str) -> Slot:
        """One slot, empty when nothing was handed in."""
        return self.slots.get((code, label)) or Slot(self.owner_kind, self.owner_id, code, label)


def book_of(request: HttpRequest | None, user: Any, owner_kind: str, owner_id: uuid.UUID) -> Book:
    """The book of an owner for this reader, kept with the request so that ten slots cost no more than one."""
    if request is None:
        return Book(user, owner_kind, owner_id)
    books: dict[Any, Book] = request.__dict__.setdefault(_BOOKS, {})
    key = (owner_kind, owner_id, getattr(user, "pk", None))
    if key not in books:
        books[key] = Book(user, owner_kind, owner_id)
    return books[key]


def panel_of(request: HttpRequest, owner_kind: str, owner_id: uuid.UUID, code: str, label: str) -> dict[str, Any]:
    """The panel of one slot as it stands now."""
    # What no text of the database can hold names no slot.
    slot = slot_of(owner_kind=owner_kind, owner_id=owner_id, code=code, label=label.replace("\x00", ""))
    return panel(slot, can_write=access.may_write(request.user, owner_kind, owner_id))


def panel(
    slot: Slot,
    *,
    can_write: bool,
    title: str = "",
    hint: str = "",
    is_required: bool = False,
    about: str = "",
    replaces: bool = False,
) -> dict[str, Any]:
    """Template context of one slot; `about` is what names of files may call it by beside its kind: a site, a category."""
    kind = slots.type_of(slot.code, is_alone=replaces)
    address = [slot.owner_kind, slot.owner_id, slot.code]
    query = f"?{urlencode({'label': slot.label})}" if slot.label else ""
    return {
        "slot": slot,
        "kind": kind,
        "title": title or kind.title or slot.label or slot.code,
        # A title that the page gives is whole: a label may be a key that nobody reads.
        "label_shown": "" if title else slot.label,
        "hint": hint or kind.hint,
        "takes": messages.names_of(kind.types),
        "can_write": can_write,
        "is_required": is_required,
        "about": about,
        "replaces": replaces,
        "part_id": _part_id(slot),
        "slot_url": reverse("documents:slot", args=address) + query,
        "upload_url": reverse("documents:upload", args=address),
        "begin_url": reverse("documents:uploads", args=address[:2]),
        "sort_url": reverse("documents:sort", args=address[:2]),
    }


def _part_id(slot: Slot) -> str:
    # The uuid keeps apart two slots of one code, whose labels may differ in signs no id can hold.
    mark = uuid.uuid5(slot.owner_id, f"{slot.owner_kind}/{slot.code}/{slot.label}").hex[:12]
    return f"slot-{slugify(slot.code)}-{mark}"


def scan_words(file: StoredFile) -> str:
    """What the check has found, in the reader's language; never more than was really checked."""
    if file.scan_state == ScanState.CLEAN and file.is_stored:
        return str(ScanLevel(file.scan_level).label)
    if file.scan_state in {ScanState.REFUSED, ScanState.FAILED}:
        return messages.sentence(file.scan_verdict["problem"], file.name, file.scan_verdict.get("params"))
    return str(ScanState.PENDING.label)


def scan_tone(file: StoredFile) -> dict[str, str]:
    """Icon and tone of the check's finding for a badge."""
    if file.scan_state == ScanState.CLEAN and file.is_stored:
        return {"icon": "check", "tone": "good"}
    if file.scan_state in {ScanState.REFUSED, ScanState.FAILED}:
        return {"icon": "alert-triangle", "tone": "bad"}
    return {"icon": "clock", "tone": "info"}
