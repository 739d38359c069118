"""Files on their way: taken whole or in parts, paused, broken off, gone on with, and handed over to the check.

The order is fixed: the row, then the parts, then the store joins them, then size, hash and type by content are looked
at, and only then is there a version. Killed after any step, the same call or the sweep goes on; nobody starts over.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from documents import access, storage
from documents.enums import Bucket, UploadState
from documents.formats import HEAD_BYTES, MIME, agrees, by_extension, family_of
from documents.models import StoredFile, Upload
from documents.services import DocumentsError
from documents.slots import SlotType, type_of
from documents.upload import UploadRefused, check_promise, clean_name, discard, receive

# What one person may have on its way at once; a page sends a few at a time.
MAX_OPEN = 300
SHA256 = re.compile(r"[0-9a-f]{64}|")


class NotOnItsWay(DocumentsError):
    """The upload has ended already, or never was."""


class PartRefused(DocumentsError):
    """The part has no such number, or not the length that was promised."""


class Incomplete(DocumentsError):
    """Not all parts are there yet."""

    def __init__(self, missing: list[int]) -> None:
        super().__init__(_("Not all of the file has arrived yet. The upload goes on where it stopped."))
        self.missing = missing


def begin(
    *,
    owner_kind: str,
    owner_id: uuid.UUID,
    code: str,
    label: str = "",
    name: str,
    size: int,
    sha256: str = "",
    mark: str = "",
    note: str = "",
    by: Any,
    now: dt.datetime,
) -> Upload:
    """Begin an upload, or find the one that broke off: same person, slot, name, size and `mark` (the sender's own).

    Raises PermissionDenied, and UploadRefused for what can be said before a byte has come.
    """
    _demand_right(by, owner_kind, owner_id)
    slot, name = type_of(code), clean_name(name)
    _guard(slot, name, size, sha256)
    place = {"owner_kind": owner_kind, "owner_id": owner_id, "code": code, "label": label}
    known = Upload.objects.open().filter(**place, begun_by=by, size=size, mark=mark, file__name=name)
    found = known.select_related("file").order_by("-begun_at").first() if mark else None
    upload = found or _make(place, slot, name, size, sha256, mark, note, by, now)
    _open_parts(upload)
    return upload


def _guard(slot: SlotType, name: str, size: int, sha256: str) -> None:
    check_promise(slot, name, size)
    if not SHA256.fullmatch(sha256):
        raise UploadRefused("unfinished", name)


def _make(
    place: dict[str, Any], slot: SlotType, name: str, size: int, sha256: str, mark: str, note: str, by: Any,
    now: dt.datetime,
) -> Upload:  # fmt: skip
    if Upload.objects.open().filter(begun_by=by).count() >= MAX_OPEN:
        raise UploadRefused("too_many_open", name, limit=MAX_OPEN)
    promised = by_extension(name)
    assert promised is not None
    file_id = uuid.uuid4()
    is_form = storage.store(Bucket.QUARANTINE).links() is not None and size <= settings.UPLOAD_PART_BYTES
    with transaction.atomic():
        file = StoredFile.objects.create(
            uuid=file_id, key=storage.key_of(file_id), name=name, uploaded_by=by, created_at=now
        )
        return Upload.objects.create(
            **place, file=file, note=note, size=size, content_type=MIME[promised], sha256=sha256, mark=mark[:64],
            part_size=settings.UPLOAD_PART_BYTES, is_form=is_form, begun_by=by, begun_at=now, last_at=now,
        )  # fmt: skip


def _open_parts(upload: Upload) -> None:
    """Have the store open the upload in parts, unless it has; the row keeps the store's token."""
    if upload.is_form or upload.token:
        return
    store = storage.store(Bucket.QUARANTINE)
    token = store.begin_parts(upload.file.key, upload.content_type)
    if not Upload.objects.filter(pk=upload.pk, token="").update(token=token):
        store.abort_parts(upload.file.key, token)
        upload.refresh_from_db(fields=["token"])
        return
    upload.token = token


def find(*, upload_id: uuid.UUID, by: Any) -> Upload:
    """An upload of this person, who may still write into its slot. Raises PermissionDenied for every other."""
    found = Upload.objects.select_related("file", "version").filter(pk=upload_id, begun_by=by).first()
    if found is None:
        raise PermissionDenied
    _demand_right(by, found.owner_kind, found.owner_id)
    return found


def left_of(owner_kind: str, owner_id: uuid.UUID, by: Any) -> list[Upload]:
    """What this person has begun for an owner and not finished, the oldest first."""
    rows = Upload.objects.open().filter(owner_kind=owner_kind, owner_id=owner_id, begun_by=by)
    return list(rows.select_related("file").order_by("begun_at", "pk"))


def arrived(upload: Upload) -> list[int]:
    """Numbers of the parts that are whole in the store."""
    if upload.is_form or upload.state != UploadState.OPEN or not upload.token:
        return []
    try:
        parts = storage.store(Bucket.QUARANTINE).parts(upload.file.key, upload.token)
    except FileNotFoundError:
        return []
    return sorted(n for n, size in parts.items() if n <= upload.part_count and size == upload.size_of(n))


def is_direct() -> bool:
    """Whether browsers send bytes straight to the store."""
    return storage.store(Bucket.QUARANTINE).links() is not None


def links(upload: Upload, numbers: list[int]) -> dict[int, str]:
    """Links that the store takes, one per part, each for its number and exact length; none where bytes come through us."""
    ways = storage.store(Bucket.QUARANTINE).links()
    if ways is None or upload.is_form or upload.state != UploadState.OPEN:
        return {}
    return {n: ways.part_link(upload.file.key, upload.token, n, upload.size_of(n)) for n in numbers}


def form(upload: Upload) -> dict[str, Any]:
    """Address and fields of the form for a small file; empty where bytes come through us or in parts."""
    ways = storage.store(Bucket.QUARANTINE).links()
    if ways is None or not upload.is_form:
        return {}
    return ways.post_form(upload.file.key, upload.content_type, upload.size)


def put_part(*, upload: Upload, number: int, source: Any, length: int, now: dt.datetime) -> None:
    """Take one part through this process. Raises NotOnItsWay, PartRefused; a part sent again replaces the first."""
    _demand_open(upload)
    try:
        wanted = upload.size_of(number)
    except ValueError:
        raise PartRefused(_("There is no part %(number)s of this file.") % {"number": number}) from None
    if length != wanted:
        raise PartRefused(
            _("Part %(number)s must have %(wanted)s bytes, not %(length)s.")
            % {"number": number, "wanted": wanted, "length": length}
        )
    try:
        storage.store(Bucket.QUARANTINE).put_part(upload.file.key, upload.token, number, source, wanted)
    except storage.ShortPart:
        raise PartRefused(_("The line broke in part %(number)s. Send it again.") % {"number": number}) from None
    Upload.objects.filter(pk=upload.pk).update(last_at=now)


def touch(upload: Upload, now: dt.datetime) -> None:
    """The sender is still at work."""
    Upload.objects.open().filter(pk=upload.pk).update(last_at=now)


def complete(*, upload: Upload, now: dt.datetime) -> Upload:
    """All bytes have come: join them, and read a small file at once; a larger one is read by the worker.

    May be called again at any time. Raises Incomplete, and UploadRefused when the file is not taken.
    """
    with transaction.atomic():
        locked = _lock(upload.pk)
        if locked.state == UploadState.OPEN:
            _join(locked)
            locked.state, locked.last_at = UploadState.ARRIVED, now
            locked.save(update_fields=["state", "last_at"])
    if locked.state == UploadState.ARRIVED:
        locked = _hand_over(locked, now)
    if locked.state == UploadState.GIVEN_UP:
        raise UploadRefused(locked.problem, locked.file.name, **locked.params)
    return locked


def _lock(pk: uuid.UUID) -> Upload:
    return Upload.objects.select_for_update(of=("self",), no_key=True).select_related("file", "version").get(pk=pk)


def _join(upload: Upload) -> None:
    """One object of the promised size lies in the quarantine afterwards. Raises Incomplete."""
    store = storage.store(Bucket.QUARANTINE)
    key = upload.file.key
    if store.exists(key) and store.size(key) == upload.size:
        return
    there = arrived(upload)
    missing = [n for n in range(1, upload.part_count + 1) if n not in there]
    if missing:
        raise Incomplete(missing)
    store.finish_parts(key, upload.token)


def _hand_over(upload: Upload, now: dt.datetime) -> Upload:
    if upload.size <= settings.UPLOAD_CHECK_AT_ONCE_BYTES:
        return take_in(upload.pk, now=now)
    from documents.tasks import take_upload_in  # tasks import this module

    take_upload_in.enqueue(upload_id=str(upload.pk))
    return upload


def take_in(upload_id: uuid.UUID, *, now: dt.datetime) -> Upload:
    """Read what has arrived: size, hash, type by content; then it is a version and goes to the check.

    Idempotent. A file that is not what was promised is given up, with the reason on the row.
    """
    with transaction.atomic():
        upload = _lock(upload_id)
        if upload.state != UploadState.ARRIVED:
            return upload
        try:
            _become_version(upload, now)
        except UploadRefused as refusal:
            _end(upload, UploadState.GIVEN_UP, now, problem=refusal.code, params=refusal.params)
    return upload


def _become_version(upload: Upload, now: dt.datetime) -> None:
    file = upload.file
    try:
        written = storage.digest(Bucket.QUARANTINE, file.key)
    except FileNotFoundError:
        discard(file=file, problem="unfinished", params={}, now=now)
        raise UploadRefused("unfinished", file.name) from None
    if written.size != upload.size or upload.sha256 not in {"", written.sha256}:
        discard(file=file, problem="arrived_altered", params={}, now=now)
        raise UploadRefused("arrived_altered", file.name)
    _demand_type(file, now)
    if not access.may_write(upload.begun_by, upload.owner_kind, upload.owner_id):
        discard(file=file, problem="slot_closed", params={}, now=now)
        raise UploadRefused("slot_closed", file.name)
    version = receive(
        owner_kind=upload.owner_kind, owner_id=upload.owner_id, code=upload.code, label=upload.label, file=file,
        written=written, note=upload.note, now=now,
    )  # fmt: skip
    upload.version = version
    _end(upload, UploadState.DONE, now)


def _demand_type(file: StoredFile, now: dt.datetime) -> None:
    with storage.store(Bucket.QUARANTINE).stream(file.key) as chunks:
        head = chunks.source.read(HEAD_BYTES)
    promised = by_extension(file.name)
    assert promised is not None
    if agrees(promised, head):
        return
    found = family_of(head)
    code, params = ("program" if found == "program" else "mismatch"), {"promised": promised.value, "found": found.value}
    discard(file=file, problem=code, params=params, now=now)
    raise UploadRefused(code, file.name, **params)


def _end(upload: Upload, state: UploadState, now: dt.datetime, problem: str = "", params: Any = None) -> None:
    upload.state, upload.ended_at, upload.problem, upload.params = state, now, problem, params or {}
    upload.save(update_fields=["state", "ended_at", "problem", "params", "version"])


def give_up(*, upload: Upload, problem: str, now: dt.datetime) -> Upload:
    """End an upload that is still on its way and remove what has come of it; nothing happens to one that has ended."""
    with transaction.atomic():
        locked = _lock(upload.pk)
        if locked.state not in {UploadState.OPEN, UploadState.ARRIVED}:
            return locked
        _end(locked, UploadState.GIVEN_UP, now, problem=problem)
        discard(file=locked.file, problem="unfinished", params={}, now=now)
    if locked.token:
        storage.store(Bucket.QUARANTINE).abort_parts(locked.file.key, locked.token)
    return locked


def _demand_open(upload: Upload) -> None:
    if upload.state != UploadState.OPEN:
        raise NotOnItsWay(_("This upload has ended. Choose the file again."))


def _demand_right(by: Any, owner_kind: str, owner_id: uuid.UUID) -> None:
    if not access.may_write(by, owner_kind, owner_id):
        raise PermissionDenied
