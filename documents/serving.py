"""Hand out files: the only way a byte leaves the store. Rule, check, log, then the bytes."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from documents import access, bundle, messages, queries, storage
from documents.enums import Purpose, ScanState
from documents.models import AccessLog, Snapshot, StoredFile, Version
from documents.services import DocumentsError

# What a handed-out file may do in a browser: nothing. The PDF viewers of browsers do not start in a sandbox, so a PDF
# is held by the other directives alone.
SANDBOX = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"


class NotServable(DocumentsError):
    """The person may read the file, but it is not handed out: not checked, refused, or lost."""


def find(*, user: Any, file_id: uuid.UUID) -> StoredFile:
    """The file of this uuid, or of the version of this uuid. Raises Http404 for who may not read it."""
    file = StoredFile.objects.filter(Q(pk=file_id) | Q(version__pk=file_id)).first()
    if file is None or not access.may_read_file(user, file):
        raise Http404
    return file


def hand_out(*, file: StoredFile, user: Any, purpose: Purpose, ip: str | None, now: dt.datetime) -> HttpResponseBase:
    """The response with the file's bytes, or with a link to them that the store takes for a minute.

    Who was handed it is committed before the first byte, or the link, leaves.

    Raises NotServable when the file is not checked far enough, or its bytes are not there.
    """
    if not file.is_servable:
        raise NotServable(_why_not(file))
    link = _link(file) if purpose == Purpose.DOWNLOAD else ""
    if link:
        _log(file, user, purpose, ip, now)
        return _to_store(link)
    try:
        chunks = storage.store(file.bucket).stream(file.key)
    except FileNotFoundError:
        raise NotServable(
            _("The stored file cannot be found. Please tell your administrator; nothing you did caused this.")
        ) from None
    try:
        _log(file, user, purpose, ip, now)
        return _response(file, chunks, is_inline=purpose == Purpose.VIEW)
    except BaseException:
        chunks.close()
        raise


def _log(file: StoredFile, user: Any, purpose: Purpose, ip: str | None, now: dt.datetime) -> None:
    with transaction.atomic(durable=True):
        AccessLog.objects.create(file=file, user=user, at=now, ip=ip, purpose=purpose)


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

    Each is logged before.

    Raises Http404 for who may not read them, NotServable when there is none or one is not handed out.
    """
    if not access.may_read(user, owner_kind, owner_id):
        raise Http404
    rows = _wanted(owner_kind, owner_id, code, snapshot)
    unfit = next((version.file for version in rows if not version.file.is_servable), None)
    if unfit is not None:
        raise NotServable(_why_not(unfit))
    if not rows:
        raise NotServable(_("There are no files here yet."))
    entries = bundle.entries_of(rows, access.titles_of(owner_kind, owner_id))
    with transaction.atomic(durable=True):
        AccessLog.objects.bulk_create(
            AccessLog(file=version.file, user=user, at=now, ip=ip, purpose=Purpose.BUNDLE) for version in rows
        )
    response = StreamingHttpResponse(bundle.stream(entries), content_type="application/zip")
    name = f"{code or owner_kind}-{now:%Y%m%d}.zip"
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


def _why_not(file: StoredFile) -> str:
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
