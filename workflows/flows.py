"""One page: the whole way of an application.

The state leads, the flow follows. A step waits for verbs of the domain; when the door has done one, the
step completes and the next task appears. No node changes a state.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.flow import Flow

from qualification.applications.models import Concurrence
from qualification.assessors.models import Seat
from qualification.door import Event
from workflows.nodes import CaseLock, Fan, Meet, Step, Verb, Who

APPLICATION = "applications.Application"
SUPPLEMENT = "applications.SupplementRequest"
CONCURRENCE = "applications.Concurrence"
OFFER = "assessors.Offer"
ASSESSMENT = "assessments.Assessment"
VISIT = "assessments.Visit"
RECTIFICATION = "assessments.Rectification"
CHECK = "assessments.CommitmentCheck"

SUBMIT: Verb = (APPLICATION, "submit")
CHECK_CLOCKS = {"clock": "commitment_check", "also": "commitment_check_at_once"}
# A lapse that was set aside: the process goes on at the supplement.
REINSTATE: Verb = (APPLICATION, "reinstate")


def seats(event: Event) -> Iterable[dict[str, Any]]:
    """One branch per seat of the team."""
    ids = Seat.objects.filter(assessment_id=event.subject.pk).order_by("position").values_list("pk", flat=True)
    return [{"seat": pk} for pk in ids]


def other_authorities(event: Event) -> Iterable[dict[str, Any]]:
    """One branch per authority that is asked to concur."""
    case = event.application
    ids = (
        Concurrence.objects.filter(application=case).order_by("authority__code").values_list("authority_id", flat=True)
    )
    return [{"authority": pk} for pk in ids]


def is_joint(event: Event) -> bool:
    """Whether other authorities have a site in the case."""
    return bool(list(other_authorities(event)))


def by_commitment(event: Event) -> bool:
    """Whether the case is decided on a commitment, without a technical review."""
    return event.application is not None and event.application.is_by_commitment


def is_joint_commitment(event: Event) -> bool:
    """Whether other authorities have a site in a case by commitment."""
    return by_commitment(event) and is_joint(event)


def is_false(event: Event) -> bool:
    """Whether the check found the commitment to be seriously untrue."""
    return bool(event.subject.is_false)  # type: ignore[attr-defined]


class QualificationFlow(Flow):
    """From the receipt of an application to its certificate, or to one of the other endings."""

    process_title = _("Qualification of a laboratory")
    lock_impl = CaseLock()

    start = flow.StartHandle(this.receive).Next(this.examine)

    # Intake (受理)
    examine = (
        Step(
            Who.INTAKE, (APPLICATION, "accept"), (APPLICATION, "deem_accepted"), (APPLICATION, "refuse_acceptance"),
            (SUPPLEMENT, "send"), clock="acceptance",
        )
        .Title(_("Examine the application"))
        .Ended(this.end)
        .On(this.supplement, (SUPPLEMENT, "send"))
        .When(this.ask_authorities, is_joint_commitment)
        .When(this.decide, by_commitment)
        .Else(this.draw_team)
    )  # fmt: skip
    supplement = (
        Step(Who.LABORATORY, (SUPPLEMENT, "hand_in"), (SUPPLEMENT, "lapse"), clock="supplement")
        .Title(_("Hand in the supplement"))
        .Ended(this.end)
        .On(this.end, (SUPPLEMENT, "lapse"))
        .Else(this.examine_again)
    )
    examine_again = (
        Step(
            Who.INTAKE, (APPLICATION, "accept"), (APPLICATION, "refuse_acceptance"),
            clock="acceptance_after_supplement",
        )
        .Title(_("Examine the supplement"))
        .Ended(this.end)
        .When(this.ask_authorities, is_joint_commitment)
        .When(this.decide, by_commitment)
        .Else(this.draw_team)
    )  # fmt: skip

    # Team (专家选派)
    draw_team = (
        Step(Who.COORDINATOR, (ASSESSMENT, "draw_team"), clock="technical_review")
        .Title(_("Draw the team"))
        .Ended(this.end)
        .Else(this.offers)
    )
    offers = Fan(this.answer_offer, seats)
    answer_offer = (
        Step(Who.ASSESSOR, (OFFER, "accept"), clock="offer", branch="seat").Title(_("Answer the offer")).Else(this.team)
    )
    team = (
        Meet()
        .On(this.closed, (CHECK, "void"))
        .When(this.check, by_commitment)
        .Ended(this.end)
        .Else(this.review_file)
    )  # fmt: skip

    # File review (材料审查)
    review_file = (
        Step(
            Who.LEADER, (ASSESSMENT, "pass_file"), (ASSESSMENT, "hold_file"), (ASSESSMENT, "fail_file"),
            clock="file_review",
        )
        .Title(_("Review the file"))
        .Ended(this.end)
        .On(this.supply_file, (ASSESSMENT, "hold_file"))
        .On(this.report, (ASSESSMENT, "fail_file"))
        .Else(this.propose_visit)
    )  # fmt: skip
    supply_file = (
        Step(Who.LABORATORY, (ASSESSMENT, "resume_file"), clock="technical_review")
        .Title(_("Hand in the material the leader asks for"))
        .Ended(this.end)
        .Else(this.review_file)
    )

    # Visit (现场评审)
    propose_visit = (
        Step(Who.LEADER, (VISIT, "propose"), clock="technical_review")
        .Title(_("Propose the date of the visit"))
        .Ended(this.end)
        .Else(this.answer_visit)
    )
    answer_visit = (
        Step(Who.LABORATORY, (VISIT, "agree"), (VISIT, "ask_other"), clock="technical_review")
        .Title(_("Answer the proposed date"))
        .Ended(this.end)
        .On(this.propose_visit, (VISIT, "ask_other"))
        .Else(this.visit)
    )
    visit = (
        Step(Who.LEADER, (ASSESSMENT, "conclude"), (ASSESSMENT, "require_rectification"), clock="technical_review")
        .Title(_("Visit, findings and conclusion"))
        .Ended(this.end)
        .On(this.rectify, (ASSESSMENT, "require_rectification"))
        .Else(this.report)
    )

    # Rectification (整改)
    rectify = (
        Step(Who.LABORATORY, (RECTIFICATION, "hand_in"), (RECTIFICATION, "expire"), clock="rectification")
        .Title(_("Rectify and hand in the evidence"))
        .Ended(this.end)
        .On(this.report, (RECTIFICATION, "expire"))
        .Else(this.verify)
    )
    verify = (
        Step(Who.LEADER, (RECTIFICATION, "verify"), (RECTIFICATION, "reject"), clock="verification")
        .Title(_("Verify the rectification"))
        .Ended(this.end)
        .Else(this.report)
    )
    report = (
        Step(
            Who.LEADER, (APPLICATION, "conclude_review"), (ASSESSMENT, "reopen_rectification"),
            clock="technical_review",
        )
        .Title(_("Hand in the report"))
        .Ended(this.end)
        .On(this.rectify, (ASSESSMENT, "reopen_rectification"))
        .When(this.ask_authorities, is_joint)
        .Else(this.decide)
    )  # fmt: skip

    # Concurrence (会签)
    ask_authorities = Fan(this.concur, other_authorities)
    concur = (
        Step(
            Who.DECISION, (CONCURRENCE, "agree"), (CONCURRENCE, "object"), clock="concurrence", branch="authority"
        )
        .Title(_("Concur for the sites of the region"))
        .Else(this.concurred)
    )  # fmt: skip
    concurred = Meet().Ended(this.end).Else(this.decide)

    # Decision and issue (审批, 发证)
    decide = (
        Step(Who.DECISION, (APPLICATION, "decide"), clock="decision", also="commitment_decision")
        .Title(_("Decide"))
        .Ended(this.end)
        .Else(this.release)
    )
    release = (
        Step(
            Who.DECISION, (APPLICATION, "grant"), (APPLICATION, "refuse"), (APPLICATION, "retract_decision"),
            clock="decision", also="commitment_decision",
        )
        .Title(_("Release the decision"))
        .Ended(this.end)
        .On(this.decide, (APPLICATION, "retract_decision"))
        .When(this.granted, by_commitment)
        .Else(this.issue)
    )  # fmt: skip
    issue = (
        Step(Who.ISSUER, (APPLICATION, "issue"), (APPLICATION, "annul"), clock="issue", also="commitment_issue")
        .Title(_("Issue the certificate"))
        .On(this.closed, (APPLICATION, "annul"))
        .Else(this.sign)
    )
    sign = (
        Step(Who.SYSTEM, (APPLICATION, "complete_issue"), clock="issue", also="commitment_issue")
        .Title(_("Make and sign the certificate"))
        .When(this.closed, by_commitment)
        .Else(this.end)
    )

    # Check of a commitment (告知承诺核查), beside the issue and after it
    granted = flow.Split().Always(this.issue).Always(this.draw_checkers)
    draw_checkers = (
        Step(Who.COORDINATOR, (ASSESSMENT, "draw_team"), beside=True, **CHECK_CLOCKS)
        .Title(_("Draw the team of the check"))
        .On(this.closed, (CHECK, "void"))
        .Else(this.offers)
    )
    check = (
        Step(Who.LEADER, (CHECK, "record"), beside=True, **CHECK_CLOCKS)
        .Title(_("Check the commitment on site"))
        .On(this.closed, (CHECK, "void"))
        .When(this.revoke, is_false)
        .Else(this.closed)
    )
    revoke = Step(Who.DECISION, (CHECK, "revoke"), beside=True).Title(_("Revoke what was granted")).Else(this.closed)
    closed = Meet().Else(this.end)
    end = flow.End()

    def receive(self, activation: Any, event: Event) -> Any:
        """Start the process of an application that was handed in."""
        activation.process.seed = event.application
        activation.task.owner = event.by
        return activation.process


STEPS: dict[str, Step] = {n.name: n for n in QualificationFlow.instance.nodes() if isinstance(n, Step)}
VERBS: frozenset[Verb] = frozenset(verb for step in STEPS.values() for verb in step.verbs)
ENDS: frozenset[Verb] = frozenset(
    (APPLICATION, verb)
    for verb in ("refuse_acceptance", "lapse", "withdraw", "terminate", "refuse", "annul", "complete_issue")
)
# What ends a check that nobody needs any more, and the steps that end with it.
VOIDS_CHECK: Verb = (CHECK, "void")
OF_CHECK = frozenset({"draw_checkers", "answer_offer", "check", "revoke"})
# Verbs that say whose the open task of a seat is now.
HANDS_OVER: frozenset[Verb] = frozenset({(OFFER, "send"), (ASSESSMENT, "lack_candidates")})
