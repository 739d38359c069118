"""Drafts: made, saved as one types, discarded, handed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import rules
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications import beside, notices
from qualification.applications.enums import STAND_ALONE_KINDS, Kind, Procedure
from qualification.applications.files import freeze_files
from qualification.applications.models import Application, DraftConflict
from qualification.applications.queries import Missing, missing_items
from qualification.laboratories import services as laboratories

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.laboratories.models import Laboratory

# What a draft's form may change; everything else moves through the door.
DRAFT_FIELDS = frozenset({
    "kinds", "procedure", "certificate", "field_codes", "ministry_code", "system_since", "contact_name",
    "contact_phone", "contact_email", "note", "manager_post", "manager_name",
})  # fmt: skip


class DraftMovedOn(door.DoorError):
    """Somebody, or another tab, has saved a newer draft; `conflict` keeps what was typed."""

    def __init__(self, conflict: DraftConflict, newer: Application) -> None:
        self.conflict = conflict
        self.newer = newer
        super().__init__(
            _(
                "This draft was saved elsewhere at %(at)s by %(who)s. What you typed is kept; load the newer draft, then take over what you need."
            )
            % {"at": timezone.localtime(newer.saved_at).strftime("%H:%M:%S"), "who": newer.saved_by or newer.created_by}
        )


class NotReady(door.DoorError):
    """Something is missing; `missing` says what and where."""

    def __init__(self, missing: list[Missing]) -> None:
        self.missing = missing
        super().__init__(_("Not handed in: %s") % " ".join(m.text for m in missing))


def create(
    *,
    laboratory: Laboratory,
    kinds: Iterable[str],
    by: User,
    now: dt.datetime,
    procedure: str = Procedure.GENERAL,
    **values: Any,
) -> Application:
    """Begin a draft for a laboratory.

    Raises ValidationError for kinds that do not go together, InTheWay for a first application beside an open one.
    """
    chosen = sorted(set(kinds))
    _check_kinds(chosen)
    if laboratory.pk not in by.laboratory_ids():
        raise door.Refused(_("Only the laboratory's own people apply for it."))
    if Kind.FIRST in chosen and (other := beside.open_first(laboratory)):
        raise beside.InTheWay(other)
    application: Application = Application(
        laboratory=laboratory, authority=laboratory.authority, kinds=chosen, procedure=procedure, created_by=by, saved_by=by,
        contact_name=values.pop("contact_name", laboratory.contact_name), contact_phone=values.pop("contact_phone", laboratory.phone),
        contact_email=values.pop("contact_email", laboratory.email), **values,
    )  # fmt: skip
    with transaction.atomic():
        application.save()
        application.sites.set(laboratory.sites.filter(is_active=True))
    return application


def _check_kinds(kinds: list[str]) -> None:
    if not kinds:
        raise ValidationError(_("Choose at least one kind of application."))
    if len(kinds) > 1 and set(kinds) & STAND_ALONE_KINDS:
        alone = next(k for k in kinds if k in STAND_ALONE_KINDS)
        raise ValidationError(_("“%s” stands alone; apply for the other kinds separately.") % Kind(alone).label)


def save(
    *,
    application: Application,
    values: dict[str, Any],
    sites: Iterable[int] | None,
    revision: int,
    by: User,
    now: dt.datetime,
) -> Application:
    """Save a draft if nobody else has since `revision`.

    Raises DraftMovedOn, with what was typed kept in a row of its own, Refused, or Stale.
    """
    with transaction.atomic():
        fresh = _editable(application, by)
        if fresh.revision == revision:
            return _write(fresh, values, sites, by)
    typed = {k: plain(v) for k, v in values.items()} | ({} if sites is None else {"sites": sorted(sites)})
    conflict = DraftConflict.objects.create(application=fresh, by=by, at=now, typed=typed)
    raise DraftMovedOn(conflict, fresh)


def _editable(application: Application, by: User) -> Any:
    fresh = door.lock(application)
    if not rules.has_perm("applications.Application.edit", by, fresh):
        if fresh.state != "draft":  # type: ignore[attr-defined]
            raise door.Stale(door.stale_message(fresh))
        raise door.Refused(door.reasons.of("applications.Application.edit"))
    return fresh


def _write(fresh: Application, values: dict[str, Any], sites: Iterable[int] | None, by: User) -> Application:
    for name, value in values.items():
        if name not in DRAFT_FIELDS:
            raise ValueError(f"A draft's form does not change {name!r}.")
        setattr(fresh, name, value)
    _check_kinds(fresh.kinds)
    fresh.revision += 1
    fresh.saved_by = by
    fresh.save()
    if sites is not None:
        fresh.sites.set(fresh.laboratory.sites.filter(pk__in=list(sites), is_active=True))
    return fresh


def plain(value: Any) -> Any:
    """A value as it is kept in JSON."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return getattr(value, "pk", value)


def discard(*, application: Application, by: User, now: dt.datetime) -> None:
    """Delete a draft that was never handed in."""
    with transaction.atomic():
        fresh = _editable(application, by)
        fresh.tables.all().delete()
        fresh.delete()


def submit(*, application: Application, by: User, now: dt.datetime) -> Application:
    """Hand in: the moment is the receipt, the files stand as they are, and a receipt goes out.

    A change of manager is recorded at once instead. Raises NotReady with everything that is missing.
    """
    if Kind.MANAGER in application.kinds:
        return _file(application, by, now)
    with transaction.atomic():
        door.perform(application, "submit", by=by, now=now, before=lambda a: _hand_in(a, now, files=False))
        notices.receipt(application, now=now)
    return application


def _hand_in(application: Application, now: dt.datetime, *, files: bool) -> None:
    if (Kind.MANAGER in application.kinds) != files:  # changed in another tab since the page was read
        raise door.Stale(door.stale_message(application))
    beside.lock(application.laboratory_id)
    _demand_complete(application, now)
    application.reference = reference_of(application, now)
    freeze_files(application, now)


def _demand_complete(application: Application, now: dt.datetime) -> None:
    missing = missing_items(application, now=now)
    if missing:
        raise NotReady(missing)


def reference_of(application: Application, now: dt.datetime) -> str:
    """The case number: lead authority, year, running number of the system."""
    return f"{application.authority.code}{timezone.localdate(now).year}{application.pk:06d}"


def _file(application: Application, by: User, now: dt.datetime) -> Application:
    with transaction.atomic():
        door.perform(application, "file", by=by, now=now, before=lambda a: _hand_in(a, now, files=True))
        laboratories.set_manager(
            laboratory=application.laboratory,
            post=application.manager_post,
            name=application.manager_name,
            by=by,
            now=now,
        )
        notices.filing(application, now=now)
    return application
