"""Keep the pool: entries, ties, absences, training. Every change of an entry is kept with who, when and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from qualification.accounts.models import User
from qualification.assessors.models import Absence, Assessor, Tie, Training
from qualification.door import Refused, may, permission_of, reasons
from qualification.models import TransitionLog

Entry = Tie | Absence | Training
E = TypeVar("E", Tie, Absence, Training)
# What an entry's history tells: a change of these is written down with its old and new value.
TOLD = (
    "grade",
    "field_codes",
    "certificate_number",
    "certified_on",
    "certified_until",
    "standing",
    "employer",
    "title",
)


def demand_edit(by: User, assessor: Assessor) -> None:
    """Raise Refused unless the person keeps this entry."""
    if not may(by, "edit", assessor):
        raise Refused(reasons.of(permission_of(Assessor, "edit")))


def demand_absence(by: User, assessor: Assessor) -> None:
    """Raise Refused unless it is the person's own entry, or one that they keep."""
    if assessor.user_id != by.pk:
        demand_edit(by, assessor)


def add_assessor(*, values: Mapping[str, Any], by: User, now: dt.datetime) -> Assessor:
    """Take somebody into the pool. Raises Refused, or ValidationError by field."""
    assessor = Assessor(**values)
    demand_edit(by, assessor)
    assessor.full_clean()
    with transaction.atomic():
        assessor.save()
        _log(assessor, "add", by=by, now=now, facts={}, source="")
    return assessor


def change_assessor(
    *, assessor: Assessor, values: Mapping[str, Any], reason: str, by: User, now: dt.datetime
) -> Assessor:
    """Change an entry; another standing needs the reason. Raises Refused, or ValidationError by field."""
    with transaction.atomic():
        fresh = Assessor.objects.select_for_update(of=("self",), no_key=True).get(pk=assessor.pk)
        demand_edit(by, fresh)
        before = {name: getattr(fresh, name) for name in TOLD}
        for name, value in values.items():
            setattr(fresh, name, value)
        fresh.full_clean()
        changed = {n: [_plain(before[n]), _plain(getattr(fresh, n))] for n in TOLD if before[n] != getattr(fresh, n)}
        if "standing" in changed and not reason.strip():
            raise ValidationError({"reason": _("Say why the standing changes; the assessor reads it.")})
        fresh.save()
        if changed:
            _log(fresh, "change", by=by, now=now, facts=changed, source=before["standing"], reason=reason.strip())
    return fresh


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _log(assessor: Assessor, verb: str, *, by: User, now: dt.datetime, facts: dict[str, Any], **more: str) -> None:
    values = {"source": assessor.standing, "target": assessor.standing, **more}
    TransitionLog.objects.create(
        subject_type=assessor._meta.label, subject_id=assessor.pk, verb=verb, by=by, at=now, facts=facts, **values
    )


def add_entry(*, model: type[E], assessor: Assessor, values: Mapping[str, Any], by: User, now: dt.datetime) -> E:
    """Enter a tie, an absence or a training. An absence may also be entered by the assessor.

    Raises Refused, or ValidationError by field.
    """
    (demand_absence if model is Absence else demand_edit)(by, assessor)
    entry = model(assessor=assessor, **values)
    entry.full_clean()
    with transaction.atomic():
        entry.save()
        _log(assessor, f"add_{model._meta.model_name}", by=by, now=now, facts=_facts(entry))
    return entry


def remove_entry(*, entry: Entry, by: User, now: dt.datetime) -> None:
    """Take a tie, an absence or a training out again; the history keeps what it was."""
    assessor = entry.assessor
    (demand_absence if isinstance(entry, Absence) else demand_edit)(by, assessor)
    with transaction.atomic():
        _log(assessor, f"remove_{entry._meta.model_name}", by=by, now=now, facts=_facts(entry))
        entry.delete()


def _facts(entry: Entry) -> dict[str, Any]:
    names = [f.attname for f in entry._meta.concrete_fields if f.attname not in {"id", "assessor_id"}]
    return {name: _plain(getattr(entry, name)) for name in names if getattr(entry, name) not in (None, "")}
