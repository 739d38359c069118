"""Files on their way: taken whole or in parts, paused, broken off, gone on with, and handed over to the check.

The order is fixed: the row, then the parts, then the store joins them, then size, hash and type by content are looked
at, and only then is there a version. Killed after any step, the same call or the sweep goes on; nobody starts over.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from contextlib import suppress
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from documents import access, arrivals, leases, limits, statements, storage
from documents.arrivals import Arrived, fault_of
from documents.enums import Bucket, UploadState
from documents.formats import MIME, Format
from documents.models import StoredFile, Upload, Version
from documents.services import DocumentsError
from documents.slots import type_of
from documents.statements import Statement
from documents.upload import UploadRefused, check_promise, clean_name, demand_room, discard, receive

# An upload that ended this short ago may have ended without its sender being told; the same file finds it.
JUST_ENDED = dt.timedelta(hours=1)
# Whose other upload was seen this short ago is still sending it.
AT_WORK = dt.timedelta(minutes=1)
GOING_ON = (UploadState.OPEN, UploadState.ARRIVED)
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


class Wish(NamedTuple):
    """What a sender says of a file before it is sent. `mark` is the sender's own, and finds the same file again."""

    code: str
    name: str
    size: int
    label: str = ""
    sha256: str = ""
    mark: str = ""
    note: str = ""

    @property
    def same(self) -> tuple[Any, ...]:
        """What makes two the same: slot, name, size and mark."""
        return self.code, self.label, self.name, self.size, self.mark


def begin(*, owner_kind: str, owner_id: uuid.UUID, by: Any, now: dt.datetime, **wish: Any) -> Upload:
    """Begin an upload of a `Wish`, or find the one that broke off: same person, slot, name, size and mark.

    Raises PermissionDenied, and UploadRefused for what can be said before a byte has come.
    """
    owner = access.Owner(owner_kind, owner_id)
    return _or_raise(*begin_all(owner=owner, wishes=[Wish(**wish)], by=by, now=now))


def _or_raise(answer: Upload | DocumentsError) -> Upload:
    if isinstance(answer, DocumentsError):
        raise answer
    return answer


def begin_all(*, owner: access.Owner, wishes: list[Wish], by: Any, now: dt.datetime) -> list[Upload | DocumentsError]:
    """Begin or find an upload for each wish, in their order; what is refused stands in its place and stops no other.

    Raises PermissionDenied.
    """
    _demand_right(by, owner.kind, owner.id)
    wishes = [wish._replace(name=clean_name(wish.name), mark=wish.mark[:64]) for wish in wishes]
    found = _known(owner, wishes, by, now)
    known = {upload.pk for upload in found.values()}
    answers = _begun(owner, wishes, found, by, now)
    begun = {answer.pk: answer for answer in answers if isinstance(answer, Upload)}
    fresh = [upload for pk, upload in begun.items() if pk not in known]
    with transaction.atomic():
        if fresh:
            statements.insert([upload.file for upload in fresh])
            statements.insert(fresh)
        Upload.objects.open().filter(pk__in=known).update(last_at=now)
    for upload in begun.values():
        _open_parts(upload)
    return answers


def _known(owner: access.Owner, wishes: list[Wish], by: Any, now: dt.datetime) -> dict[tuple[Any, ...], Upload]:
    """The uploads that these very files broke off in, or have just ended in without the sender being told."""
    marks = {wish.mark for wish in wishes} - {""}
    ended = Q(state=UploadState.DONE, ended_at__gt=now - JUST_ENDED, version__withdrawn_at__isnull=True)
    rows = Upload.objects.filter(
        Q(state__in=GOING_ON) | ended, owner_kind=owner.kind, owner_id=owner.id, begun_by=by, mark__in=marks
    )
    found: dict[tuple[Any, ...], Upload] = {}
    for row in rows.select_related("file", "version").order_by("-begun_at", "pk") if marks else ():
        found.setdefault((row.code, row.label, row.file.name, row.size, row.mark), row)
    return {wish.same: found[wish.same] for wish in wishes if wish.same in found and not _is_over(found[wish.same])}


def _is_over(upload: Upload) -> bool:
    """Whether what it ended in has been replaced since."""
    version = upload.version
    if version is None:
        return False
    return Version.objects.live().filter(document=version.document_id, number__gt=version.number).exists()


def _begun(
    owner: access.Owner, wishes: list[Wish], found: dict[tuple[Any, ...], Upload], by: Any, now: dt.datetime
) -> list[Upload | DocumentsError]:
    """An upload for each wish, found or not kept yet, or why there is none; the same file named twice is one."""
    answers: list[Upload | DocumentsError] = []
    room = None
    for wish in wishes:
        try:
            promised = _guard(wish)
            upload = found.get(wish.same)
            if upload is None:
                room = room or limits.room_of(owner.kind, owner.id, by)
                demand_room(room, wish.name)
                room.take()
                upload = _made(owner, wish, promised, by, now)
                found |= {wish.same: upload} if wish.mark else {}
            answers.append(upload)
        except UploadRefused as refusal:
            answers.append(refusal)
    return list(answers)


def _guard(wish: Wish) -> Format:
    promised = check_promise(type_of(wish.code), wish.name, wish.size)
    if not SHA256.fullmatch(wish.sha256):
        raise UploadRefused("unfinished", wish.name)
    return promised


def _made(owner: access.Owner, wish: Wish, promised: Format, by: Any, now: dt.datetime) -> Upload:
    file_id = uuid.uuid4()
    file = StoredFile(uuid=file_id, key=storage.key_of(file_id), name=wish.name, uploaded_by=by, created_at=now)
    return Upload(
        owner_kind=owner.kind, owner_id=owner.id, code=wish.code, label=wish.label, file=file, note=wish.note,
        size=wish.size, content_type=MIME[promised], sha256=wish.sha256, mark=wish.mark,
        part_size=settings.UPLOAD_PART_BYTES, is_form=is_direct() and wish.size <= settings.UPLOAD_PART_BYTES,
        begun_by=by, begun_at=now, last_at=now,
    )  # fmt: skip


def _open_parts(upload: Upload) -> None:
    """Have the store open the upload in parts, unless it has; the row keeps the store's token."""
    if upload.is_form or upload.token or upload.state != UploadState.OPEN:
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
    found = find_all(upload_ids=[upload_id], by=by)
    if not found:
        raise PermissionDenied
    return found[0]


def find_all(*, upload_ids: list[uuid.UUID], by: Any) -> list[Upload]:
    """Those of the uploads that are this person's, who may still write into their slots; the others are missing."""
    rows = list(Upload.objects.select_related("file", "version").filter(pk__in=upload_ids, begun_by=by))
    owners = {(row.owner_kind, row.owner_id) for row in rows}
    allowed = {owner for owner in owners if access.may_write(by, *owner)}
    return [row for row in rows if (row.owner_kind, row.owner_id) in allowed]


def left_of(owner_kind: str, owner_id: uuid.UUID, by: Any) -> QuerySet[Upload]:
    """What this person has begun for an owner and not finished, the oldest first."""
    rows = Upload.objects.open().filter(owner_kind=owner_kind, owner_id=owner_id, begun_by=by)
    return rows.select_related("file", "version").order_by("begun_at", "pk")


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
    if ways is None or not upload.is_form or upload.state != UploadState.OPEN:
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


def complete_all(*, uploads: list[Upload], now: dt.datetime) -> dict[uuid.UUID, Upload | DocumentsError]:
    """All bytes have come: small files are read at once; larger ones are joined and read by the worker.

    `uploads` as they were just read; what is not whole or refused stands in its place and stops no other. A small file
    that comes alone is checked at once, too; of many, each is checked by the worker. May be called again at any time.
    """
    answers: dict[uuid.UUID, Upload | DocumentsError] = {upload.pk: upload for upload in uploads}
    for upload in uploads:
        try:
            _arrive(upload, now)
        except Incomplete as error:
            answers[upload.pk] = error
    whole = [upload for upload in uploads if answers[upload.pk] is upload and upload.state in GOING_ON]
    answers |= _hand_over(whole, now) if whole else {}
    for pk, answer in answers.items():
        if isinstance(answer, Upload) and answer.state == UploadState.GIVEN_UP:
            answers[pk] = UploadRefused(answer.problem, answer.file.name, **answer.params)
    return answers


def _arrive(upload: Upload, now: dt.datetime) -> None:
    """All parts are there, and its row says so; a small file comes as one, which is seen when it is read.

    Raises Incomplete.
    """
    if upload.state != UploadState.OPEN or upload.is_form:
        return
    _demand_whole(upload)
    _say_arrived(upload, now)


def _say_arrived(upload: Upload, now: dt.datetime) -> None:
    if Upload.objects.open().filter(pk=upload.pk).update(state=UploadState.ARRIVED, last_at=now):
        upload.state, upload.last_at = UploadState.ARRIVED, now
    else:
        upload.refresh_from_db(fields=["state", "version", "problem", "params"])


def _locked(pk: uuid.UUID) -> Any:
    rows = Upload.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("file", "version").filter(pk=pk)


LOCKED = Statement(_locked, pk=uuid.UUID)


def _lock(pk: uuid.UUID) -> Upload:
    for upload in LOCKED.instances(pk=pk):
        return cast("Upload", upload)
    raise Upload.DoesNotExist(pk)


def take_in_form(upload: Upload, now: dt.datetime) -> None:
    """Take in a small file that the store has whole, though nobody has said so: its sender, or the server, went away."""
    if _is_joined(upload):
        _say_arrived(upload, now)
        take_in(upload.pk, now=now)


def _is_joined(upload: Upload) -> bool:
    """Whether one object of the promised size lies in the quarantine."""
    with suppress(FileNotFoundError):
        return storage.store(Bucket.QUARANTINE).size(upload.file.key) == upload.size
    return False


def _demand_whole(upload: Upload) -> None:
    """All of it has arrived, in parts or as one object. Raises Incomplete."""
    there = arrived(upload)
    missing = [n for n in range(1, upload.part_count + 1) if n not in there]
    if missing and not _is_joined(upload):
        raise Incomplete(missing)


def _join(upload: Upload) -> None:
    """One object of the promised size lies in the quarantine afterwards, where all parts are there."""
    if not upload.is_form and not _is_joined(upload):
        with suppress(FileNotFoundError):
            storage.store(Bucket.QUARANTINE).finish_parts(upload.file.key, upload.token)


def _hand_over(uploads: list[Upload], now: dt.datetime) -> dict[uuid.UUID, Upload | DocumentsError]:
    from documents.tasks import take_upload_in  # tasks import this module

    small = [upload for upload in uploads if upload.size <= settings.UPLOAD_CHECK_AT_ONCE_BYTES]
    for upload in uploads:
        if upload not in small:
            take_upload_in.enqueue(upload_id=str(upload.pk))
    return _take_all(small, now) if small else {}


def take_in(upload_id: uuid.UUID, *, now: dt.datetime) -> Upload:
    """Join and read what has arrived: size, hash, type by content; then it is a version and goes to the check.

    Idempotent. No row is locked meanwhile: a lease keeps others away, and what another process is at work on is left
    to it. A file that is not what was promised is given up, with the reason on the row.
    """
    upload = Upload.objects.select_related("file", "version").get(pk=upload_id)
    if upload.state != UploadState.ARRIVED:
        return upload
    return _or_raise(_take_all([upload], now)[upload.pk])


def _take_all(uploads: list[Upload], now: dt.datetime) -> dict[uuid.UUID, Upload | DocumentsError]:
    """Read them, then write all down in one transaction."""
    answers: dict[uuid.UUID, Upload | DocumentsError] = {upload.pk: upload for upload in uploads}
    read: dict[uuid.UUID, Arrived | None] = {}
    lease = leases.to_read([upload.file_id for upload in uploads], now)
    own = [upload for upload in uploads if upload.file_id in lease.file_ids]
    for upload in uploads:
        if upload not in own:
            _say_arrived(upload, now)  # somebody else is reading it
    with leases.kept(lease):
        for upload, arrived in zip(own, _read_all(own), strict=True):
            if arrived is None and upload.state == UploadState.OPEN:
                lease.release(upload.file_id)
                answers[upload.pk] = Incomplete([1])
            else:
                read[upload.pk] = arrived
        waits = len(uploads) == 1 and not _is_one_of_many(uploads[0], now)
        with transaction.atomic():
            locked = _Locked(lease.token)
            answers |= {pk: _ended(pk, read[pk], locked, now, waits=waits) for pk in sorted(read)}
    return answers


def _read_all(uploads: list[Upload]) -> list[Arrived | None]:
    for upload in uploads:
        _join(upload)
    return arrivals.read_all([upload.file.key for upload in uploads])


class _Locked:
    """Owners and senders of the files of one transaction: each owner is locked, and each right read, once."""

    def __init__(self, lease: uuid.UUID) -> None:
        self.lease = lease
        self._owners: dict[tuple[str, uuid.UUID], access.Judge] = {}
        self._people: dict[int, Any] = {}

    def judge_of(self, upload: Upload) -> access.Judge:
        """Who may write to the upload's owner, which is locked from here on."""
        owner = upload.owner_kind, upload.owner_id
        if owner not in self._owners:
            self._owners[owner] = access.lock(*owner)
        return self._owners[owner]

    def know_sender(self, upload: Upload) -> None:
        """The same person's rights are not read again for the next file."""
        if upload.begun_by_id not in self._people:
            self._people[upload.begun_by_id] = upload.begun_by
        upload.file.uploaded_by = self._people[upload.begun_by_id]


def _ended(pk: uuid.UUID, arrived: Arrived | None, locked: _Locked, now: dt.datetime, *, waits: bool) -> Upload:
    """Make a version of what was read, or give it up; whoever has ended it or taken it over meanwhile was first."""
    upload = _lock(pk)
    if upload.state not in GOING_ON or upload.file.lease != locked.lease:
        return upload
    try:
        _become_version(upload, arrived, locked, now, waits=waits)
    except UploadRefused as refusal:
        _end(upload, UploadState.GIVEN_UP, now, problem=refusal.code, params=refusal.params)
    return upload


def _become_version(upload: Upload, arrived: Arrived | None, locked: _Locked, now: dt.datetime, *, waits: bool) -> None:
    file = upload.file
    code, params = fault_of(upload, arrived)
    if arrived is None or code:
        discard(file=file, problem=code, params=params, now=now)
        raise UploadRefused(code, file.name, **params)
    locked.know_sender(upload)
    upload.version = receive(
        owner_kind=upload.owner_kind, owner_id=upload.owner_id, code=upload.code, label=upload.label, file=file,
        written=arrived.written, note=upload.note, now=now, waits=waits,
        may_write=locked.judge_of(upload),
    )  # fmt: skip
    _end(upload, UploadState.DONE, now)


def _is_one_of_many(upload: Upload, now: dt.datetime) -> bool:
    """Whether its sender has others on their way: then the check is left to the worker, and the line is not held up."""
    others = Upload.objects.filter(state__in=GOING_ON, begun_by=upload.begun_by_id, last_at__gt=now - AT_WORK)
    return others.exclude(pk=upload.pk).exists()


def _end(upload: Upload, state: UploadState, now: dt.datetime, problem: str = "", params: Any = None) -> None:
    upload.state, upload.ended_at, upload.problem, upload.params = state, now, problem, params or {}
    statements.update(upload, ["state", "ended_at", "problem", "params", "version"], still={})


def give_up(*, upload: Upload, problem: str, now: dt.datetime) -> Upload:
    """End an upload that is still on its way and remove what has come of it; nothing happens to one that has ended."""
    with transaction.atomic():
        locked = _lock(upload.pk)
        if locked.state not in GOING_ON:
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
