"""What may be seen, and what is still missing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dateutil.relativedelta import relativedelta
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.models import Document, Version
from documents.slots import type_of
from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES
from qualification.applications import bars
from qualification.applications.beside import in_the_way, says
from qualification.applications.enums import (
    OPEN_KINDS,
    STAND_ALONE_KINDS,
    SUPPLEMENT_AWAITED,
    Kind,
    Level,
    Per,
    SupplementState,
)
from qualification.applications.enums import ApplicationState as State
from qualification.applications.materials import form_of
from qualification.applications.models import Application, MaterialType, Requirement
from qualification.certificates.queries import in_status
from qualification.laboratories.models import Signatory, Site
from qualification.pages.dates import say_date
from qualification.regions.models import Authority, DictionaryEntry
from qualification.regions.settings import setting
from qualification.scope.models import CapabilityRow, CapabilityTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser

    from qualification.accounts.models import User

OWNER_KIND = "application"
# The assessment report is the authority's and the team's; the laboratory reads it once the decision is released.
REPORT_KIND = "report"
TABLE_CODE = "capability_table"


def visible_to(user: User | AnonymousUser, *, now: dt.datetime | None = None) -> QuerySet[Application]:
    """Cases the person may read; the same rule as `applications.Application.see`."""
    if not user.is_authenticated or not user.is_active:
        return Application.objects.none()
    handed_in = ~Q(state=State.DRAFT)
    return Application.objects.filter(
        Q(laboratory_id__in=user.laboratory_ids())
        | handed_in & (_of_staff(user) | _of_nation(user) | _of_team(user, now or timezone.now()))
    )


def in_shown_states(rows: QuerySet[Application], value: str, states: Iterable[str]) -> QuerySet[Application]:
    """Rows whose badge says what was chosen: handed in, or handed in and waiting for a supplement, are two choices."""
    awaited = Q(state=State.SUBMITTED, supplement__state=SupplementState.SENT)
    return rows.filter(awaited) if value == SUPPLEMENT_AWAITED else rows.filter(state__in=list(states)).exclude(awaited)


def _of_staff(user: User) -> Q:
    ids = user.authority_ids(STAFF_ROLES)
    if not ids:
        return Q(pk__in=[])
    sites = Site.objects.filter(applications=OuterRef("pk"), authority_id__in=ids)
    return Q(authority_id__in=ids) | Q(Exists(sites))


def _of_nation(user: User) -> Q:
    return Q(authority__is_trial=False) if user.has_role(*NATIONAL_ROLES) else Q(pk__in=[])


def _of_team(user: User, now: dt.datetime) -> Q:
    from qualification.assessors.models import Seat

    if not hasattr(user, "assessor"):
        return Q(pk__in=[])
    seats = Exists(Seat.objects.filter(assessor=user.assessor, assessment__application=OuterRef("pk")))
    open_ = Q(assessment__reported_at__isnull=True, assessment__terminated_at__isnull=True)
    for authority in Authority.objects.select_related("profile").order_by("pk"):
        since = now - dt.timedelta(days=setting(authority, "assessor_access_days"))
        ended = Q(assessment__reported_at__gte=since) | Q(assessment__terminated_at__gte=since)
        open_ |= Q(authority=authority) & ended
    return Q(seats) & open_


def concerned_authorities(application: Application) -> list[Authority]:
    """The lead authority first, then each other authority in whose region a site of the case lies."""
    others = (
        Authority.objects.filter(sites__applications=application)
        .exclude(pk=application.authority_id)
        .select_related("profile")
        .distinct()
        .order_by("code")
    )
    return [application.authority, *others]


def field_choices() -> list[tuple[str, str]]:
    """Fields of competence (FF) that may be chosen."""
    return _dictionary(DictionaryEntry.Kind.FIELD)


def ministry_choices() -> list[tuple[str, str]]:
    """Ministries (MM) that may be chosen."""
    return _dictionary(DictionaryEntry.Kind.MINISTRY)


def _dictionary(kind: str) -> list[tuple[str, str]]:
    entries = DictionaryEntry.objects.filter(kind=kind, is_active=True).order_by("code")
    return [(e.code, f"{e.code} {e.name}") for e in entries]


@dataclass(frozen=True, slots=True)
class WantedSlot:
    """One slot of one application: a material, for what it is wanted, and what lies in it."""

    material: MaterialType
    label: str
    label_text: str
    level: str
    version: Version | None
    # Whether another file of the same material is there, and the label under which one more would lie.
    has_other: bool = False
    further: str = ""

    @property
    def title(self) -> str:
        """The material and, where there are several, for what."""
        if not self.label_text:
            return self.material.name
        return _("%(material)s (%(of)s)") % {"material": self.material.name, "of": self.label_text}

    @property
    def is_required(self) -> bool:
        """Whether the application cannot do without it."""
        return self.level == Level.REQUIRED

    @property
    def is_missing(self) -> bool:
        """Required and empty."""
        return self.is_required and self.version is None and not self.has_other

    @property
    def has_form(self) -> bool:
        """Whether there is a form to fill in."""
        return bool(form_of(self.material.code))

    @property
    def is_further(self) -> bool:
        """Whether it is for one more file of a material that takes many."""
        return bool(self.label) and type_of(self.material.code).takes_many

    @property
    def anchor(self) -> str:
        """Where on the page the slot stands."""
        return f"slot-{self.material.code}-{self.label or 'all'}".replace(" ", "")


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that keeps the application from being handed in: what, and where to mend it."""

    text: str
    section: str
    anchor: str = ""
    case: Application | None = None


def wanted_slots(application: Application) -> list[WantedSlot]:
    """Every slot that the kinds and the procedure want, with its current version."""
    requirements = _requirements(application)
    current = _current_versions(application)
    slots = []
    for material, level in requirements:
        if type_of(material.code).takes_many:
            slots.extend(_many(material, level, current))
            continue
        for label, text in _labels(application, material):
            slots.append(WantedSlot(material, label, text, level, current.get((material.code, label))))
    return slots


def _many(material: MaterialType, level: str, current: dict[tuple[str, str], Version]) -> list[WantedSlot]:
    """The slot of a material that takes many files, and those of its further files: labels “2”, “3” and so on."""
    numbers = sorted(int(label) for code, label in current if code == material.code and label.isdecimal())
    first = current.get((material.code, ""))
    slots = [WantedSlot(material, "", "", level, first, has_other=bool(numbers))]
    for number in numbers:
        text, version = _("further file %(number)s") % {"number": number}, current[material.code, str(number)]
        slots.append(WantedSlot(material, str(number), text, Level.IF_ANY, version))
    if first or numbers:
        slots[-1] = replace(slots[-1], further=str(max([1, *numbers]) + 1))
    return slots


def materials_wanted(kinds: Iterable[str], procedure: str) -> list[tuple[MaterialType, str]]:
    """The materials that some kinds want together, each with its level; the capability table is one of them."""
    found: dict[int, tuple[MaterialType, str]] = {}
    rows = (
        Requirement.objects.filter(kind__in=list(kinds), procedure__in=["", procedure])
        .select_related("material")
        .order_by("material__position")
    )
    for row in rows:
        known = found.get(row.material_id)
        if known is None or known[1] != Level.REQUIRED:
            found[row.material_id] = (row.material, row.level)
    return list(found.values())


def _requirements(application: Application) -> list[tuple[MaterialType, str]]:
    wanted = materials_wanted(application.kinds, application.procedure)
    return [
        (material, Level.REQUIRED if _needs_authorisation(application, material) else level)
        for material, level in wanted
        if material.code != TABLE_CODE
    ]


def _needs_authorisation(application: Application, material: MaterialType) -> bool:
    # A change of the top manager needs the legal person's authorisation; one of the technical manager does not.
    return material.code == "authorisation" and application.manager_post == "top_manager"


def _labels(application: Application, material: MaterialType) -> list[tuple[str, str]]:
    if material.per == Per.SITE:
        return [(str(s.uuid), s.name) for s in application.sites.order_by("pk")]
    if material.per == Per.CATEGORY:
        return [(name, name) for name in categories_of(application)]
    return [("", "")]


def categories_of(application: Application) -> list[str]:
    """Categories applied for, in the order of the tables; a table without categories counts by its main classes."""
    rows = CapabilityRow.objects.filter(table__application=application, level__in=["category", "main"])
    names: dict[str, list[str]] = {"category": [], "main": []}
    for level, name in rows.order_by("table_id", "position").values_list("level", "name"):
        short = name.strip()[:100]
        if short and short not in names[level]:
            names[level].append(short)
    return names["category"] or names["main"]


def _current_versions(application: Application) -> dict[tuple[str, str], Version]:
    documents = Document.objects.filter(owner_kind=OWNER_KIND, owner_id=application.uuid)
    versions = (
        Version.objects.filter(document__in=documents, withdrawn_at__isnull=True)
        .select_related("document", "file")
        .order_by("document_id", "number")
    )
    return {(v.document.code, v.document.label): v for v in versions}


def missing_items(application: Application, *, now: dt.datetime | None = None) -> list[Missing]:
    """What keeps the application from being handed in: the one list behind page, button and guard."""
    today = timezone.localdate(now or timezone.now())
    return [
        *_missing_kinds(application, today),
        *_missing_facts(application, today),
        *_missing_tables(application),
        *_missing_slots(application),
    ]


def _missing_kinds(application: Application, today: dt.date) -> list[Missing]:
    kinds = set(application.kinds)
    missing = []
    for kind in sorted(kinds - OPEN_KINDS):
        missing.append(Missing(_("“%s” cannot be handed in here yet.") % Kind(kind).label, "kinds"))
    missing += _barred(application, kinds, today)
    if kinds & STAND_ALONE_KINDS and len(kinds) > 1:
        missing.append(
            Missing(
                _("A first application, a change of manager and a cancellation stand alone; take the other kinds out."),
                "kinds",
            )
        )
    return missing + _missing_certificate(application, kinds, today)


def _barred(application: Application, kinds: set[str], today: dt.date) -> list[Missing]:
    """Bars to applying, and what closes the procedure of commitment to the matter."""
    barred = bars.barred(kinds, bars.bar_of(application.laboratory, today))
    found = [Missing(barred, "kinds")] if barred else []
    if application.is_by_commitment:
        closed = bars.commitment_closed(application.laboratory, kinds, application.certificate)
        found += [Missing(closed, "kinds")] if closed else []
        special = bars.not_by_commitment(application)
        found += [Missing(special, "kinds")] if special else []
    return found


def _missing_certificate(application: Application, kinds: set[str], today: dt.date) -> list[Missing]:
    if Kind.FIRST in kinds:
        taken = in_status(application.laboratory.certificates.all(), "valid", today)
        text = _("The laboratory holds a valid certificate; apply for a renewal or an extension.")
        return [Missing(text, "kinds")] if taken.exists() else _missing_way(application)
    if Kind.MANAGER in kinds:
        return []
    problem = _certificate_problem(application, today)
    return [Missing(problem, "kinds")] if problem else _missing_way(application)


def _missing_way(application: Application) -> list[Missing]:
    other = in_the_way(application)
    return [Missing(says(other), "kinds", case=other)] if other else []


def _certificate_problem(application: Application, today: dt.date) -> str:
    certificate = application.certificate
    if certificate is None:
        return _("Name the existing certificate.")
    if certificate.laboratory_id != application.laboratory_id:
        return _("This certificate belongs to another laboratory.")
    if certificate.state_on(today) != "valid":
        return _("Certificate %s is not valid any more; make a first application.") % certificate
    return ""


def _missing_facts(application: Application, today: dt.date) -> list[Missing]:
    missing = []
    if not application.contact_name or not application.contact_phone:
        missing.append(Missing(_("Give a contact person and a telephone number."), "facts", "id_contact_name"))
    if Kind.MANAGER in application.kinds:
        if not application.manager_post or not application.manager_name:
            missing.append(Missing(_("Say which post changes and who takes it."), "facts", "id_manager_post"))
        return missing
    if not application.field_codes:
        missing.append(Missing(_("Choose at least one field of competence."), "facts", "id_field_codes"))
    if not application.ministry_code:
        missing.append(Missing(_("Choose the ministry."), "facts", "id_ministry_code"))
    if not application.sites.filter(authority_id=application.authority_id).exists():
        text = _("Choose at least one site, one of them in the region of the legal person.")
        missing.append(Missing(text, "facts", "id_sites"))
    return missing + _missing_system(application, today)


def _missing_system(application: Application, today: dt.date) -> list[Missing]:
    if Kind.FIRST not in application.kinds:
        return []
    months = setting(application.authority, "system_run_months")
    since = application.system_since
    if since is None:
        return [Missing(_("Say since when the management system has been in operation."), "facts", "id_system_since")]
    if since + relativedelta(months=months) > today:
        text = _("The management system must have run for %(months)s months; it reaches them on %(day)s.")
        day = say_date(since + relativedelta(months=months))
        return [Missing(text % {"months": months, "day": day}, "facts", "id_system_since")]
    return []


def _wants_tables(application: Application) -> bool:
    return Requirement.objects.filter(kind__in=application.kinds, material__code=TABLE_CODE).exists()


def _missing_tables(application: Application) -> list[Missing]:
    if not _wants_tables(application):
        return []
    missing = []
    tables = CapabilityTable.objects.filter(application=application).select_related("site")
    ready = {t.site_id for t in tables if t.import_state == "ready"}
    for site in application.sites.order_by("pk"):
        if site.pk not in ready:
            missing.append(Missing(_("Upload the capability table of the site “%s”.") % site.name, "scope"))
    sites = set(application.sites.order_by("pk").values_list("pk", flat=True))
    for table in tables:
        if table.site_id not in sites:
            text = _(
                "The capability table “%s” is of a site that is not applied for: choose the site, or remove the table."
            )
            missing.append(Missing(text % table, "scope"))
        elif table.import_state != "ready":
            missing.append(Missing(_("The capability table “%s” could not be read; upload it again.") % table, "scope"))
    return missing


def _missing_slots(application: Application) -> list[Missing]:
    missing = []
    for slot in wanted_slots(application):
        if slot.is_missing:
            missing.append(Missing(_("Upload: %s.") % slot.title, "materials", slot.anchor))
    if "signatories" in {m.code for m, __ in _requirements(application)} and not _signatories(application).exists():
        missing.append(Missing(_("Enter the laboratory's authorised signatories."), "people"))
    return missing


def _signatories(application: Application) -> QuerySet[Signatory]:
    return Signatory.objects.filter(laboratory_id=application.laboratory_id)
