"""What the laboratory's pages of an assessment show: the leader's list, the visit, the records, the rectification."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from documents.queries import slots_of
from qualification.applications.queries import OWNER_KIND
from qualification.applications.supplementing import CALLED, numbered
from qualification.assessments.models import Assessment, Nonconformity
from qualification.assessments.services.concluding import version_of_corrections
from qualification.assessors.models import Seat
from qualification.models import TransitionLog

if TYPE_CHECKING:
    from documents.queries import Slot
    from qualification.assessments.models import Visit

HOLD_CODE = "hold_material"
RECTIFICATION_CODE = "rectification"


@dataclass(frozen=True, slots=True)
class Wish:
    """One point of the leader's list and the slot for what answers it."""

    number: int
    text: str
    label: str
    is_answered: bool

    @property
    def about(self) -> str:
        """How the name of a file calls the point."""
        return numbered(self.number, *CALLED)


def wishes_of(assessment: Assessment) -> list[Wish]:
    """The points of the leader's present list. Each list has slots of its own: a later one does not mix with them."""
    turn = hold_turn(assessment)
    filled = {slot.label for slot in _slots(assessment, HOLD_CODE) if slot.is_filled}
    texts = enumerate(assessment.hold_items, start=1)
    return [Wish(number, text, f"{turn}.{number}", f"{turn}.{number}" in filled) for number, text in texts]


def hold_turn(assessment: Assessment) -> int:
    """How often the leader has asked so far."""
    logs = TransitionLog.objects.filter(subject_type=assessment._meta.label, subject_id=assessment.pk, verb="hold_file")
    return logs.count()


def hold_id(assessment: Assessment, turn: int) -> uuid.UUID:
    """What the leader's list of one turn is called by what went out with it."""
    return uuid.uuid5(assessment.uuid, f"hold/{turn}")


def _slots(assessment: Assessment, code: str) -> list[Slot]:
    return [slot for slot in slots_of(OWNER_KIND, assessment.application.uuid) if slot.code == code]


def team_of(visit: Visit) -> QuerySet[Seat]:
    """Who comes: the seats that are taken, the leader first."""
    taken = Seat.objects.filter(assessment_id=visit.assessment_id, assessor__isnull=False)
    return taken.select_related("assessor__user", "assessor__home").order_by("position", "pk")


def records_of(assessment: Assessment) -> QuerySet[Nonconformity]:
    """The nonconformity records in their order."""
    rows = Nonconformity.objects.filter(assessment=assessment).order_by("number")
    return rows.select_related("item__clause", "confirmed_by", "recorded_by")


@dataclass(frozen=True, slots=True)
class Correction:
    """One nonconformity with what the laboratory writes; `stands` is another tab's text where it differs."""

    record: Nonconformity
    text: str
    stands: str
    slot: str
    title: str
    has_evidence: bool

    @property
    def about(self) -> str:
        """How the name of a file calls the nonconformity."""
        return numbered(
            self.record.number, "不符合项%s", "不符合%s", "不符合工作%s", "第%s项", "第%s号", "整改%s", "NC%s", "NCR%s"
        )

    @property
    def field(self) -> str:
        """Name of its text on the page."""
        return f"correction_{self.record.number}"


def corrections_of(assessment: Assessment, typed: Mapping[int, str] | None = None) -> list[Correction]:
    """The nonconformities; what was typed stands in for what is saved, and that beside it where it differs."""
    filled = {slot.label for slot in _slots(assessment, RECTIFICATION_CODE) if slot.is_filled}
    return [_correction(record, typed or {}, filled) for record in records_of(assessment)]


def _correction(record: Nonconformity, typed: Mapping[int, str], filled: set[str]) -> Correction:
    text = typed.get(record.number, record.correction)
    stands = record.correction if text.strip() != record.correction.strip() else ""
    slot = str(record.number)
    title = _("Evidence for nonconformity %(number)s") % {"number": record.number}
    return Correction(record, text, stands, slot, title, slot in filled)


def typed_corrections(data: Mapping[str, Any]) -> dict[int, str]:
    """What the page sent, by number; anything else in it is left alone."""
    found = {}
    for name, text in data.items():
        number = name.removeprefix("correction_")
        if name != number and number.isascii() and number.isdigit() and len(number) < 5:
            found[int(number)] = str(text).replace("\x00", "")
    return found


def rectification_page(assessment: Assessment, typed: Mapping[int, str] | None = None) -> dict[str, Any]:
    """What the page of a rectification shows."""
    return {
        "assessment": assessment,
        "application": assessment.application,
        "rectification": assessment.rectification,
        "corrections": corrections_of(assessment, typed),
        "version": version_of_corrections(assessment),
    }
