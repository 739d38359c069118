"""What the pages of a draft show: its way, what is missing, its tables, its materials, its people."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification.applications.enums import Kind
from qualification.applications.models import Application
from qualification.applications.queries import Missing, WantedSlot, missing_items, wanted_slots
from qualification.applications.services.conflicts import kept_for
from qualification.applications.starting import last_day_to_renew, late_renewal
from qualification.laboratories.models import Equipment, Signatory, Site, StaffMember
from qualification.regions.settings import setting
from qualification.scope import queries as scope
from qualification.scope.models import CapabilityTable

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.forms import FactsForm


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the way, as the component shows it."""

    label: str
    status: str
    who: str = ""
    date: dt.date | None = None
    until: None = None


def way_of(application: Application) -> list[Stage]:
    """The way of a draft: the laboratory has it now; then what the procedure brings, with the law's limits."""
    authority = application.authority
    here = Stage(_("Draft"), "now", str(application.laboratory))
    if Kind.MANAGER in application.kinds:
        return [here, Stage(_("Filed"), "next", str(authority))]
    ahead = (
        (_("Acceptance"), "acceptance_days"), (_("Technical review"), "technical_review_days"),
        (_("Decision"), "decision_days"), (_("Issue"), "issue_days"),
    )  # fmt: skip
    limit = _("at most %(days)s working days")
    return [here, *(Stage(label, "next", limit % {"days": setting(authority, key)}) for label, key in ahead)]


@dataclass(frozen=True, slots=True)
class SiteTables:
    """The capability tables of one site."""

    site: Site
    tables: list[CapabilityTable]
    is_wanted: bool


def site_tables(application: Application) -> list[SiteTables]:
    """The sites of a case, each with its tables; tables of a site that was taken out come last."""
    wanted = list(application.sites.select_related("authority").order_by("pk"))
    by_site: dict[Site, list[CapabilityTable]] = {site: [] for site in wanted}
    for table in scope.tables_of(application).select_related("site__authority", "source__file"):
        by_site.setdefault(table.site, []).append(table)
    return [SiteTables(site, tables, site in wanted) for site, tables in by_site.items()]


@dataclass(frozen=True, slots=True)
class People:
    """Who and what the laboratory has entered in its registers, as far as an application needs it."""

    signatories: QuerySet[Signatory]
    staff: int
    equipment: int


def people_of(application: Application) -> People:
    """The laboratory's registers as they stand."""
    laboratory = application.laboratory_id
    return People(
        Signatory.objects.filter(laboratory_id=laboratory, is_active=True).order_by("name", "pk"),
        StaffMember.objects.filter(laboratory_id=laboratory, is_active=True).count(),
        Equipment.objects.filter(laboratory_id=laboratory, is_active=True).count(),
    )


def layout_of(slots: list[WantedSlot], sites: list[SiteTables]) -> str:
    """A mark that changes when other slots or other sites are wanted: the page then loads these parts anew."""
    names = [f"{slot.material.code}/{slot.label}" for slot in slots] + [str(one.site.pk) for one in sites]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]


def current_layout(application: Application) -> str:
    """The layout of a draft as it is now."""
    return layout_of(wanted_slots(application), site_tables(application))


def warnings_of(application: Application, today: dt.date) -> list[str]:
    """What does not keep the application back, and should be known."""
    certificate = application.certificate
    if Kind.RENEWAL in application.kinds and certificate is not None and today > last_day_to_renew(certificate):
        return [late_renewal(certificate)]
    return []


def parts(application: Application) -> dict[str, Any]:
    """Tables and materials: the parts that follow from kinds and sites."""
    slots, sites = wanted_slots(application), site_tables(application)
    return {
        "application": application,
        "slots": slots,
        "site_tables": sites,
        "wants_tables": Kind.MANAGER not in application.kinds,
        "layout": layout_of(slots, sites),
    }


def workspace(application: Application, form: FactsForm, user: User, now: dt.datetime) -> dict[str, Any]:
    """Everything the page of a draft shows."""
    return {
        **parts(application),
        "form": form,
        "stages": way_of(application),
        "missing": missing_items(application, now=now),
        "people": people_of(application),
        "kept": kept_for(application, user),
        "warnings": warnings_of(application, timezone.localdate(now)),
    }


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the summary."""

    label: str
    value: str


def facts_told(form: FactsForm) -> list[Fact]:
    """The facts of a draft in words, for the last look before it is handed in."""
    return [Fact(str(field.label), _told(field)) for field in form.visible_fields()]


def _told(field: Any) -> str:
    value = field.value()
    if value in (None, "", []):
        return "—"
    choices = getattr(field.field, "choices", None)
    if choices is None:
        return str(value)
    names = {str(getattr(key, "value", key)): str(label) for key, label in choices}
    listed = value if isinstance(value, list | tuple) else [value]
    return str(_(", ")).join(names.get(str(one), str(one)) for one in listed)


def review(application: Application, form: FactsForm, now: dt.datetime) -> dict[str, Any]:
    """The last look: what is handed in, what is missing, what will happen."""
    missing: list[Missing] = missing_items(application, now=now)
    return {
        **parts(application),
        "facts": facts_told(form),
        "missing": missing,
        "people": people_of(application),
        "warnings": warnings_of(application, timezone.localdate(now)),
        "is_filing": Kind.MANAGER in application.kinds,
        "acceptance_days": setting(application.authority, "acceptance_days"),
    }
