"""Use a file again that was handed in before: a new version for another owner on the same stored bytes."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from documents import access
from documents.enums import ScanLevel
from documents.formats import by_extension
from documents.models import Document, StoredFile, Version
from documents.services import DocumentsError
from documents.slots import type_of


class CannotReuse(DocumentsError):
    """The file is not used again; `message` says why and what to do."""


def why_not(file: StoredFile, code: str) -> str:
    """Why a stored file cannot be used again in a slot of this code, in the reader's language; empty when it can.

    Nothing is checked a second time: a file that was checked less far than a new one would be is to be uploaded anew.
    """
    if not file.is_stored or file.fault:
        return _("the stored file is lost or damaged; upload it anew")
    if settings.CLAMD and file.scan_level not in {ScanLevel.MALWARE, ScanLevel.PRODUCED}:
        return _("it was never scanned for malware; upload it anew")
    slot = type_of(code)
    if by_extension(file.name) not in slot.types or (file.size or 0) > slot.limit:
        return _("its type or size is no longer taken here")
    return ""


def use_again(
    *, source: Version, owner_kind: str, owner_id: uuid.UUID, code: str, label: str, by: Any, now: dt.datetime
) -> Version:
    """Make the next version of a slot from a version handed in before: no upload, no second check, the same bytes.

    Whoever may read one of the owners may read the file; it is kept as long as the last of them needs it. Raises
    PermissionDenied for who may not read the one and write the other, CannotReuse when the file is not fit for it.
    """
    _demand_rights(source, owner_kind, owner_id, by)
    reason = _("it was never handed in") if not source.is_frozen else why_not(source.file, code)
    if reason:
        raise CannotReuse(_("“%(name)s” cannot be used again: %(why)s.") % {"name": source.file.name, "why": reason})
    with transaction.atomic():
        access.lock(owner_kind, owner_id)
        _demand_rights(source, owner_kind, owner_id, by)  # it may have been handed in meanwhile
        document, _made = Document.objects.get_or_create(
            owner_kind=owner_kind, owner_id=owner_id, code=code, label=label, defaults={"created_at": now}
        )
        Document.objects.select_for_update(of=("self",), no_key=True).get(pk=document.pk)
        _demand_new(document, source.file)
        last = document.versions.aggregate(last=Max("number"))["last"]
        return Version.objects.create(
            document=document, number=(last or 0) + 1, file=source.file, reused_from=source, uploaded_by=by,
            uploaded_at=now,
        )  # fmt: skip


def _demand_rights(source: Version, owner_kind: str, owner_id: uuid.UUID, by: Any) -> None:
    document = source.document
    may_read = access.may_read(by, document.owner_kind, document.owner_id)
    if not may_read or not access.may_write(by, owner_kind, owner_id):
        raise PermissionDenied


def _demand_new(document: Document, file: StoredFile) -> None:
    current = document.versions.live().select_related("file").order_by("-number").first()
    if current is not None and current.file.sha256 == file.sha256:
        raise CannotReuse(_("“%(name)s” is the newest version here already.") % {"name": file.name})
