"""What the pages of a laboratory show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from qualification.accounts.models import User
from qualification.laboratories.enums import Register, Result
from qualification.laboratories.models import Equipment, Laboratory, LaboratoryChange
from qualification.laboratories.registers import PAGES
from qualification.laboratories.services import allows

RECENT = 10


@dataclass(frozen=True, slots=True)
class Tab:
    """A way from the laboratory to one of its pages."""

    label: str | Promise
    url: str
    icon: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Kpi:
    """A register in one number, and what in it should be looked at."""

    label: str
    value: int
    icon: str
    tone: str
    url: str
    says: str


def overview(laboratory: Laboratory, user: Any) -> dict[str, Any]:
    """The laboratory's home page."""
    return {
        "laboratory": laboratory,
        "sites": laboratory.sites.select_related("authority"),
        "parts": laboratory.parts.all(),
        "kpis": [_kpi(laboratory, register) for register in Register],
        "changes": [_told(change) for change in _changes(laboratory)],
        "can_edit_profile": allows(user, "edit_profile", laboratory),
        "can_edit_sites": allows(user, "edit_sites", laboratory),
        "tabs": tabs(laboratory, ""),
    }


def tabs(laboratory: Laboratory, current: str) -> list[Tab]:
    """The laboratory's pages; `current` is a register or empty for the home page."""
    home = Tab(
        gettext_lazy("Profile and sites"),
        reverse("laboratories:detail", args=[laboratory.uuid]),
        "building",
        not current,
    )
    return [home, *(_tab(laboratory, register, current) for register in Register)]


def _tab(laboratory: Laboratory, register: Register, current: str) -> Tab:
    return Tab(register.label, _url(laboratory, register), PAGES[register].icon, register == current)


def _url(laboratory: Laboratory, register: Register) -> str:
    return reverse("laboratories:register", args=[laboratory.uuid, register.value])


def _kpi(laboratory: Laboratory, register: Register) -> Kpi:
    page = PAGES[register]
    rows = page.rows(laboratory).filter(is_active=True)
    says = _attention(rows) if page.model is Equipment else ""
    url = _url(laboratory, register)
    return Kpi(capfirst(str(register.label)), rows.count(), page.icon, "warn" if says else "neutral", url, says)


def _attention(devices: QuerySet[Any]) -> str:
    past = devices.filter(valid_until__lt=timezone.localdate()).count()
    fails = devices.filter(result=Result.FAILS).count()
    found = []
    if past:
        found.append(_("%(count)s out of date") % {"count": past})
    if fails:
        found.append(_("%(count)s do not conform") % {"count": fails})
    return ", ".join(found)


def _changes(laboratory: Laboratory) -> QuerySet[LaboratoryChange]:
    return laboratory.changes.select_related("by")[:RECENT]


def _told(change: LaboratoryChange) -> dict[str, Any]:
    what = _("%(field)s: from “%(old)s” to “%(new)s”")
    values = {"field": capfirst(change.label), "old": change.old or "—", "new": change.new or "—"}
    by: User | None = change.by
    return {"what": what % values, "who": by, "at": change.at, "why": change.reason, "icon": "edit"}
