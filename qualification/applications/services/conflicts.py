"""What a second tab wanted to save over a newer draft: shown, taken over, or dropped. Nothing typed is lost meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications.enums import Kind, Procedure
from qualification.applications.models import Application, DraftConflict
from qualification.applications.queries import field_choices, ministry_choices
from qualification.applications.services import drafts
from qualification.certificates.models import Certificate
from qualification.laboratories.enums import ManagerPost
from qualification.laboratories.models import Site
from qualification.pages.dates import say_date

if TYPE_CHECKING:
    from qualification.accounts.models import User

NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact on which what was typed and what the draft says differ."""

    name: str
    label: str
    typed: str
    stands: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What one save that came too late would have changed."""

    conflict: DraftConflict
    differences: list[Difference]


def kept_for(application: Application, user: User) -> list[Kept]:
    """What this person typed and has not been saved, the newest first; where nothing differs any more, nothing."""
    rows = DraftConflict.objects.filter(application=application, by=user).order_by("-pk")
    kept = (Kept(row, differences(application, row)) for row in rows)
    return [one for one in kept if one.differences]


def differences(application: Application, conflict: DraftConflict) -> list[Difference]:
    """The facts that differ, in words."""
    now = _stands(application, conflict.typed)
    return [
        Difference(name, _label(name), _words(name, typed), _words(name, now[name]))
        for name, typed in conflict.typed.items()
        if name in now and typed != now[name]
    ]


def _stands(application: Application, typed: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in typed:
        if name == "sites":
            found[name] = sorted(application.sites.order_by("pk").values_list("pk", flat=True))
        elif name in drafts.DRAFT_FIELDS:
            found[name] = drafts.plain(getattr(application, name))
    return found


def _label(name: str) -> str:
    return capfirst(str(Application._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def _words(name: str, value: Any) -> str:
    if value in (None, "", []):
        return NOTHING
    said = _SAY.get(name)
    return said(value) if said else str(value)


def _named(choices: Iterable[tuple[Any, Any]], values: Iterable[Any]) -> str:
    names = {str(k): str(v) for k, v in choices}
    return str(_(", ")).join(names.get(str(v), str(v)) for v in values)


_SAY = {
    "kinds": lambda v: _named(Kind.choices, v),
    "procedure": lambda v: _named(Procedure.choices, [v]),
    "field_codes": lambda v: _named(field_choices(), v),
    "ministry_code": lambda v: _named(ministry_choices(), [v]),
    "manager_post": lambda v: _named(ManagerPost.choices, [v]),
    "system_since": lambda v: say_date(dt.date.fromisoformat(v)),
    "sites": lambda v: _named(Site.objects.filter(pk__in=v).order_by("pk").values_list("pk", "name"), v),
    "certificate": lambda v: _named(Certificate.objects.filter(pk=v).order_by("pk").values_list("pk", "number"), [v]),
}


def take_over(*, conflict: DraftConflict, names: Iterable[str], by: User, now: dt.datetime) -> Application:
    """Put the chosen facts into the draft as it is now, and forget the rest of what was kept."""
    with transaction.atomic():
        fresh: Any = door.lock(conflict.application)
        chosen = {d.name for d in differences(fresh, conflict)} & set(names)
        values = {name: _value(fresh, name, conflict.typed[name]) for name in chosen - {"sites"}}
        sites = conflict.typed["sites"] if "sites" in chosen else None
        saved = drafts.save(application=fresh, values=values, sites=sites, revision=fresh.revision, by=by, now=now)
        conflict.delete()
    return saved


def _value(application: Application, name: str, typed: Any) -> Any:
    if name == "system_since" and typed:
        return dt.date.fromisoformat(typed)
    if name == "certificate" and typed:
        return Certificate.objects.filter(pk=typed, laboratory_id=application.laboratory_id).first()
    return typed


def drop(*, conflict: DraftConflict) -> None:
    """Forget what was kept."""
    conflict.delete()
