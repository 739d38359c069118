"""What a person can do with a case now: verb, page, words. One table for the page of a case and for the tasks."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rules
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qualification.applications.models import Application, TerminationRequest
from qualification.assessments.models import Visit
from qualification.door import can, may

if TYPE_CHECKING:
    from viewflow.workflow.models import Task

    from qualification.accounts.models import User
    from workflows.inbox.casefile import CaseFile


@dataclass(frozen=True, slots=True)
class Button:
    """One thing to do, as the page shows it."""

    label: str
    icon: str
    url: str
    is_main: bool


@dataclass(frozen=True, slots=True)
class Action:
    """A page on which somebody acts: when it is offered, and about which row it is."""

    label: str | Promise
    icon: str
    url_name: str
    subject: Callable[[CaseFile], Any]
    is_open: Callable[[User, Any], bool]
    is_main: bool = True


def _any(*verbs: str) -> Callable[[User, Any], bool]:
    return lambda user, subject: any(can(user, verb, subject) for verb in verbs)


def _case(file: CaseFile) -> Application:
    return file.application


def _assessment(file: CaseFile) -> Any:
    return file.assessment


def _may_edit(user: User, application: Application) -> bool:
    return bool(rules.has_perm("applications.Application.edit", user, application))


def _may_propose(user: User, assessment: Any) -> bool:
    if assessment.state != "scheduling" or assessment.visits.filter(state__in=["draft", "proposed"]).exists():
        return False
    return may(user, "propose", Visit(application=assessment.application, assessment=assessment))


def _may_visit(user: User, assessment: Any) -> bool:
    return assessment.state == "visiting" and may(user, "record", assessment)


def _may_ask_termination(user: User, application: Application) -> bool:
    if application.state != "in_review" or application.terminations.filter(state__in=["draft", "asked"]).exists():
        return False
    return may(user, "ask", TerminationRequest(application=application))


ACTIONS: tuple[Action, ...] = (
    Action(_("Answer the offer"), "mail-question", "assessors:offer", lambda f: f.own_offer, _any("accept")),
    Action(_("Go on with the draft"), "pencil", "applications:edit", _case, _may_edit),
    Action(_("Examine"), "file-search", "applications:examine", lambda f: f.case_to_examine, _any("accept", "refuse_acceptance")),
    Action(_("Hand in the supplement"), "upload", "applications:supplement", lambda f: f.supplement_case, lambda u, c: True),
    Action(_("Draw the team"), "users-plus", "assessors:team", lambda f: f.review_case, lambda u, c: can(u, "draw_team", c.assessment)),
    Action(_("Fill the empty seats"), "users-plus", "assessors:team", lambda f: f.assessment_case,
           lambda u, c: c.assessment.state == "offering" and can(u, "draw_again", c.assessment)),
    Action(_("Review the file"), "file-check", "assessments:file_review", _assessment, _any("pass_file")),
    Action(_("Hand in the material the leader asks for"), "upload", "assessments:hold", _assessment, _any("resume_file")),
    Action(_("Propose the date of the visit"), "calendar-plus", "assessments:propose", _assessment, _may_propose),
    Action(_("Answer the proposed date"), "calendar-question", "assessments:answer_visit", lambda f: f.proposed_visit, _any("agree")),
    Action(_("Go to the visit"), "clipboard-check", "assessments:visit", _assessment, _may_visit),
    Action(_("Confirm the nonconformity records"), "checklist", "assessments:confirm_record", lambda f: f.open_record, lambda u, a: True),
    Action(_("Rectify and hand in the evidence"), "tool", "assessments:rectification",
           lambda f: f.rectification and f.assessment, lambda u, a: can(u, "hand_in", a.rectification)),
    Action(_("Verify the rectification"), "checkup-list", "assessments:verification",
           lambda f: f.rectification and f.assessment, lambda u, a: can(u, "verify", a.rectification)),
    Action(_("Write and hand in the report"), "report", "assessments:report", _assessment, _any("hand_in_report")),
    Action(_("Concur for the sites of the region"), "signature", "applications:concur", lambda f: f.own_concurrence, _any("agree", "object")),
    Action(_("Decide"), "scale", "applications:decide", lambda f: f.answered_case, _any("decide")),
    Action(_("Release the decision"), "send", "applications:decide", _case, _any("grant", "refuse")),
    Action(_("Draw the team of the check"), "users-plus", "assessors:team", lambda f: f.check_case, lambda u, c: can(u, "draw_team", c.assessment)),
    Action(_("Check the commitment on site"), "clipboard-check", "assessments:check", lambda f: f.check_to_record, _any("record")),
    Action(_("Revoke what was granted"), "circle-x", "assessments:check", lambda f: f.check_to_revoke, _any("revoke")),
    Action(_("Issue the certificate"), "certificate", "certificates:issue", _case, _any("issue")),
    Action(_("Answer the request to terminate"), "message-question", "applications:answer_termination",
           lambda f: f.asked_termination, _any("consent", "deny")),
    Action(_("Ask to terminate the review"), "player-stop", "applications:ask_termination", _case, _may_ask_termination, is_main=False),
    Action(_("Withdraw the application"), "arrow-back-up", "applications:withdraw", _case, _any("withdraw"), is_main=False),
)  # fmt: skip


def buttons_of(file: CaseFile) -> list[Button]:
    """What the reader can do now; the first main action leads, the others stand back."""
    found: list[Button] = []
    for action in ACTIONS:
        subject = action.subject(file)
        url = address(action.url_name, subject.uuid) if subject and action.is_open(file.user, subject) else ""
        if url:
            is_main = action.is_main and not any(button.is_main for button in found)
            found.append(Button(str(action.label), action.icon, url, is_main))
    return found


# Where each step of the flow is done, and by whose uuid: of the case, of the assessment, or of the row itself.
STEP_PAGES: dict[str, tuple[str, str]] = {
    "examine": ("applications:examine", "case"),
    "supplement": ("applications:supplement", "case"),
    "examine_again": ("applications:examine", "case"),
    "draw_team": ("assessors:team", "case"),
    "answer_offer": ("assessors:offer", "subject"),
    "review_file": ("assessments:file_review", "assessment"),
    "supply_file": ("assessments:hold", "assessment"),
    "propose_visit": ("assessments:propose", "assessment"),
    "answer_visit": ("assessments:answer_visit", "subject"),
    "visit": ("assessments:visit", "assessment"),
    "rectify": ("assessments:rectification", "assessment"),
    "verify": ("assessments:verification", "assessment"),
    "report": ("assessments:report", "assessment"),
    "concur": ("applications:concur", "subject"),
    "decide": ("applications:decide", "case"),
    "release": ("applications:decide", "case"),
    "issue": ("certificates:issue", "case"),
    "draw_checkers": ("assessors:team", "case"),
    "check": ("assessments:check", "check"),
    "revoke": ("assessments:check", "check"),
}


def task_url(task: Task, application: Application) -> str:
    """The page on which a task is done; the page of the case where that page is for somebody else."""
    name, about = STEP_PAGES.get(task.flow_task.name, ("", ""))
    if about == "subject" and task.owner_id is None and name == "assessors:offer":
        name, about = "assessors:team", "case"
    found: uuids.UUID | None = {
        "case": application.uuid,
        "subject": getattr(task, "subject_uuid", None),
        "assessment": getattr(getattr(application, "assessment", None), "uuid", None),
        "check": getattr(getattr(application, "commitment_check", None), "uuid", None),
    }.get(about)
    return (address(name, found) if found else "") or reverse("inbox:case", args=[application.uuid])


def address(name: str, *args: Any) -> str:
    """The address of a page, or nothing while that page is not installed."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
