"""Remove a draft's version; freeze what is handed in."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from documents import access, keeping
from documents.enums import ScanState
from documents.models import Document, Snapshot, StoredFile, Version
from documents.queries import slots_of


class DocumentsError(Exception):
    """It did not happen. `message` is a sentence for the person who asked."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(str(message))
        self.message = str(message)


class CannotWithdraw(DocumentsError):
    """The version was handed in, or is gone already."""


class FilesNotReady(DocumentsError):
    """A file that would be frozen is not checked yet, or its check failed."""


class FrozenFile(NamedTuple):
    """One line of what was handed in."""

    code: str
    label: str
    name: str
    sha256: str
    size: int
    number: int
    version: uuid.UUID


def withdraw(*, version: Version, by: Any, now: dt.datetime) -> Version:
    """Remove a version that was not handed in yet; the one before counts again. The row and the bytes stay.

    Raises PermissionDenied when the owner's rule does not let the person write, CannotWithdraw when the
    version was handed in or removed before.
    """
    document = version.document
    if by is not None and not access.may_write(by, document.owner_kind, document.owner_id):
        raise PermissionDenied
    with transaction.atomic():
        locked = Version.objects.select_for_update(of=("self",), no_key=True).get(pk=version.pk)
        if locked.is_frozen:
            raise CannotWithdraw(_("This version was handed in and cannot be removed. Upload a new version instead."))
        if locked.withdrawn_at:
            raise CannotWithdraw(_("This version was removed already."))
        locked.withdrawn_by, locked.withdrawn_at = by, now
        locked.save(update_fields=["withdrawn_by", "withdrawn_at"])
    return locked


def freeze(*, owner_kind: str, owner_id: uuid.UUID, now: dt.datetime) -> list[FrozenFile]:
    """Freeze the current version of each slot of an owner and list them with their hashes, by code and label.

    Call it in the transaction that hands in. What was frozen before stays so. Raises FilesNotReady, naming
    the first file in question, while one is being checked or could not be checked.
    """
    with transaction.atomic():
        list(
            Document.objects.select_for_update(of=("self",), no_key=True).filter(
                owner_kind=owner_kind, owner_id=owner_id
            )
        )
        current = [slot.current for slot in slots_of(owner_kind, owner_id) if slot.current]
        for version in current:
            _demand_stored(version)
        Version.objects.filter(pk__in=[version.pk for version in current], is_frozen=False).update(
            is_frozen=True, frozen_at=now
        )
        keeping.retain(StoredFile.objects.filter(versions__in=[version.pk for version in current]), now=now)
        lines = [_line(version) for version in current]
        if lines:
            _keep(owner_kind, owner_id, lines, now)
    return lines


def _keep(owner_kind: str, owner_id: uuid.UUID, lines: list[FrozenFile], now: dt.datetime) -> None:
    told = [{**line._asdict(), "version": str(line.version)} for line in lines]
    Snapshot.objects.create(owner_kind=owner_kind, owner_id=owner_id, taken_at=now, lines=told, digest=digest_of(told))


def digest_of(lines: list[dict[str, Any]]) -> str:
    """SHA-256 of a list as handed in: a line per file, “hash, two blanks, code, label, version and name”, in its order."""
    text = "".join(f"{ln['sha256']}  {ln['code']}/{ln['label']}/v{ln['number']}/{ln['name']}\n" for ln in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def _demand_stored(version: Version) -> None:
    if version.file.is_stored:
        return
    # What is tried again may still succeed; nobody needs to upload it again.
    if version.file.scan_state == ScanState.FAILED and version.file.scan_verdict.get("problem") != "failed":
        raise FilesNotReady(
            _("“%(name)s” could not be checked. Upload it again before you hand in.") % {"name": version.file.name}
        )
    raise FilesNotReady(
        _("“%(name)s” is still being checked. Wait a minute and hand in again.") % {"name": version.file.name}
    )


def _line(version: Version) -> FrozenFile:
    document, file = version.document, version.file
    return FrozenFile(document.code, document.label, file.name, file.sha256, file.size or 0, version.number, version.pk)
