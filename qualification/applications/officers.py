"""What the officers' pages show of a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from documents.looking import pages
from documents.models import Version
from documents.papers.models import Paper
from documents.queries import slots_of
from qualification.applications.forms_officer import SEPARATOR
from qualification.applications.models import Application, Concurrence
from qualification.applications.queries import (
    OWNER_KIND,
    REPORT_KIND,
    WantedSlot,
    missing_items,
    visible_to,
    wanted_slots,
)
from qualification.assessments.models import Assessment, Nonconformity
from qualification.assessments.queries import answer_counts, capability_counts
from qualification.scope.queries import progress, tables_of

if TYPE_CHECKING:
    import datetime as dt

    from django.db.models import QuerySet

    from qualification.accounts.models import User
    from qualification.scope.models import CapabilityTable


def cases_of(user: User) -> QuerySet[Application]:
    """Cases the person may read, with what the officers' pages and rules ask of them."""
    related = ("laboratory", "authority__profile", "supplement", "assessment", "accepted_by", "certificate")
    return visible_to(user).select_related(*related)


# The slot of the commitment (承诺书).
LETTER = "commitment_letter"


@dataclass(frozen=True, slots=True)
class SlotToExamine:
    """A material as the intake officer sees it: what is wanted, and every version that came."""

    wanted: WantedSlot
    versions: tuple[Version, ...]

    @property
    def key(self) -> str:
        """How a finding names the slot."""
        return f"{self.wanted.material.code}{SEPARATOR}{self.wanted.label}"

    @property
    def title(self) -> str:
        """Name of the material and, where there are several, for what."""
        parts = [self.wanted.material.name, self.wanted.label_text]
        return " · ".join(part for part in parts if part)


def slots_to_examine(application: Application) -> list[SlotToExamine]:
    """Every wanted material with its versions, the newest first."""
    held = {(slot.code, slot.label): slot.versions for slot in slots_of(OWNER_KIND, application.uuid)}
    return [SlotToExamine(w, held.get((w.material.code, w.label), ())) for w in wanted_slots(application)]


def slot_choices(application: Application, slots: list[SlotToExamine]) -> list[tuple[str, str]]:
    """What a finding may be attached to: the materials and the capability tables."""
    tables = [(f"capability_table{SEPARATOR}{_label(table)}", str(table)) for table in tables_of(application)]
    return [(slot.key, slot.title) for slot in slots] + tables


def _label(table: CapabilityTable) -> str:
    """The label of the slot in which the table's sheet lies."""
    return f"{table.site.uuid}:{'food' if table.is_food else 'nonfood'}"


def examination(application: Application, *, now: dt.datetime) -> dict[str, Any]:
    """What the intake officer examines: slots, tables, and what the system itself finds missing."""
    slots = slots_to_examine(application)
    supplement = getattr(application, "supplement", None)
    return {
        "slots": slots,
        "tables": list(tables_of(application)),
        "missing": missing_items(application, now=now),
        "first_file": next((version for slot in slots for version in drawn(slot)), None),
        "supplement": supplement,
        "asked": list(supplement.items.all()) if supplement and supplement.state != "draft" else [],
    }


def drawn(slot: SlotToExamine) -> list[Version]:
    """The newest version of a slot, when the viewer draws its pages."""
    return [v for v in slot.versions[:1] if v.file.is_servable and pages.is_drawn(v.file)]


def essence(application: Application) -> dict[str, Any]:
    """The report's essence: conclusion, counts, nonconformities, opinions, concurrences, and where to read more."""
    tables = list(tables_of(application))
    if application.is_by_commitment:
        return _commitment(application, tables)
    assessment: Assessment = application.assessment
    return {
        "assessment": assessment,
        "counts": capability_counts(assessment),
        "answers": answer_counts(assessment),
        "nonconformities": nonconformities_of(assessment),
        "rectification": getattr(assessment, "rectification", None),
        "concurrences": concurrences_of(application),
        "tables": [(table, progress(table.rows.all())) for table in tables],
        "report": report_of(application),
    }


def _commitment(application: Application, tables: list[CapabilityTable]) -> dict[str, Any]:
    """What a decision on a commitment rests on: the letter, and the abilities as declared."""
    letters = [slot for slot in slots_to_examine(application) if slot.wanted.material.code == LETTER]
    return {
        "assessment": None,
        "letters": [version for slot in letters for version in slot.versions[:1]],
        "concurrences": concurrences_of(application),
        "tables": [(table, progress(table.rows.all())) for table in tables],
    }


def nonconformities_of(assessment: Assessment) -> list[Nonconformity]:
    """The nonconformity records with their clauses."""
    rows = Nonconformity.objects.filter(assessment=assessment).select_related("item__clause")
    return list(rows.order_by("number"))


def concurrences_of(application: Application) -> list[Concurrence]:
    """The answers of the other authorities."""
    rows = Concurrence.objects.filter(application=application).select_related("authority", "answered_by")
    return list(rows.order_by("authority__code"))


def report_of(application: Application) -> Paper | None:
    """The newest report of the case."""
    papers = Paper.objects.of_owner(REPORT_KIND, application.uuid).select_related("file")
    return papers.first()


def tables_of_authority(application: Application, authority_id: int) -> list[CapabilityTable]:
    """The capability tables of an authority's own sites."""
    return list(tables_of(application).filter(site__authority_id=authority_id))
