"""Hand out files: the only way a byte leaves the store. Rule, check, log, then the bytes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from documents import access, bundle, messages, orphans, queries, statements, storage
from documents.enums import Purpose, ScanState
from documents.models import AccessLog, Snapshot, StoredFile, Version
from documents.services import DocumentsError
from documents.statements import Statement

# What a handed-out file may do in a browser: nothing. The PDF viewers of browsers do not start in a sandbox, so a PDF
# is held by the other directives alone.
SANDBOX = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
LOGGED_AT_ONCE = 500
PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"


class NotServable(DocumentsError):
    """The person may read the file, but it is not handed out: not checked, refused, or lost."""


class Found(NamedTuple):
    """A file and the version for which it is asked for; papers lie in no slot and have none."""

    file: StoredFile
    version: Version | None


def find(*, user: Any, file_id: uuid.UUID) -> Found:
    """The file of the version of this uuid, or of this uuid itself: then of the newest version the person may read.

    Raises Http404 for who may not read it.
    """
    for version in OF_FILE.instances(file=file_id):
        if access.may_read(user, version.document.owner_kind, version.document.owner_id):
            return Found(version.file, version)
    file = StoredFile.objects.filter(pk=file_id).first()
    if file is None or not access.may_read_file(user, file):
        raise Http404
    return Found(file, None)


def _of_file(file: uuid.UUID) -> Any:
    found = Version.objects.live().filter(Q(pk=file) | Q(file=file))
    return found.select_related("file", "document").order_by("-uploaded_at", "-pk")


# Asked before each look.
OF_FILE = Statement(_of_file, file=uuid.UUID)


def hand_out(
    *,
    file: StoredFile,
    version: Version | None = None,
    user: Any,
    purpose: Purpose,
    ip: str | None,
    now: dt.datetime,
) -> HttpResponseBase:
    """The response with the file's bytes, or with a link to them that the store takes for a minute.

    Who was handed it is committed before the first byte, or the link, leaves.

    Raises NotServable when the file is not checked far enough, or its bytes are not there.
    """
    if not file.is_servable:
        raise NotServable(why_not(file))
    link = _link(file) if purpose == Purpose.DOWNLOAD else ""
    if link:
        log([Found(file, version)], user=user, purpose=purpose, ip=ip, now=now)
        return _to_store(link)
    chunks = _opened(file)
    try:
        log([Found(file, version)], user=user, purpose=purpose, ip=ip, now=now)
        return _response(file, chunks, is_inline=purpose == Purpose.VIEW)
    except BaseException:
        chunks.close()
        raise


def _opened(file: StoredFile) -> storage.Chunks:
    """The bytes as they lie in the store. Raises NotServable when they are not there."""
    try:
        return storage.store(file.bucket).stream(file.key)
    except FileNotFoundError:
        raise NotServable(
            _("The stored file cannot be found. Please tell your administrator; nothing you did caused this.")
        ) from None


def log(looks: Iterable[Found], *, user: Any, purpose: Purpose, ip: str | None, now: dt.datetime) -> None:
    """Write down looks at files, each for its version's owner, together; committed when this returns."""
    with transaction.atomic(durable=True):
        for some in orphans.batches(looks, LOGGED_AT_ONCE):
            statements.insert([
                AccessLog(file=look.file, version=look.version, user=user, at=now, ip=ip, purpose=purpose)
                for look in some
            ])  # fmt: skip


def _link(file: StoredFile) -> str:
    """A link straight to the store, for what is kept and not looked at; empty where bytes come through us.

    A store cannot say "nosniff": what a browser shows comes through us, and what it keeps has no type to sniff at.
    """
    ways = storage.store(file.bucket).links()
    return ways.download_link(file.key, file.name) if ways is not None else ""


def _to_store(link: str) -> HttpResponseBase:
    response = HttpResponseRedirect(link)
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def hand_out_all(
    *,
    owner_kind: str,
    owner_id: uuid.UUID,
    code: str = "",
    snapshot: uuid.UUID | None = None,
    user: Any,
    ip: str | None,
    now: dt.datetime,
) -> StreamingHttpResponse:
    """All files of an owner, of its slots of one code, or as handed in at one moment, as a ZIP with an index of hashes.

    Each is logged before, and before that the store is asked for the first: half a ZIP cannot be taken back.

    Raises Http404 for who may not read them, NotServable when there is none or one is not handed out.
    """
    if not access.may_read(user, owner_kind, owner_id):
        raise Http404
    rows = _wanted(owner_kind, owner_id, code, snapshot)
    unfit = next((version.file for version in rows if not version.file.is_servable), None)
    if unfit is not None:
        raise NotServable(why_not(unfit))
    if not rows:
        raise NotServable(_("There are no files here yet."))
    _opened(rows[0].file).close()
    entries = bundle.entries_of(rows, access.titles_of(owner_kind, owner_id))
    log((Found(version.file, version) for version in rows), user=user, purpose=Purpose.BUNDLE, ip=ip, now=now)
    response = StreamingHttpResponse(bundle.stream(entries), content_type="application/zip")
    name = f"{code or owner_kind}-{timezone.localtime(now):%Y%m%d}.zip"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _wanted(owner_kind: str, owner_id: uuid.UUID, code: str, snapshot: uuid.UUID | None) -> list[Version]:
    if snapshot is not None:
        kept = Snapshot.objects.filter(pk=snapshot, owner_kind=owner_kind, owner_id=owner_id).first()
        if kept is None:
            raise Http404
        return queries.versions_of(kept)
    versions = Version.objects.live().of_owner(owner_kind, owner_id).select_related("document", "file")
    wanted = versions.filter(document__code=code) if code else versions
    return list(wanted.order_by("document__code", "document__label", "number"))


def why_not(file: StoredFile) -> str:
    """Why a file is not handed out, in the reader's language."""
    if file.scan_state == ScanState.PENDING or (file.scan_state == ScanState.CLEAN and not file.is_stored):
        return _("“%(name)s” is still being checked. Try again in a minute.") % {"name": file.name}
    if file.scan_state == ScanState.CLEAN:
        return _(
            "The structure of “%(name)s” was checked, but it was not scanned for malware, so it is not handed out. "
            "Please tell your administrator."
        ) % {"name": file.name}
    return messages.sentence(file.scan_verdict["problem"], file.name, file.scan_verdict.get("params"))


def _response(file: StoredFile, chunks: storage.Chunks, *, is_inline: bool) -> StreamingHttpResponse:
    shown = is_inline and file.is_viewable
    response = StreamingHttpResponse(chunks, content_type=file.content_type)
    response["Content-Length"] = str(file.size)
    response["Content-Disposition"] = content_disposition_header(as_attachment=not shown, filename=file.name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = PDF_POLICY if shown and file.content_type == "application/pdf" else SANDBOX
    return response
