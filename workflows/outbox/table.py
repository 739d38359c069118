"""Who is told of what: every step on the way of which somebody must know, and nothing else.

A step is (model label, verb) of a transition through the door. A step that is not here tells nobody and costs nothing;
`checks` proves that each step exists and each kind has its text. `Application.decide` is not here on purpose: a
decision is nobody's business before its release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qualification.accounts.enums import Role
from workflows.outbox.enums import Kind
from workflows.outbox.recipients import (
    LAB,
    LEADER,
    MEMBERS,
    TEAM,
    Asker,
    Concurring,
    Group,
    OfferedAssessor,
    asked,
    at,
)

if TYPE_CHECKING:
    from qualification.door import Event

Step = tuple[str, str]


@dataclass(frozen=True, slots=True)
class MessageSpec:
    """One message of a step: what it is about and who gets it.

    Whoever did the step is not told of it, except where `tells_actor` makes it a receipt.
    """

    kind: Kind
    to: tuple[Group, ...]
    tells_actor: bool = False
    when: Callable[[Event], bool] | None = None


def tell(kind: Kind, *to: Group, when: Callable[[Event], bool] | None = None) -> MessageSpec:
    """A message to others than whoever did the step."""
    return MessageSpec(kind, to, when=when)


def receipt(kind: Kind, *to: Group, when: Callable[[Event], bool] | None = None) -> MessageSpec:
    """A message that whoever did the step gets too."""
    return MessageSpec(kind, to, tells_actor=True, when=when)


def _was_asked(event: Event) -> bool:
    return event.source == "requested"


def _is_by_commitment(event: Event) -> bool:
    return event.application is not None and event.application.is_by_commitment


def _is_general(event: Event) -> bool:
    return not _is_by_commitment(event)


def _is_false(event: Event) -> bool:
    return bool(event.subject.is_false)  # type: ignore[attr-defined]


def _is_without_act(event: Event) -> bool:
    """Whether no step upon a certificate or an application tells the laboratory that its grant is revoked."""
    return bool(event.facts.get("is_without_act"))


def _was_sent(event: Event) -> bool:
    return event.source == "sent"


APPLICATION = "applications.Application"
SUPPLEMENT = "applications.SupplementRequest"
TERMINATION = "applications.TerminationRequest"
CONCURRENCE = "applications.Concurrence"
OFFER = "assessors.Offer"
ASSESSMENT = "assessments.Assessment"
VISIT = "assessments.Visit"
RECTIFICATION = "assessments.Rectification"
CHECK = "assessments.CommitmentCheck"
CERTIFICATE = "certificates.Certificate"
CONTEST = "clocks.Contest"

INTAKE = at(Role.INTAKE)
COORDINATORS = at(Role.COORDINATOR)
DECIDERS = at(Role.DECISION)
ISSUERS = at(Role.ISSUER)
SUPERVISORS = at(Role.SUPERVISOR)
OFFERED = OfferedAssessor()
_CONTEST_PEOPLE = (LAB, SUPERVISORS, at(Role.INTAKE, Role.COORDINATOR, Role.SLA_ADMIN))

_CERTIFICATE_ENDED = (
    receipt(Kind.CERTIFICATE_ENDED, LAB),
    tell(Kind.CERTIFICATE_ENDED, SUPERVISORS),
)

MESSAGES: Mapping[Step, tuple[MessageSpec, ...]] = {
    (APPLICATION, "submit"): (receipt(Kind.SUBMISSION_RECEIPT, LAB), tell(Kind.APPLICATION_RECEIVED, INTAKE)),
    (APPLICATION, "file"): (receipt(Kind.CHANGE_FILED, LAB), tell(Kind.CHANGE_FILED, INTAKE)),
    (APPLICATION, "accept"): (
        tell(Kind.ACCEPTED, LAB, when=_is_general),
        receipt(Kind.TEAM_TO_DRAW, COORDINATORS, when=_is_general),
        tell(Kind.COMMITMENT_ACCEPTED, LAB, when=_is_by_commitment),
        receipt(Kind.COMMITMENT_TO_DECIDE, DECIDERS, when=_is_by_commitment),
    ),
    (APPLICATION, "deem_accepted"): (
        tell(Kind.DEEMED_ACCEPTED, LAB),
        tell(Kind.ACCEPTANCE_MISSED, INTAKE),
        tell(Kind.TEAM_TO_DRAW, COORDINATORS, when=_is_general),
        tell(Kind.COMMITMENT_TO_DECIDE, DECIDERS, when=_is_by_commitment),
    ),
    (APPLICATION, "refuse_acceptance"): (tell(Kind.NOT_ACCEPTED, LAB),),
    (APPLICATION, "lapse"): (tell(Kind.LAPSED, LAB), tell(Kind.CASE_LAPSED, INTAKE)),
    (APPLICATION, "withdraw"): (
        receipt(Kind.WITHDRAWAL_RECEIPT, LAB),
        tell(Kind.WITHDRAWN, INTAKE, COORDINATORS),
        tell(Kind.WITHDRAWN, DECIDERS, when=lambda event: event.source == "reviewed"),
    ),
    (APPLICATION, "terminate"): (tell(Kind.TERMINATED, LAB), tell(Kind.REVIEW_TERMINATED, COORDINATORS)),
    (APPLICATION, "conclude_review"): (tell(Kind.REVIEW_CONCLUDED, LAB), receipt(Kind.DECISION_DUE, DECIDERS)),
    (APPLICATION, "grant"): (tell(Kind.GRANTED, LAB), receipt(Kind.CERTIFICATE_DUE, ISSUERS)),
    (APPLICATION, "refuse"): (
        tell(Kind.REFUSED, LAB),
        tell(Kind.RESULT_ELSEWHERE, Concurring(frozenset({Role.DECISION}))),
    ),
    (APPLICATION, "annul"): (
        tell(Kind.GRANT_REVOKED, LAB, ISSUERS, SUPERVISORS),
        tell(Kind.RESULT_ELSEWHERE, Concurring(frozenset({Role.DECISION}))),
    ),
    (APPLICATION, "complete_issue"): (
        tell(Kind.CERTIFICATE_ISSUED, LAB),
        tell(Kind.ISSUE_COMPLETED, ISSUERS, SUPERVISORS),
        tell(Kind.RESULT_ELSEWHERE, Concurring(frozenset({Role.DECISION, Role.SUPERVISOR}))),
    ),
    (SUPPLEMENT, "send"): (tell(Kind.SUPPLEMENT_WANTED, LAB),),
    (SUPPLEMENT, "hand_in"): (receipt(Kind.SUPPLEMENT_RECEIPT, LAB), tell(Kind.SUPPLEMENT_RECEIVED, INTAKE)),
    (TERMINATION, "ask"): (tell(Kind.TERMINATION_ASKED, DECIDERS),),
    (TERMINATION, "deny"): (tell(Kind.TERMINATION_DENIED, Asker()),),
    (CONCURRENCE, "request"): (receipt(Kind.CONCURRENCE_ASKED, asked(Role.DECISION)),),
    (CONCURRENCE, "agree"): (tell(Kind.CONCURRENCE_AGREED, DECIDERS),),
    (CONCURRENCE, "object"): (tell(Kind.CONCURRENCE_OBJECTED, DECIDERS, COORDINATORS),),
    (CONCURRENCE, "void"): (tell(Kind.CONCURRENCE_VOID, asked(Role.DECISION), when=_was_asked),),
    (OFFER, "send"): (receipt(Kind.OFFER, OFFERED),),
    (OFFER, "decline"): (tell(Kind.OFFER_DECLINED, COORDINATORS),),
    (OFFER, "expire"): (tell(Kind.OFFER_EXPIRED, OFFERED), tell(Kind.OFFER_UNANSWERED, COORDINATORS)),
    (OFFER, "void"): (tell(Kind.OFFER_VOID, OFFERED, when=_was_sent),),
    (ASSESSMENT, "lack_candidates"): (receipt(Kind.POOL_EMPTY, at(Role.COORDINATOR, Role.SLA_ADMIN)),),
    (ASSESSMENT, "complete_team"): (
        receipt(Kind.FILE_TO_REVIEW, LEADER),
        receipt(Kind.TEAM_JOINED, MEMBERS),
        tell(Kind.TEAM_NAMED, LAB),
        tell(Kind.TEAM_FILLED, COORDINATORS),
    ),
    (ASSESSMENT, "begin_check"): (
        receipt(Kind.CHECK_TO_MAKE, LEADER),
        receipt(Kind.TEAM_JOINED, MEMBERS),
        tell(Kind.CHECK_TEAM_NAMED, LAB),
        tell(Kind.TEAM_FILLED, COORDINATORS),
    ),
    (CHECK, "order"): (tell(Kind.CHECK_COMING, LAB), tell(Kind.CHECK_ORDERED, COORDINATORS)),
    (CHECK, "record"): (
        tell(Kind.COMMITMENT_CHECKED, LAB),
        tell(Kind.CHECK_RESULT, COORDINATORS, SUPERVISORS),
        receipt(Kind.COMMITMENT_FALSE, DECIDERS, when=_is_false),
    ),
    (CHECK, "revoke"): (tell(Kind.GRANT_REVOKED, LAB, SUPERVISORS, when=_is_without_act),),
    (ASSESSMENT, "hold_file"): (tell(Kind.FILE_SUPPLEMENT_WANTED, LAB),),
    (ASSESSMENT, "resume_file"): (tell(Kind.FILE_RESUMED, LEADER),),
    (ASSESSMENT, "terminate"): (tell(Kind.ASSIGNMENT_ENDED, TEAM),),
    (VISIT, "propose"): (tell(Kind.VISIT_PROPOSED, LAB),),
    (VISIT, "agree"): (tell(Kind.VISIT_AGREED, TEAM, COORDINATORS),),
    (VISIT, "ask_other"): (tell(Kind.VISIT_OTHER_ASKED, LEADER, COORDINATORS),),
    (RECTIFICATION, "notify"): (tell(Kind.RECTIFICATION_WANTED, LAB),),
    (RECTIFICATION, "hand_in"): (
        receipt(Kind.RECTIFICATION_RECEIPT, LAB),
        tell(Kind.RECTIFICATION_RECEIVED, LEADER),
    ),
    (RECTIFICATION, "verify"): (tell(Kind.RECTIFICATION_VERIFIED, LAB),),
    (RECTIFICATION, "reject"): (tell(Kind.RECTIFICATION_REJECTED, LAB),),
    (RECTIFICATION, "expire"): (tell(Kind.RECTIFICATION_EXPIRED, LAB), tell(Kind.RECTIFICATION_MISSED, LEADER)),
    (APPLICATION, "reinstate"): (tell(Kind.REINSTATED, LAB, INTAKE),),
    (RECTIFICATION, "reopen"): (tell(Kind.RECTIFICATION_REOPENED, LAB, LEADER),),
    (CONTEST, "ask"): (tell(Kind.CONTEST_ASKED, DECIDERS, at(Role.SLA_ADMIN)),),
    (CONTEST, "uphold"): (tell(Kind.CONTEST_UPHELD, *_CONTEST_PEOPLE),),
    (CONTEST, "set_aside"): (tell(Kind.CONTEST_SET_ASIDE, *_CONTEST_PEOPLE),),
    (CERTIFICATE, "close_renewal"): (tell(Kind.RENEWAL_CLOSED, LAB),),
    (CERTIFICATE, "deem_renewed"): (tell(Kind.CERTIFICATE_DEEMED_RENEWED, LAB, SUPERVISORS, DECIDERS),),
    (CERTIFICATE, "end_deemed_renewal"): (tell(Kind.CERTIFICATE_EXPIRED, LAB, SUPERVISORS),),
    (CERTIFICATE, "expire"): (tell(Kind.CERTIFICATE_EXPIRED, LAB, SUPERVISORS),),
    (CERTIFICATE, "revoke"): _CERTIFICATE_ENDED,
    (CERTIFICATE, "recall"): _CERTIFICATE_ENDED,
    (CERTIFICATE, "cancel"): _CERTIFICATE_ENDED,
    (CERTIFICATE, "withdraw_by_law"): _CERTIFICATE_ENDED,
}
