"""What the page of a case shows to its reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from documents.papers.enums import PaperState
from qualification.accounts.enums import Role
from qualification.applications.enums import ConcurrenceState, Kind
from qualification.applications.notices import manager_post_label
from qualification.applications.queries import OWNER_KIND, wanted_slots
from qualification.assessments.pictures import evidence_labels
from qualification.pages.dates import say_date, say_moment
from qualification.regions.models import DictionaryEntry
from qualification.scope.queries import tables_of
from workflows.inbox import history
from workflows.inbox.actions import address, buttons_of
from workflows.inbox.audience import Audience, badge_of
from workflows.inbox.way import way_of

if TYPE_CHECKING:
    from documents.papers.models import Paper
    from qualification.applications.models import Application
    from workflows.inbox.casefile import CaseFile

ADMINISTRATORS = (Role.REGION_ADMIN, Role.SLA_ADMIN, Role.ISSUER)
PAPER_LOOKS = {
    PaperState.STORED: ("check", "good"),
    PaperState.PENDING: ("clock", "info"),
    PaperState.FAILED: ("alert-triangle", "warn"),
}
CONCURRENCE_LOOKS = {
    ConcurrenceState.AGREED: ("check", "good"), ConcurrenceState.OBJECTED: ("x", "bad"), ConcurrenceState.REQUESTED: ("clock", "info"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownPaper:
    """A paper with its state in words; the error only for those who can mend it."""

    paper: Paper
    state: str
    icon: str
    tone: str
    url: str
    error: str


def context(file: CaseFile, show: str) -> dict[str, Any]:
    """The whole page."""
    kind = show if show in history.KINDS else ""
    application = file.application
    return {
        "application": application,
        "badge": _badge(file),
        "audience": file.audience.value,
        "is_internal": file.audience.sees_internal,
        "stages": way_of(file),
        "buttons": buttons_of(file),
        "held": file.held,
        "facts": facts_of(application) + _later_facts(file),
        "sites": list(application.sites.select_related("authority").order_by("pk")),
        "slots": wanted_slots(application),
        "owner_kind": OWNER_KIND,
        "tables": list(tables_of(application)),
        "seats": file.seats if file.shows_team else [],
        "has_assessment": file.assessment is not None,
        "visit": file.agreed_visit,
        "chips": file.chips,
        "papers": [_paper(file, paper) for paper in file.papers],
        "concurrences": [_concurrence(row) for row in file.concurrences] if file.audience.sees_internal else [],
        "events": history.stream_of(file, kind),
        "kinds": history.KINDS.items(),
        "kind": kind,
        "edition": file.edition,
        "certificate_url": _certificate_url(file),
        "check_url": _check_url(file),
        "check": file.check,
        "evidence": evidence_labels(file.check, with_next=False) if file.check else [],
        "team_url": address("assessors:team", application.uuid)
        if file.audience.sees_internal and file.assessment
        else "",
        "now": file.now,
    }


def _badge(file: CaseFile) -> dict[str, str]:
    """The badge of the case; while a supplement is awaited with its last day."""
    found = badge_of(file.application, file.audience)
    awaited = next((chip for chip in file.chips if chip["clock"].code == "supplement" and chip["due_on"]), None)
    if not file.application.is_awaiting_supplement or awaited is None:
        return found
    return found | {
        "label": _("%(state)s, until %(day)s") % {"state": found["label"], "day": say_date(awaited["due_on"])}
    }


def summary(file: CaseFile) -> dict[str, Any]:
    """What an assessor must know to answer an offer, and no more."""
    application = file.application
    return {
        "application": application,
        "badge": badge_of(application, file.audience),
        "facts": _summary_facts(application),
        "sites": list(application.sites.select_related("authority").order_by("pk")),
        "offer": file.own_offer,
        "buttons": buttons_of(file),
    }


def facts_of(application: Application) -> list[tuple[str, Any]]:
    """The key facts of an application, as it was handed in."""
    facts: list[tuple[str, Any]] = [
        (_("Laboratory"), application.laboratory.name),
        (_("Unified social credit code"), application.laboratory.credit_code),
        (_("Lead authority"), str(application.authority)),
        (_("Kind"), application.kind_labels),
        (_("Procedure"), application.get_procedure_display()),
    ]
    if Kind.MANAGER in application.kinds:
        facts += [
            (_("Post"), manager_post_label(application.manager_post)),
            (_("New holder"), application.manager_name),
        ]
    else:
        facts += [(_("Fields of competence"), fields_text(application.field_codes))]
    if application.certificate:
        facts.append((_("Existing certificate"), str(application.certificate)))
    if application.contact_name:
        facts.append((_("Contact person"), f"{application.contact_name} {application.contact_phone}".strip()))
    if application.note:
        facts.append((_("Remarks to the authority"), application.note))
    return facts


def _later_facts(file: CaseFile) -> list[tuple[str, Any]]:
    application, facts = file.application, []
    if application.submitted_at:
        facts.append((_("Received"), say_moment(application.submitted_at)))
    if application.accepted_on:
        day = say_date(application.accepted_on)
        facts.append(
            (
                _("Accepted on"),
                _("%(day)s (deemed accepted by law)") % {"day": day} if application.is_deemed_accepted else day,
            )
        )
    return facts + _decision_facts(file) + _check_facts(file)


def _check_url(file: CaseFile) -> str:
    """The page of the check, for its team and the authorities; the laboratory reads the result on the case."""
    if file.check is None or file.audience in {Audience.LABORATORY, Audience.OFFERED}:
        return ""
    return address("assessments:check", file.check.uuid)


def _check_facts(file: CaseFile) -> list[tuple[str, Any]]:
    """What the check of the commitment found."""
    if file.check is None:
        return []
    facts = [(_("Check of the commitment"), file.check.get_conclusion_display() or file.check.get_state_display())]
    if file.check.findings:
        facts.append((_("Findings of the check"), file.check.findings))
    return facts


def _decision_facts(file: CaseFile) -> list[tuple[str, Any]]:
    """The decision, once it is released; before that to the lead authority alone, and marked as pending."""
    application = file.application
    if not (application.released_at or (application.decided_at and file.audience.sees_pending)):
        return []
    decision = application.decisions.filter(retracted_at__isnull=True).order_by("-pk").first()
    if decision is None:
        return []
    outcome = str(decision.get_outcome_display())
    facts = [
        (
            _("Decision"),
            outcome if application.released_at else _("%(outcome)s (pending, not released)") % {"outcome": outcome},
        )
    ]
    if decision.reasons:
        facts.append((_("Reasons"), f"{decision.reasons} ({decision.article})"))
    return facts


def _summary_facts(application: Application) -> list[tuple[str, Any]]:
    return [
        (_("Laboratory"), application.laboratory.name),
        (_("Lead authority"), str(application.authority)),
        (_("Kind"), application.kind_labels),
        (_("Fields of competence"), fields_text(application.field_codes)),
    ]


def fields_text(codes: Iterable[str]) -> str:
    """Fields of competence in words."""
    rows = DictionaryEntry.objects.filter(kind=DictionaryEntry.Kind.FIELD, code__in=list(codes)).order_by("code")
    return str(_(", ")).join(f"{row.code} {row.name}" for row in rows) or "—"


def _paper(file: CaseFile, paper: Paper) -> ShownPaper:
    icon, tone = PAPER_LOOKS[PaperState(paper.state)]
    url = reverse("documents:download", args=[paper.file.pk]) if paper.file else ""
    may_mend = file.user.has_role(*ADMINISTRATORS, authority_id=file.application.authority_id)
    return ShownPaper(paper, str(PaperState(paper.state).label), icon, tone, url, paper.last_error if may_mend else "")


def _concurrence(row: Any) -> dict[str, Any]:
    icon, tone = CONCURRENCE_LOOKS.get(row.state, ("circle", "neutral"))
    return {"row": row, "label": str(row.get_state_display()), "icon": icon, "tone": tone}


def _certificate_url(file: CaseFile) -> str:
    """The certificate's page: for staff their own, for others the public one; none before its paper is stored."""
    if file.edition is None or file.edition.state != "stored":
        return ""
    certificate = file.edition.certificate
    if file.audience == Audience.LABORATORY:
        return address("certificates:public", certificate.number)
    return address("certificates:detail", certificate.uuid) or address("certificates:public", certificate.number)
