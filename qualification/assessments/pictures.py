"""What the team's pages of an assessment show, made ready for their templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import rules
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from documents.queries import slots_of
from qualification import door
from qualification.applications import pagenotes
from qualification.applications.notices import PAPER_LANGUAGE
from qualification.applications.officers import LETTER, SlotToExamine, drawn, slots_to_examine
from qualification.applications.queries import OWNER_KIND, concerned_authorities
from qualification.assessments import access, reports
from qualification.assessments.answering import HOLD_CODE, RECTIFICATION_CODE, records_of, wishes_of
from qualification.assessments.enums import Anomaly, Answer, AssessmentState, CheckConclusion, Conclusion
from qualification.assessments.forms import AnswerForm, RecordForm
from qualification.assessments.models import (
    Assessment,
    CheckIn,
    CommitmentCheck,
    Item,
    ItemAnswer,
    Nonconformity,
    Visit,
)
from qualification.assessments.queries import (
    Open,
    answer_choices,
    answers_of,
    items_of,
    missing_to_conclude,
    result_of,
)
from qualification.assessments.services import checking
from qualification.assessors.models import Seat
from qualification.regions.settings import setting
from qualification.scope.queries import Progress, progress, tables_of, unconfirmed

if TYPE_CHECKING:
    from documents.queries import Slot
    from qualification.accounts.models import User
    from qualification.applications.models import Application
    from qualification.scope.models import CapabilityTable

ANSWER_LOOK = {
    Answer.CONFORM: ("circle-check", "good"),
    Answer.MOSTLY: ("alert-triangle", "warn"),
    Answer.NOT: ("circle-x", "bad"),
    Answer.NOT_APPLICABLE: ("minus", "neutral"),
}


def team_of(assessment: Assessment) -> list[Seat]:
    """The seats that are taken, the leader first."""
    seats = Seat.objects.filter(assessment=assessment, assessor__isnull=False)
    return list(seats.select_related("assessor__user", "assessor__home").order_by("position", "pk"))


def may_record(user: User, assessment: Assessment) -> bool:
    """Whether the person may record findings now."""
    return assessment.state == AssessmentState.VISITING and bool(
        rules.has_perm("assessments.Assessment.record", user, assessment)
    )


# -- the file


def file_page(assessment: Assessment, user: User) -> dict[str, Any]:
    """The materials with their versions, the tables, and what the leader has asked for."""
    application = assessment.application
    slots = slots_to_examine(application)
    return {
        "assessment": assessment,
        "application": application,
        "slots": slots,
        "tables": list(tables_of(application)),
        "asked": _slots(assessment, HOLD_CODE),
        "wishes": wishes_of(assessment),
        "first_file": _first_viewable(slots),
        "team": team_of(assessment),
        "can_review": door.can(user, "pass_file", assessment),
        "open_notes": pagenotes.open_notes(application),
        "note_points": pagenotes.points_of(application, pagenotes.waiting(application, pagenotes.REVIEW)),
    }


def _first_viewable(slots: Iterable[SlotToExamine]) -> Any:
    return next((version for slot in slots for version in drawn(slot)), None)


def _slots(assessment: Assessment, code: str) -> list[Slot]:
    return [slot for slot in slots_of(OWNER_KIND, assessment.application.uuid) if slot.code == code]


# -- the check of a commitment

CHECK_LOOK = {
    CheckConclusion.TRUE: ("circle-check", "good"),
    CheckConclusion.MOSTLY: ("alert-triangle", "warn"),
    CheckConclusion.FALSE: ("circle-x", "bad"),
}


def check_page(check: CommitmentCheck, user: User) -> dict[str, Any]:
    """What was committed to, what was found, and what the reader can do."""
    application = check.application
    slots = slots_to_examine(application)
    can_add = access.may_add(user, check)
    return {
        "check": check,
        "application": application,
        "assessment": application.assessment,
        "team": team_of(application.assessment),
        "sites": list(application.sites.select_related("authority").order_by("pk")),
        "letters": [version for slot in slots if slot.wanted.material.code == LETTER for version in slot.versions[:1]],
        "materials": [(slot.title, slot.versions[0]) for slot in slots if slot.versions],
        "tables": list(tables_of(application)),
        "evidence": evidence_labels(check, with_next=can_add),
        "evidence_kind": access.CHECK_KIND,
        "evidence_code": access.EVIDENCE,
        "can_add": can_add,
        "can_record": door.can(user, "record", check) and application.assessment.state == AssessmentState.CHECKING,
        "number": _number(application),
        "can_revoke": check.is_false and door.can(user, "revoke", check),
        **_to_revoke(check),
    }


def _number(application: Application) -> str:
    """The number of the certificate that the case led to; empty before its paper is there."""
    edition = getattr(application, "edition", None)
    return edition.certificate.number if edition is not None and edition.state == "stored" else ""


def _to_revoke(check: CommitmentCheck) -> dict[str, Any]:
    """What revoking would end: a whole certificate, the grant before it, or nothing that is in force."""
    if not check.is_false:
        return {}
    try:
        certificate = checking.certificate_to_revoke(check.application)
    except door.Stale:
        return {"is_signing": True}
    return {"certificate": certificate, "is_before_issue": check.application.state == "granted"}


def evidence_labels(check: CommitmentCheck, *, with_next: bool) -> list[str]:
    """The labels of the slots of evidence that are filled, and of the next one: “1”, “2” and so on."""
    filled = [slot.label for slot in slots_of(access.CHECK_KIND, check.uuid) if slot.is_filled]
    numbers = sorted(int(label) for label in filled if label.isdecimal())
    return [str(number) for number in [*numbers, *([max([0, *numbers]) + 1] if with_next else [])]]


# -- the date


def visits_of(assessment: Assessment) -> list[Visit]:
    """The dates proposed so far, the newest first."""
    return list(
        Visit.objects.filter(assessment=assessment).select_related("answered_by", "proposed_by").order_by("-pk")
    )


def propose_page(assessment: Assessment, user: User) -> dict[str, Any]:
    """The dates so far, the team, and whether the reader may propose now."""
    visits = visits_of(assessment)
    is_free = not any(visit.state in {"draft", "proposed", "agreed"} for visit in visits)
    asks = Visit(application=assessment.application, assessment=assessment)
    return {
        "assessment": assessment,
        "application": assessment.application,
        "visits": visits,
        "team": team_of(assessment),
        "sites": list(assessment.application.sites.select_related("authority").order_by("pk")),
        "can_propose": assessment.state == AssessmentState.SCHEDULING and is_free and door.may(user, "propose", asks),
    }


# -- the visit


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of the visit; `left` is how much is still to do there."""

    key: str
    label: str
    icon: str
    url: str
    left: int


def visit_frame(assessment: Assessment, user: User, current: str) -> dict[str, Any]:
    """What stands on every page of the visit: the tabs with what is left, and whether the reader may record."""
    missing = missing_to_conclude(assessment) if assessment.state == AssessmentState.VISITING else []
    parts = (
        ("checkins", _("Check-in"), "map-pin", "visit"), ("checklist", _("Checklist"), "list-check", "checklist"),
        ("nonconformities", _("Records"), "flag", "records"), ("capability", _("Abilities"), "checks", "capability"),
        ("conclude", _("Conclude"), "gavel", "conclude"),
    )  # fmt: skip
    left = _left(assessment, missing)
    tabs = [
        Tab(k, w, icon, reverse(f"assessments:{name}", args=[assessment.uuid]), left[k]) for k, w, icon, name in parts
    ]
    return {
        "assessment": assessment, "application": assessment.application, "tabs": tabs, "tab": current, "missing": missing,
        "can_record": may_record(user, assessment),
        "visit": assessment.visits.filter(state="agreed").order_by("-pk").first(),
    }  # fmt: skip


def _left(assessment: Assessment, missing: Iterable[Open]) -> dict[str, int]:
    """How much is left in each part: sites, items, records, abilities; 0 where nothing is missing."""
    left = Counter(open_.section for open_ in missing)
    if left["checklist"]:
        answered = ItemAnswer.objects.filter(assessment=assessment).values("item")
        left["checklist"] = items_of(assessment).exclude(pk__in=answered).count()
    if left["capability"]:
        left["capability"] = unconfirmed(assessment.application).count()
    return left


@dataclass(frozen=True, slots=True)
class SiteLine:
    """One site with everybody who checked in there, the newest first."""

    site: Any
    checkins: list[CheckIn]


def anomaly_words(checkin: CheckIn) -> str:
    """What is odd about a check-in, said politely; nothing where nothing is."""
    words = {
        Anomaly.FAR: _("Farther from the site than usual. It is kept so; the authority may ask about it."),
        Anomaly.DAY: _("Outside the agreed days. It is kept so; the authority may ask about it."),
        Anomaly.TWO_PLACES: _(
            "Shortly before, there was a check-in far from here. It is kept so; the authority may ask about it."
        ),
        Anomaly.NO_PLACE: _("Kept without a place, with your note."),
    }
    return words[Anomaly(checkin.anomaly)] if checkin.anomaly else ""


def site_lines(assessment: Assessment) -> list[SiteLine]:
    """The sites of the case with their check-ins."""
    rows = CheckIn.objects.filter(visit__assessment=assessment).select_related("assessor__user").order_by("-at", "-pk")
    by_site: dict[int, list[CheckIn]] = {}
    for checkin in rows:
        by_site.setdefault(checkin.site_id, []).append(checkin)
    sites = assessment.application.sites.select_related("authority").order_by("pk")
    return [SiteLine(site, by_site.get(site.pk, [])) for site in sites]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One checklist item with its answer and the form to give one."""

    item: Item
    answer: ItemAnswer | None
    form: AnswerForm


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """One clause with its items."""

    clause: Any
    items: list[ItemLine]


def answer_form(item: Item, answer: ItemAnswer | None, choices: Any, data: Any = None) -> AnswerForm:
    """The form of one item, with ids of its own."""
    initial = {"answer": answer.answer, "note": answer.note} if answer else None
    return AnswerForm(data, initial=initial, choices=choices, auto_id=f"item-{item.number}-%s")


def checklist(assessment: Assessment, *, only_open: bool, bound: dict[int, AnswerForm] | None = None) -> dict[str, Any]:
    """The checklist by clause; `bound` are forms that came back with what was typed, by the item's number."""
    answers, choices, bound = answers_of(assessment), answer_choices(assessment), bound or {}
    lines = [
        ItemLine(i, answers.get(i.pk), bound.get(i.number) or answer_form(i, answers.get(i.pk), choices))
        for i in items_of(assessment)
    ]
    shown = [line for line in lines if not only_open or line.answer is None or line.item.number in bound]
    clauses = [ClauseLine(c, list(group)) for c, group in groupby(shown, key=lambda line: line.item.clause)]
    return {
        "clauses": clauses,
        "done": len(answers),
        "total": len(lines),
        "left": len(lines) - len(answers),
        "only_open": only_open,
    }


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One item whose answer calls for a nonconformity record, and the record so far."""

    answer: ItemAnswer
    record: Nonconformity | None
    form: RecordForm


def record_form(answer: ItemAnswer, record: Nonconformity | None, data: Any = None) -> RecordForm:
    """The form of one record; a new one begins with the facts of the answer."""
    initial = None if record else {"fact": answer.note, "shown_by": "documents"}
    return RecordForm(data, instance=record, initial=initial, auto_id=f"record-{answer.item.number}-%s")


def record_lines(assessment: Assessment, bound: dict[int, RecordForm] | None = None) -> list[RecordLine]:
    """Everything that calls for a record, by item."""
    records = {record.item_id: record for record in records_of(assessment)}
    wanting = ItemAnswer.objects.filter(assessment=assessment, answer__in=[Answer.MOSTLY, Answer.NOT])
    rows = wanting.select_related("item__clause", "by").order_by("item__number")
    bound = bound or {}
    return [
        RecordLine(a, records.get(a.item_id), bound.get(a.item.number) or record_form(a, records.get(a.item_id)))
        for a in rows
    ]


@dataclass(frozen=True, slots=True)
class TableLine:
    """One capability table and how far its confirmation is."""

    table: CapabilityTable
    progress: Progress


def table_lines(assessment: Assessment) -> list[TableLine]:
    """The tables of the case, one per site and kind."""
    return [TableLine(table, progress(table.rows.all())) for table in tables_of(assessment.application)]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the conclusion is what it is: a rule and the items it rests on."""

    text: str
    numbers: list[int]


CONCLUSION_LOOK = {
    Conclusion.CONFORM: ("circle-check", "good"),
    Conclusion.MOSTLY: ("alert-triangle", "warn"),
    Conclusion.NOT: ("circle-x", "bad"),
}


def conclusion(assessment: Assessment, user: User) -> dict[str, Any]:
    """The conclusion that follows from the answers so far, the rule behind it, and the limit of a rectification."""
    result = result_of(assessment)
    verb = "require_rectification" if result.rectify else "conclude"
    return {
        "result": result,
        "reason": _reason(assessment),
        "has_answers": ItemAnswer.objects.filter(assessment=assessment).exists(),
        "limit": setting(assessment.application.authority, "rectification_max_days"),
        "is_leader": door.may(user, verb, assessment),
        "can_conclude": door.can(user, verb, assessment),
    }


def _reason(assessment: Assessment) -> Reason:
    rows = ItemAnswer.objects.filter(assessment=assessment).exclude(answer__in=[Answer.CONFORM, Answer.NOT_APPLICABLE])
    weak = list(rows.order_by("item__number").values_list("item__number", "item__clause__is_starred", "answer"))
    starred = [number for number, is_starred, answer in weak if is_starred and answer == Answer.NOT]
    if starred:
        return Reason(
            _("A “does not conform” on a starred clause leads to the worst conclusion, without rectification."), starred
        )
    other = [number for number, __, answer in weak if answer == Answer.NOT]
    if other:
        return Reason(
            _("A “does not conform” on a clause without a star leads here by the rules of the edition."), other
        )
    if weak:
        return Reason(_("“Mostly conforms” leads here by the rules of the edition."), [number for number, *__ in weak])
    return Reason(_("No answer other than “conforms”."), [])


# -- verification and report


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One nonconformity with its evidence, and the two fields of its verification."""

    record: Nonconformity
    slots: list[Slot]
    closed: Any
    text: Any


def verification_page(assessment: Assessment, user: User, form: Any) -> dict[str, Any]:
    """The nonconformities with correction and evidence, each with its fields."""
    slots = _slots(assessment, RECTIFICATION_CODE)
    rectification = assessment.rectification
    return {
        "assessment": assessment,
        "application": assessment.application,
        "rectification": rectification,
        "form": form,
        "lines": [
            EvidenceLine(
                r, [s for s in slots if s.label == str(r.number)], form[f"closed_{r.number}"], form[f"text_{r.number}"]
            )
            for r in form.records
        ],
        "can_verify": door.can(user, "verify", rectification),
    }


def report_page(assessment: Assessment, user: User) -> dict[str, Any]:
    """What the report will say, in the words and the language of the paper."""
    with translation.override(PAPER_LANGUAGE):
        content = reports.content(assessment) if assessment.conclusion else None
    return {
        "assessment": assessment,
        "application": assessment.application,
        "content": content,
        "language": PAPER_LANGUAGE,
        "others": concerned_authorities(assessment.application)[1:],
        "can_hand_in": door.can(user, "hand_in_report", assessment),
    }
