"""What the pages of a draft show: its way, what is missing, its tables, its materials, its people."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification.applications.enums import Kind
from qualification.applications.models import Application
from qualification.applications.queries import Missing, WantedSlot, missing_items, wanted_slots
from qualification.applications.services.conflicts import kept_for
from qualification.applications.starting import after_commitment, late_renewal
from qualification.certificates.renewals import last_day_to_renew
from qualification.laboratories.models import Equipment, Signatory, Site, StaffMember
from qualification.pages.dates import say_date
from qualification.regions.settings import setting
from qualification.scope import queries as scope
from qualification.scope.models import CapabilityTable
from qualification.scope.uploading import label_of

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.forms import FactsForm


# The field of competence under which any food ability falls.
FOOD = "00"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the way, as the component shows it."""

    label: str
    status: str
    who: str = ""
    date: dt.date | None = None
    until: None = None
    notes: tuple[str, ...] = ()


def way_of(application: Application) -> list[Stage]:
    """The way of a draft: the laboratory has it now; then what the procedure brings, with the law's limits."""
    authority = application.authority
    here = Stage(_("Draft"), "now", str(application.laboratory))
    if Kind.MANAGER in application.kinds:
        return [here, Stage(_("Filed"), "next", str(authority))]
    limit = _("at most %(days)s working days")
    ahead = [Stage(label, "next", limit % {"days": setting(authority, key)}) for label, key in _ahead(application)]
    check = [Stage(_("Check of the commitment"), "next", _("on site, after the decision"))]
    return [here, *ahead, *(check if application.is_by_commitment else [])]


def _ahead(application: Application) -> tuple[tuple[str, str], ...]:
    """The stages that the law limits, with their settings."""
    accept = (_("Acceptance"), "acceptance_days")
    if application.is_by_commitment:
        return (accept, (_("Decision"), "commitment_decision_days"), (_("Issue"), "commitment_issue_days"))
    review = (_("Technical review"), "technical_review_days")
    return (accept, review, (_("Decision"), "decision_days"), (_("Issue"), "issue_days"))


@dataclass(frozen=True, slots=True)
class TablePlace:
    """Where a sheet of a site goes when it comes with other files: food or not, and the fields of the form that takes it."""

    label: str
    title: str
    about: str
    fields: str


@dataclass(frozen=True, slots=True)
class SiteTables:
    """The capability tables of one site."""

    site: Site
    tables: list[CapabilityTable]
    is_wanted: bool
    places: list[TablePlace]


def site_tables(application: Application) -> list[SiteTables]:
    """The sites of a case, each with its tables; tables of a site that was taken out come last."""
    wanted = list(application.sites.select_related("authority").order_by("pk"))
    by_site: dict[Site, list[CapabilityTable]] = {site: [] for site in wanted}
    for table in scope.tables_of(application).select_related("site__authority", "source__file"):
        by_site.setdefault(table.site, []).append(table)
    kinds = _table_kinds(application)
    return [
        SiteTables(site, tables, site in wanted, _table_places(site, kinds) if site in wanted else [])
        for site, tables in by_site.items()
    ]


def _table_kinds(application: Application) -> list[bool]:
    """Food or not, as the fields say (00 is food); not chosen yet, it is taken for non-food."""
    fields = set(application.field_codes)
    return [is_food for is_food in (False, True) if (is_food and FOOD in fields) or (not is_food and fields != {FOOD})]


def _table_places(site: Site, kinds: list[bool]) -> list[TablePlace]:
    return [table_place(site, is_food=is_food, is_only=len(kinds) == 1) for is_food in kinds]


def table_place(site: Site, *, is_food: bool, is_only: bool) -> TablePlace:
    """The place of a site's table; `is_only`: no other table of the site is asked for, so no name need say which."""
    about = site.name if is_only else f"{site.name} {'食品' if is_food else '非食品'}"
    title = str(CapabilityTable(site=site, is_food=is_food))
    fields = json.dumps({"site": str(site.uuid), "kind": "food" if is_food else "nonfood"})
    return TablePlace(label_of(site, is_food), _("Capability table (%s)") % title, about, fields)


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
    names = [f"{slot.material.code}/{slot.label}" for slot in slots if not slot.is_further] + [
        str(one.site.pk) for one in sites
    ]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]


def current_layout(application: Application) -> str:
    """The layout of a draft as it is now."""
    return layout_of(wanted_slots(application), site_tables(application))


def warnings_of(application: Application, today: dt.date) -> list[str]:
    """What does not keep the application back, and should be known."""
    certificate, found = application.certificate, []
    if Kind.RENEWAL in application.kinds and certificate is not None and today > last_day_to_renew(certificate):
        found.append(late_renewal(certificate))
    if application.is_by_commitment:
        found.append(after_commitment())
    return found


@dataclass(frozen=True, slots=True)
class Required:
    """How many of the required files are there, and which are not: title and place on the page."""

    there: int
    count: int
    missing: list[tuple[str, str]]


def required_of(slots: list[WantedSlot], sites: list[SiteTables]) -> Required:
    """What the kinds want in any case: a capability table for each site, and the required materials."""
    wanted = [
        (one.site.name, "scope", any(t.import_state == "ready" for t in one.tables)) for one in sites if one.is_wanted
    ]
    lines = [(_("Capability table (%s)") % name, anchor, is_there) for name, anchor, is_there in wanted]
    lines += [(slot.title, slot.anchor, not slot.is_missing) for slot in slots if slot.is_required]
    missing = [(title, anchor) for title, anchor, is_there in lines if not is_there]
    return Required(len(lines) - len(missing), len(lines), missing)


def parts(application: Application) -> dict[str, Any]:
    """Tables and materials: the parts that follow from kinds and sites."""
    slots, sites = wanted_slots(application), site_tables(application)
    wants_tables = Kind.MANAGER not in application.kinds
    return {
        "application": application,
        "slots": slots,
        "site_tables": sites,
        "wants_tables": wants_tables,
        "required": required_of(slots, sites if wants_tables else []),
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
    if isinstance(value, dt.date):
        return say_date(value)
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
