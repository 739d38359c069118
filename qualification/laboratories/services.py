"""What can be done with laboratories, their sites, people and equipment.

Every service asks the rule first and raises `qualification.door.Refused`; values that cannot be raise
`django.core.exceptions.ValidationError` by field. Each locks the laboratory's row, so two people's changes follow
one another. `by` None is the system itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from qualification.accounts.models import User
from qualification.door import Refused, may, permission_of, reasons
from qualification.laboratories import rules
from qualification.laboratories.enums import LEGAL_FIELDS, MANAGER_FIELDS, ManagerPost
from qualification.laboratories.models import (
    Equipment,
    Laboratory,
    LaboratoryChange,
    Signatory,
    Site,
    StaffMember,
)

Entry = Site | StaffMember | Signatory | Equipment
E = TypeVar("E", Site, StaffMember, Signatory, Equipment)
Values = Mapping[str, Any]

VERBS: dict[type[models.Model], str] = {
    Site: "edit_sites",
    StaffMember: "edit_staff",
    Signatory: "edit_signatories",
    Equipment: "edit_equipment",
}
LOGGED_FIELDS = (*LEGAL_FIELDS, *MANAGER_FIELDS)
# What is assessed, granted and printed of an entry: it stays while a case stands on it.
SETTLED_FIELDS: dict[type[models.Model], frozenset[str]] = {
    Site: frozenset({"name", "kind", "authority", "address"}),
    Signatory: frozenset({"name", "title", "fields_text", "site", "is_active"}),
}


def allows(by: Any, verb: str, laboratory: Laboratory | None) -> bool:
    """Whether the rule lets the person do it; what buttons ask. Without a laboratory: whether they may enter one."""
    if laboratory is None:
        return bool(rules.PERMISSIONS[verb](by, None))
    return may(by, verb, laboratory)


def demand(by: Any, verb: str, laboratory: Laboratory | None) -> None:
    """Raise Refused with its sentence unless the rule lets the person do it."""
    if not allows(by, verb, laboratory):
        raise Refused(reasons.of(permission_of(Laboratory, verb)))


def lock(laboratory: Laboratory) -> Laboratory:
    """The laboratory as it is now, locked until the end of the transaction."""
    return Laboratory.objects.select_for_update(of=("self",), no_key=True).get(pk=laboratory.pk)


def create_laboratory(*, values: Values, by: User | None, now: dt.datetime) -> Laboratory:
    """Enter a laboratory into the region that the person administers."""
    demand(by, "create", None)
    laboratory = Laboratory(**values, created_at=now)
    if laboratory.authority_id is not None:
        demand(by, "create", laboratory)
    laboratory.full_clean()
    try:
        with transaction.atomic():
            laboratory.save()
    except IntegrityError as error:
        # Somebody entered the same laboratory between the look and the write.
        laboratory.full_clean()
        raise ValidationError(_("This could not be saved. Try again.")) from error
    return laboratory


def update_laboratory(
    *, laboratory: Laboratory, values: Values, by: User | None, now: dt.datetime, reason: str = ""
) -> Laboratory:
    """Change the profile; each change of legal data or of a manager is kept with its reason.

    Raises ValidationError for a field that the person cannot change directly, and when an administrator gives no
    reason. The caller's instance carries the new values afterwards.
    """
    with transaction.atomic():
        before = lock(laboratory)
        demand(by, "edit_profile", before)
        changed = {key: value for key, value in values.items() if getattr(before, key) != value}
        _demand_open(before, changed, by, reason)
        after = _with(lock(laboratory), changed)
        after.full_clean()
        after.save()
        _log(before, after, changed, reason=reason, by=by, now=now)
    _with(laboratory, changed)
    return laboratory


def _with(row: Any, values: Values) -> Any:
    for key, value in values.items():
        setattr(row, key, value)
    return row


def _demand_open(laboratory: Laboratory, changed: Values, by: User | None, reason: str) -> None:
    locked = rules.locked_fields(by, laboratory)
    wrong = {
        key: _("This cannot be changed here: the certificate stands on it. Apply for the change, or ask the authority.")
        for key in changed
        if key in locked
    }
    if wrong:
        raise ValidationError(wrong)
    if changed and by is not None and not reason and not rules.is_manager(by, laboratory):
        raise ValidationError(_("Give the reason of the correction; the laboratory reads it."))


def _log(
    before: Laboratory, after: Laboratory, changed: Values, *, reason: str, by: User | None, now: dt.datetime
) -> None:
    LaboratoryChange.objects.bulk_create(
        LaboratoryChange(
            laboratory=after, field=key, old=_told(before, key), new=_told(after, key), reason=reason, by=by, at=now
        )
        for key in LOGGED_FIELDS
        if key in changed
    )


def _told(laboratory: Laboratory, key: str) -> str:
    # A name can change later: of a laboratory or an authority its code is kept.
    value = getattr(laboratory, key)
    if isinstance(value, Laboratory):
        return value.credit_code
    return str(getattr(value, "code", "" if value is None else value))


def set_manager(
    *, laboratory: Laboratory, post: ManagerPost | str, name: str, by: User | None, now: dt.datetime, reason: str = ""
) -> None:
    """Put another person into a post, and keep the change.

    The caller has looked at the right to do so: the filing of a change of manager. Nothing happens when the person
    holds the post already. Raises ValueError for an unknown post, ValidationError for an empty or too long name.
    """
    field = ManagerPost(post).value
    if not name.strip():
        raise ValidationError({field: _("Give the name of the new manager.")})
    with transaction.atomic():
        before, after = lock(laboratory), lock(laboratory)
        changed = {field: name.strip()} if getattr(before, field) != name.strip() else {}
        _with(after, changed).clean_fields(exclude={f.name for f in Laboratory._meta.fields} - {field})
        after.save(update_fields=[field])
        _log(before, after, changed, reason=reason, by=by, now=now)
    _with(laboratory, changed)


def add_entry(*, model: type[E], laboratory: Laboratory, values: Values, by: User | None, now: dt.datetime) -> E:
    """Enter a site, a member of staff, a signatory or a device."""
    demand(by, VERBS[model], laboratory)
    with transaction.atomic():
        locked = lock(laboratory)
        entry: E = model(**values, created_at=now)
        entry.laboratory = locked
        if isinstance(entry, Signatory):
            demand_settled(entry, values, by=by)
        return _save(entry)


def change_entry(*, entry: E, values: Values, by: User | None, now: dt.datetime) -> E:
    """Change a site, a member of staff, a signatory or a device. The caller's instance carries the new values."""
    demand(by, VERBS[type(entry)], entry.laboratory)
    with transaction.atomic():
        lock(entry.laboratory)
        before = type(entry)._default_manager.get(pk=entry.pk)
        demand_settled(before, {k: v for k, v in values.items() if getattr(before, k) != v}, by=by)
        _with(entry, values)
        return _save(entry)


def demand_settled(entry: models.Model, changed: Values, *, by: User | None) -> None:
    """Raise ValidationError where a case or a certificate stands on what is to change; the system may."""
    settled = SETTLED_FIELDS.get(type(entry), frozenset()) & set(changed)
    if not settled or by is None:
        return
    stays = _is_stood_on(entry) if isinstance(entry, Site) else _is_examined(entry.laboratory)  # type: ignore[attr-defined]
    if stays:
        says = _(
            "This cannot be changed here: the certificate stands on it. Apply for the change, or ask the authority."
        )
        raise ValidationError(dict.fromkeys(settled, says) if isinstance(entry, Site) else says)


def _is_stood_on(site: Site) -> bool:
    from qualification.applications.enums import ApplicationState

    under_way = site.applications.filter(state__in=ApplicationState.open())
    return under_way.exists() or site.grants.exists()


def _is_examined(laboratory: Laboratory) -> bool:
    """Whether an assessed case was handed in and waits for nothing of the laboratory."""
    from qualification.applications.access import awaits_laboratory
    from qualification.applications.enums import ApplicationState

    cases = laboratory.applications.filter(state__in=ApplicationState.open())
    return any(not awaits_laboratory(case) for case in cases.order_by("pk"))


def set_active(*, entry: E, is_active: bool, by: User | None, now: dt.datetime) -> E:
    """Take an entry out of force, or put it back. Nothing is deleted: older cases refer to it."""
    return change_entry(entry=entry, values={"is_active": is_active}, by=by, now=now)


def _save(entry: E) -> E:
    _demand_own(entry)
    entry.full_clean()
    entry.save()
    return entry


def _demand_own(entry: Entry) -> None:
    # What an entry refers to must be of the same laboratory, whatever a form was made to say.
    for key in {"site", "staff"} & {f.name for f in entry._meta.concrete_fields}:
        other = getattr(entry, key)
        if other is not None and other.laboratory_id != entry.laboratory_id:
            raise ValidationError({key: _("This belongs to another laboratory. Choose one of your own.")})
