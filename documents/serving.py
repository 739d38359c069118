"""Hand out files: the only way a byte leaves the store. Rule, check, log, then the bytes."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import Http404, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from documents import access, messages, storage
from documents.enums import Purpose, ScanState
from documents.models import AccessLog, StoredFile
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


def hand_out(
    *, file: StoredFile, user: Any, purpose: Purpose, ip: str | None, now: dt.datetime
) -> StreamingHttpResponse:
    """The response with the file's bytes; who was handed it is committed before the first byte leaves.

    Raises NotServable when the file is not checked far enough, or its bytes are not there.
    """
    if not file.is_servable:
        raise NotServable(_why_not(file))
    try:
        chunks = storage.store(file.bucket).stream(file.key)
    except FileNotFoundError:
        raise NotServable(
            _("The stored file cannot be found. Please tell your administrator; nothing you did caused this.")
        ) from None
    try:
        with transaction.atomic(durable=True):
            AccessLog.objects.create(file=file, user=user, at=now, ip=ip, purpose=purpose)
        return _response(file, chunks, is_inline=purpose == Purpose.VIEW)
    except BaseException:
        chunks.close()
        raise


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
