"""Take files in: row first, then the bytes, then the check, then the clean bucket. Killed in between, the sweep goes on."""

from __future__ import annotations

import datetime as dt
import unicodedata
import uuid
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max

from documents import access, messages, scanning, storage
from documents.enums import Bucket, ScanState
from documents.formats import HEAD_BYTES, Family, Format, agrees, by_extension, family_of
from documents.models import Document, StoredFile, Version
from documents.services import DocumentsError
from documents.slots import SlotType, type_of

MACRO_ENDINGS = (".xlsm", ".xltm", ".xlam", ".xlsb", ".docm", ".dotm", ".pptm")
NAME_LENGTH = 200


class UploadRefused(DocumentsError):
    """The file is not taken. `message` says what is wrong and what to do; `code` is the finding."""

    def __init__(self, code: str, name: str, **params: Any) -> None:
        super().__init__(messages.sentence(code, name, params))
        self.code = code
        self.params = params


def add_version(
    *,
    owner_kind: str,
    owner_id: uuid.UUID,
    code: str,
    label: str = "",
    upload: UploadedFile[Any],
    note: str = "",
    by: Any,
    now: dt.datetime,
) -> Version:
    """Add a version to a slot, making the slot at its first. Small files are checked before this returns.

    A larger file's version is returned while its check is pending. Raises UploadRefused when the file is not taken
    (then no version counts), PermissionDenied when the owner's rule does not let `by` write; None is the system.
    """
    if by is not None and not access.may_write(by, owner_kind, owner_id):
        raise PermissionDenied
    slot, name = type_of(code), clean_name(upload.name or "")
    _guard(slot, name, upload)
    document = _document(owner_kind, owner_id, code, label, now)
    file = _row(name, by, now)
    written = _take_bytes(file, upload, slot, now)
    version = _receive(document, file, written, note, now)
    return _checked(version, now)


def clean_name(name: str) -> str:
    """A name as data: no path parts, no control or direction characters, at most 200 characters with its ending."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(char for char in unicodedata.normalize("NFC", last) if unicodedata.category(char)[0] != "C").strip()
    path = PurePosixPath(kept)
    return f"{path.stem[: NAME_LENGTH - len(path.suffix)]}{path.suffix[:20]}" if kept.strip(". ") else "-"


def _guard(slot: SlotType, name: str, upload: UploadedFile[Any]) -> None:
    """What can be said before anything is kept: size, ending, and whether the first bytes agree with it."""
    promised = check_promise(slot, name, upload.size or 0)
    upload.seek(0)
    head = upload.read(HEAD_BYTES)
    upload.seek(0)
    if not agrees(promised, head):
        family = family_of(head)
        code = "program" if family is Family.PROGRAM else "mismatch"
        raise UploadRefused(code, name, promised=promised.value, found=family.value)


def check_promise(slot: SlotType, name: str, size: int) -> Format:
    """What name and size alone tell; the kind the name promises. Raises UploadRefused."""
    if size <= 0:
        raise UploadRefused("empty", name)
    if size > slot.limit:
        raise UploadRefused("too_large", name, limit_bytes=slot.limit)
    promised = by_extension(name)
    if promised is None or promised not in slot.types:
        code = "macro_type" if name.lower().endswith(MACRO_ENDINGS) else "wrong_type"
        raise UploadRefused(code, name, allowed=sorted(slot.types))
    return promised


def _document(owner_kind: str, owner_id: uuid.UUID, code: str, label: str, now: dt.datetime) -> Document:
    document, _made = Document.objects.get_or_create(
        owner_kind=owner_kind, owner_id=owner_id, code=code, label=label, defaults={"created_at": now}
    )
    return document


def _row(name: str, by: Any, now: dt.datetime) -> StoredFile:
    file_id = uuid.uuid4()
    return StoredFile.objects.create(
        uuid=file_id, key=storage.key_of(file_id), name=name, uploaded_by=by, created_at=now
    )


def _take_bytes(file: StoredFile, upload: UploadedFile[Any], slot: SlotType, now: dt.datetime) -> storage.Written:
    try:
        return storage.write(Bucket.QUARANTINE, file.key, upload, limit=slot.limit)
    except storage.TooLarge:
        discard(file=file, problem="too_large", params={"limit_bytes": slot.limit}, now=now)
        raise UploadRefused("too_large", file.name, limit_bytes=slot.limit) from None
    except Exception:
        discard(file=file, problem="unfinished", params={}, now=now)
        raise


def discard(*, file: StoredFile, problem: str, params: dict[str, Any], now: dt.datetime) -> None:
    """Give up a file that becomes no version: the row says why, the bytes go."""
    file.scan_state = ScanState.FAILED if problem == "unfinished" else ScanState.REFUSED
    file.scan_verdict, file.scanned_at, file.discarded_at = {"problem": problem, "params": params}, now, now
    file.save(update_fields=["scan_state", "scan_verdict", "scanned_at", "discarded_at"])
    storage.remove(Bucket.QUARANTINE, file.key)


def receive(
    *,
    owner_kind: str,
    owner_id: uuid.UUID,
    code: str,
    label: str,
    file: StoredFile,
    written: storage.Written,
    note: str,
    now: dt.datetime,
) -> Version:
    """Make a version of a file whose bytes lie in the quarantine, and have it checked after the commit.

    Raises UploadRefused when the slot holds the same content already; then the file is discarded.
    """
    version = _receive(_document(owner_kind, owner_id, code, label, now), file, written, note, now)
    from documents.tasks import check_file  # tasks import this module

    if scanning.is_checked_at_once(written.size):
        transaction.on_commit(lambda: scanning.check(file.pk, now=now))
    else:
        transaction.on_commit(lambda: check_file.enqueue(file_id=str(file.pk)))
    return version


def _receive(document: Document, file: StoredFile, written: storage.Written, note: str, now: dt.datetime) -> Version:
    """Stamp the file as received and give it the next number of its slot, unless the slot has the same content.

    The right is asked again once the owner is locked: it may have been handed in while the bytes were on their way.
    """
    with transaction.atomic():
        access.lock(document.owner_kind, document.owner_id)
        Document.objects.select_for_update(of=("self",), no_key=True).get(pk=document.pk)
        file.size, file.sha256, file.received_at = written.size, written.sha256, now
        file.save(update_fields=["size", "sha256", "received_at"])
        problem, params = _objection(document, file)
        if not problem:
            return Version.objects.create(
                document=document, number=_next_number(document), file=file, note=note,
                uploaded_by=file.uploaded_by, uploaded_at=now,
            )  # fmt: skip
        discard(file=file, problem=problem, params=params, now=now)
    raise UploadRefused(problem, file.name, **params)


def _objection(document: Document, file: StoredFile) -> tuple[str, dict[str, Any]]:
    """Why a file that has arrived becomes no version: the owner is closed, or the slot has it already."""
    by = file.uploaded_by
    if by is not None and not access.may_write(by, document.owner_kind, document.owner_id):
        return "slot_closed", {}
    current = document.versions.live().select_related("file").order_by("-number").first()
    if current is not None and current.file.sha256 == file.sha256:
        return "same", {"number": current.number}
    return "", {}


def _next_number(document: Document) -> int:
    last = document.versions.aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def _checked(version: Version, now: dt.datetime) -> Version:
    if not scanning.is_checked_at_once(version.file.size or 0):
        from documents.tasks import check_file  # tasks import this module

        transaction.on_commit(lambda: check_file.enqueue(file_id=str(version.file_id)))
        return version
    file = scanning.check(version.file_id, now=now)
    if file.scan_state == ScanState.REFUSED:
        raise UploadRefused(file.scan_verdict["problem"], file.name, **file.scan_verdict.get("params", {}))
    version.refresh_from_db()
    version.file = file
    return version
