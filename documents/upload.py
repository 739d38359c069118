"""Take files in: row first, then the bytes, then the check, then the clean bucket. Killed in between, the sweep goes on."""

from __future__ import annotations

import datetime as dt
import logging
import unicodedata
import uuid
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max

from documents import access, leases, limits, messages, outage, scanning, statements, storage
from documents.enums import Bucket, ScanState
from documents.formats import HEAD_BYTES, Family, Format, agrees, by_extension, family_of
from documents.models import Document, StoredFile, Version
from documents.services import DocumentsError
from documents.slots import SlotType, type_of

logger = logging.getLogger(__name__)

MACRO_ENDINGS = (".xlsm", ".xltm", ".xlam", ".xlsb", ".docm", ".dotm", ".pptm")
NAME_LENGTH = 200
SLOT = ("owner_kind", "owner_id", "code", "label")


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
    if by is not None:
        demand_room(limits.room_of(owner_kind, owner_id, by), name)
    file = _row(name, by, now)
    written = _take_bytes(file, upload, slot, now)
    place = Document(owner_kind=owner_kind, owner_id=owner_id, code=code, label=label, created_at=now)
    lease = leases.Lease((file.pk,), now) if scanning.is_checked_at_once(written.size) else None
    return _checked(_receive(place, file, written, note, now, lease), now, lease)


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


def demand_room(room: limits.Room, name: str) -> None:
    """One more file may be begun. Raises UploadRefused, which says how many there may be and what to do."""
    code, limit = room.objection()
    if code:
        raise UploadRefused(code, name, limit=limit)


def _row(name: str, by: Any, now: dt.datetime) -> StoredFile:
    file_id = uuid.uuid4()
    file = StoredFile(uuid=file_id, key=storage.key_of(file_id), name=name, uploaded_by=by, created_at=now)
    statements.insert([file])
    return file


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
    """Give up a file that becomes no version: the row says why, the bytes go once the row has said it for good."""
    file.scan_state = ScanState.FAILED if problem == "unfinished" else ScanState.REFUSED
    file.scan_verdict, file.scanned_at, file.discarded_at = {"problem": problem, "params": params}, now, now
    file.lease = file.leased_until = None
    file.save(update_fields=["scan_state", "scan_verdict", "scanned_at", "discarded_at", *leases.NOBODY])
    transaction.on_commit(lambda: storage.remove(Bucket.QUARANTINE, file.key))


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
    waits: bool = True,
    may_write: access.Judge | None = None,
) -> Version:
    """Make a version of a file whose bytes lie in the quarantine, and have it checked once that is committed.

    A small file is checked before the caller goes on, where somebody `waits` for it. `may_write`: of an owner that
    the caller has locked already.

    Raises UploadRefused when the slot holds the same content already; then the file is discarded.
    """
    place = Document(owner_kind=owner_kind, owner_id=owner_id, code=code, label=label, created_at=now)
    lease = leases.Lease((file.pk,), now) if waits and scanning.is_checked_at_once(written.size) else None
    version = _receive(place, file, written, note, now, lease, may_write)
    from documents.tasks import check_file  # tasks import this module

    if lease is not None:
        # What goes wrong here is the sweep's: the file is received, and its sender need not send it again.
        transaction.on_commit(lambda: scanning.check(file.pk, now=now, held=lease), robust=True)
    else:
        check_file.enqueue(file_id=str(file.pk))  # a row like the others: there with them, or not at all
    return version


def _receive(
    place: Document,
    file: StoredFile,
    written: storage.Written,
    note: str,
    now: dt.datetime,
    lease: leases.Lease | None,
    may_write: access.Judge | None = None,
) -> Version:
    """Stamp the file as received and give it the next number of its slot, unless the slot has the same content.

    The right is asked again once the owner is locked: it may have been handed in while the bytes were on their way.
    `lease`: the check follows at once; it is counted, and the file is its own, from the receipt on.
    """
    with transaction.atomic():
        may_write = may_write or access.lock(place.owner_kind, place.owner_id)
        document, is_new = statements.claim(place, SLOT)
        file.size, file.sha256, file.received_at = written.size, written.sha256, now
        file.scan_attempts = int(lease is not None)
        file.lease, file.leased_until = (lease.token, lease.until) if lease is not None else (None, None)
        names = ["size", "sha256", "received_at", "scan_attempts", *leases.NOBODY]
        statements.update(file, names, still={})
        problem, params = _objection(None if is_new else document, file, may_write)
        if not problem:
            version = Version(
                document=document, number=1 if is_new else _next_number(document), file=file, note=note,
                uploaded_by=file.uploaded_by, uploaded_at=now,
            )  # fmt: skip
            statements.insert([version])
            return version
        discard(file=file, problem=problem, params=params, now=now)
    raise UploadRefused(problem, file.name, **params)


def _objection(document: Document | None, file: StoredFile, may_write: access.Judge) -> tuple[str, dict[str, Any]]:
    """Why a file that has arrived becomes no version: the owner is closed, or a slot that was there has it already."""
    if file.uploaded_by is not None and not may_write(file.uploaded_by):
        return "slot_closed", {}
    if document is None:
        return "", {}
    current = document.versions.live().select_related("file").order_by("-number").first()
    if current is not None and current.file.sha256 == file.sha256:
        return "same", {"number": current.number}
    return "", {}


def _next_number(document: Document) -> int:
    last = document.versions.aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def _checked(version: Version, now: dt.datetime, lease: leases.Lease | None) -> Version:
    if lease is None:
        from documents.tasks import check_file  # tasks import this module

        transaction.on_commit(lambda: check_file.enqueue(file_id=str(version.file_id)))
        return version
    try:
        file = scanning.check(version.file_id, now=now, held=lease)
    except Exception as error:
        if not outage.is_store_away(error):
            raise
        logger.exception("File %s is received, and checked when the store is back", version.file_id)
        version.refresh_from_db()
        return version
    if file.scan_state == ScanState.REFUSED:
        raise UploadRefused(file.scan_verdict["problem"], file.name, **file.scan_verdict.get("params", {}))
    if not file.is_stored:
        version.refresh_from_db()
    version.file = file
    return version
