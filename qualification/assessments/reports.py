"""The assessment report (评审报告) as a paper."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from documents.papers import services as papers
from qualification.applications.notices import PAPER_LANGUAGE, zh_date
from qualification.applications.queries import REPORT_KIND
from qualification.assessments.enums import Answer, Conclusion
from qualification.assessments.models import Assessment, Nonconformity
from qualification.assessments.queries import answer_counts, answers_of, capability_counts, items_of
from qualification.assessors.models import Seat
from qualification.regions.models import DictionaryEntry
from qualification.scope import queries as scope

if TYPE_CHECKING:
    from documents.papers.models import Paper


def request(assessment: Assessment, *, now: dt.datetime) -> Paper:
    """Ask for the report of an assessment that was handed in."""
    application = assessment.application
    with translation.override(PAPER_LANGUAGE):
        context = content(assessment)
        title = _("Assessment report")
    return papers.request(
        kind="report", template="report", title=title, context=context, signers=[application.authority.code],
        owner_kind=REPORT_KIND, owner_id=application.uuid, dated_on=timezone.localdate(now),
        document_number=f"{application.authority.short_zh}资认评报〔{timezone.localdate(now).year}〕{application.pk}号", now=now,
    )  # fmt: skip


def content(assessment: Assessment) -> dict[str, Any]:
    """What the report says; the page shows the same before it is handed in."""
    application = assessment.application
    return {
        "is_trial": application.authority.is_trial,
        "authority": application.authority.code,
        "authority_name": application.authority.name_zh,
        "lab_name": application.laboratory.name,
        "reference": application.reference,
        "facts": _facts(assessment),
        "sites": [{"label": s.name, "value": s.address} for s in application.sites.order_by("pk")],
        "team": _team(assessment),
        "checklist_counts": _checklist_counts(assessment),
        "checklist": _checklist(assessment),
        "capability_counts": _capability_counts(assessment),
        "capability_notes": _capability_notes(assessment),
        "nonconformities": [_nonconformity(n) for n in _records(assessment)],
        "conclusion": str(Conclusion(assessment.conclusion).label),
        "is_rectified": assessment.is_rectified,
        "conclusion_notes": [line for line in assessment.summary.splitlines() if line.strip()],
    }


def _facts(assessment: Assessment) -> list[dict[str, str]]:
    application = assessment.application
    facts = [
        (_("Kind of application"), application.kind_labels),
        (_("Mode of assessment"), assessment.get_mode_display()),
        (_("Edition of the criteria"), assessment.edition.code),
    ]
    visit = assessment.visits.filter(state="agreed").first()
    if visit:
        facts.append((_("Days of the visit"), f"{zh_date(visit.from_on)}至{zh_date(visit.to_on)}"))
    if assessment.file_opinion:
        facts.append((_("Opinion on the file"), assessment.file_opinion))
    return [{"label": label, "value": str(value)} for label, value in facts]


def _seats(assessment: Assessment) -> list[Seat]:
    seats = Seat.objects.filter(assessment=assessment, assessor__isnull=False).select_related("assessor__user")
    return list(seats.order_by("position"))


def _team(assessment: Assessment) -> list[dict[str, str]]:
    entries = DictionaryEntry.objects.filter(kind=DictionaryEntry.Kind.FIELD)
    names = {entry.code: entry.name for entry in entries}
    return [_member(seat, names) for seat in _seats(assessment)]


def _member(seat: Seat, names: dict[str, str]) -> dict[str, str]:
    assessor = seat.assessor
    assert assessor is not None
    return {
        "name": str(assessor), "role": seat.get_role_display(), "organisation": assessor.employer,
        "certificate": assessor.certificate_number, "fields": "、".join(names.get(code, code) for code in assessor.field_codes),
    }  # fmt: skip


def _checklist_counts(assessment: Assessment) -> list[dict[str, str]]:
    counts = answer_counts(assessment)
    return [{"label": str(Answer(a).label), "value": str(n)} for a, n in counts.items()]


def _checklist(assessment: Assessment) -> list[dict[str, Any]]:
    answers = answers_of(assessment)
    clauses: dict[str, dict[str, Any]] = {}
    worst: dict[str, int] = {}
    order = [Answer.NOT_APPLICABLE, Answer.CONFORM, Answer.MOSTLY, Answer.NOT]
    for item in items_of(assessment):
        answer = answers.get(item.pk)
        if answer is None:
            continue
        row = clauses.setdefault(
            item.clause.code,
            {"clause": item.clause.code, "title": item.clause.name_zh, "is_starred": item.clause.is_starred, "items": "", "verdict": "-", "note": ""},
        )  # fmt: skip
        row["items"] = f"{row['items']} {item.number}".strip()
        row["note"] = "；".join(filter(None, [row["note"], answer.note]))
        worst[item.clause.code] = max(worst.get(item.clause.code, 0), order.index(Answer(answer.answer)))
        row["verdict"] = str(order[worst[item.clause.code]].label)
    return list(clauses.values())


def _capability_counts(assessment: Assessment) -> list[dict[str, str]]:
    counts = capability_counts(assessment)
    labels = {
        "applied": _("applied for"), "confirmed": _("confirmed"), "restricted": _("restricted"), "dropped": _("dropped"),
    }  # fmt: skip
    return [{"label": label, "value": str(counts[key])} for key, label in labels.items()]


def _capability_notes(assessment: Assessment) -> list[dict[str, str]]:
    rows = scope.rows_of(assessment.application).filter(verdict__in=["restricted", "dropped"])
    return [
        {"text": f"{r.number} {r.name}".strip(), "reason": r.recommended_restriction or r.verdict_note}
        for r in rows[:500]
    ]


def _records(assessment: Assessment) -> list[Nonconformity]:
    return list(Nonconformity.objects.filter(assessment=assessment).select_related("item__clause").order_by("number"))


def _nonconformity(record: Nonconformity) -> dict[str, str]:
    return {
        "clause": record.item.clause.code, "fact": record.fact, "degree": record.get_degree_display(),
        "department": record.department, "correction": record.correction, "verification": record.verification,
    }  # fmt: skip
