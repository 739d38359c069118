"""Taking a register sheet in: read, look at what it would do, take over or discard."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from qualification.accounts.models import User
from qualification.door import Stale
from qualification.laboratories import parsing, reading
from qualification.laboratories.enums import Register
from qualification.laboratories.messages import sentence
from qualification.laboratories.models import Laboratory, RegisterImport, Site
from qualification.laboratories.plans import Does, Plan, plan
from qualification.laboratories.services import SETTLED_FIELDS, demand, demand_settled, lock
from qualification.scope.findings import SheetRefused


def verb_of(register: str) -> str:
    """The rule that a register's import needs."""
    return f"edit_{Register(register).value}"


def prepare_import(
    *,
    laboratory: Laboratory,
    register: str,
    site: Site | None,
    upload: UploadedFile[bytes],
    by: User | None,
    now: dt.datetime,
) -> RegisterImport:
    """Read a sheet and keep its rows and findings; the register itself is not touched.

    Raises ValidationError with the sentence when the file as a whole cannot be read; Refused without the right.
    """
    demand(by, verb_of(register), laboratory)
    try:
        rows, findings = parsing.parse(reading.read_upload(upload), register)
    except SheetRefused as refused:
        raise ValidationError(sentence(refused.problem.as_json()), code=refused.problem.code) from refused
    imported = RegisterImport(
        laboratory=laboratory, site=site, register=register, file_name=(upload.name or "")[:255], sha256=_hash(upload),
        rows=rows, findings=findings, uploaded_by=by, uploaded_at=now,
    )  # fmt: skip
    imported.full_clean()
    imported.save()
    return imported


def _hash(upload: UploadedFile[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def take_over(*, imported: RegisterImport, by: User | None, now: dt.datetime) -> Plan:
    """Write the rows without an error into the register; the others stay with the import, told.

    The plan is made again under the lock. Raises Stale when the import has been taken over or discarded already.
    """
    with transaction.atomic():
        locked = _locked(imported, by)
        found = plan(locked)
        _demand_settled(found, by)
        for row in found.to_save:
            _save(row.entry, now)
        locked.added, locked.changed = len(found.of(Does.ADD)), len(found.of(Does.CHANGE))
        locked.applied_at, locked.applied_by = now, by
        locked.save(update_fields=["added", "changed", "applied_at", "applied_by"])
    return found


def _demand_settled(found: Plan, by: User | None) -> None:
    try:
        for row in found.to_save:
            demand_settled(row.entry, dict.fromkeys(SETTLED_FIELDS.get(type(row.entry), ())), by=by)
    except ValidationError as error:
        raise Stale(" ".join(error.messages)) from error


def _save(entry: object, now: dt.datetime) -> None:
    if entry.pk is None:  # type: ignore[attr-defined]
        entry.created_at = now  # type: ignore[attr-defined]
    entry.save()  # type: ignore[attr-defined]


def discard(*, imported: RegisterImport, by: User | None, now: dt.datetime) -> None:
    """Leave the register as it is; the read rows stay with the import."""
    with transaction.atomic():
        locked = _locked(imported, by)
        locked.discarded_at = now
        locked.save(update_fields=["discarded_at"])


def _locked(imported: RegisterImport, by: User | None) -> RegisterImport:
    demand(by, verb_of(imported.register), imported.laboratory)
    lock(imported.laboratory)
    found = RegisterImport.objects.select_related("laboratory", "site").get(pk=imported.pk)
    if found.is_open:
        return found
    if found.applied_at is not None:
        raise Stale(
            _("%(file)s has been taken over already: %(added)s added, %(changed)s changed.")
            % {"file": found.file_name, "added": found.added, "changed": found.changed}
        )
    raise Stale(_("%(file)s has been discarded already. Choose the file again.") % {"file": found.file_name})
