"""The one table of the statutory clocks (DOMAIN section 2): what starts, pauses, stops each, and what happens at its end.

A step is (model label, verb) of a transition through the door. Everything here is data; `engine` does what it says,
`sweep` fires the rungs, `checks` proves at start-up that every step and every executor exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workflows.clocks.enums import Unit

Step = tuple[str, str]

APPLICATION = "applications.Application"
SUPPLEMENT = "applications.SupplementRequest"
CONCURRENCE = "applications.Concurrence"
OFFER = "assessors.Offer"
ASSESSMENT = "assessments.Assessment"
VISIT = "assessments.Visit"
RECTIFICATION = "assessments.Rectification"
COMMITMENT_CHECK = "assessments.CommitmentCheck"
CERTIFICATE = "certificates.Certificate"


class RungName(StrEnum):
    """The rungs of a clock, in the order in which they fire at one moment."""

    REMIND = "remind"
    WARN = "warn"
    LAST_DAY = "last_day"
    EXPIRE = "expire"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class RungPolicy:
    """One rung: at which share of the limit (per cent) it fires; of a limit that runs backward, so many months before
    its end as the setting `before` says."""

    name: RungName
    share: int
    before: str = ""


class Only(StrEnum):
    """Conditions under which a step starts a clock; `engine` knows how to look."""

    ALWAYS = ""
    GENERAL = "general"
    COMMITMENT = "commitment"
    CHECK_LATER = "check_later"
    CHECK_AT_ONCE = "check_at_once"
    MAY_STILL_RENEW = "may_still_renew"


@dataclass(frozen=True, slots=True)
class Start:
    """What starts a clock. `dated_by` names the subject's date from which the law counts, where it is not the day of
    the step itself; `only` under which condition."""

    step: Step
    dated_by: str = ""
    only: Only = Only.ALWAYS


@dataclass(frozen=True, slots=True)
class PauseGround:
    """What pauses a clock, why, and which steps end just this pause."""

    step: Step
    reason: str | Promise
    resumed_by: frozenset[Step]


@dataclass(frozen=True, slots=True)
class Extendable:
    """That a clock may be extended once: the setting with the most days, and whether it caps the limit as a whole."""

    limit_key: str
    caps_whole: bool = False


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    """One clock.

    `stops` are the acts the clock waits for, `ends` what makes it pointless, `expires` the system's own act when it has
    run out. `budget_from` names the subject's field that sets the limit of one case, at most the setting's value.
    `is_breach`: the authority (or the assessor) has missed a limit of the law. `until` names the subject's date from
    which the limit is counted backward; without a `limit_key` it ends on that date itself. `remedy` says what setting
    the outcome of the law aside does, and what it cannot undo. `refuses_late`: an act after the end is refused, as the
    law's outcome takes its place.
    """

    code: str
    label: str | Promise
    subject: str
    limit_key: str
    article: str | Promise
    starts: tuple[Start, ...]
    stops: frozenset[Step]
    unit: Unit = Unit.WORKING
    expires: frozenset[Step] = frozenset()
    ends: frozenset[Step] = frozenset()
    pauses: tuple[PauseGround, ...] = ()
    executor: str = ""
    is_breach: bool = True
    extendable: Extendable | None = None
    budget_from: str = ""
    rungs: tuple[RungPolicy, ...] = ()
    until: str = ""
    refuses_late: bool = True
    remedy: str | Promise = ""

    def steps(self) -> set[Step]:
        """Every step this clock listens to."""
        named = {start.step for start in self.starts} | self.stops | self.expires | self.ends
        for pause in self.pauses:
            named |= {pause.step} | pause.resumed_by
        return named


WARN = RungPolicy(RungName.WARN, 80)
REMIND = RungPolicy(RungName.REMIND, 50)
EXPIRE = RungPolicy(RungName.EXPIRE, 100)
ESCALATE = RungPolicy(RungName.ESCALATE, 100)

LICENSING_LAW_32 = _("Administrative Licensing Law, article 32")
LICENSING_LAW_50 = _("Administrative Licensing Law, article 50")
ORDER_163_RENEWAL = _("Order 163 (2021), on renewal three months before expiry")
LICENSING_LAW_42 = _("Administrative Licensing Law, article 42")
ORDER_163 = _("Order 163 (2021)")
CRITERIA = _("Assessment criteria, 2023 No. 21")
REGION = _("setting of the region")

HOLD = PauseGround(
    (ASSESSMENT, "hold_file"), _("the file is on hold for a supplement by the laboratory"),
    frozenset({(ASSESSMENT, "resume_file")}),
)  # fmt: skip

POLICY: tuple[ClockPolicy, ...] = (
    ClockPolicy(
        code="acceptance", label=_("Acceptance decision or supplement notice"), subject=APPLICATION,
        limit_key="acceptance_days", article=LICENSING_LAW_32,
        starts=(Start((APPLICATION, "submit")),),
        stops=frozenset({(APPLICATION, "accept"), (APPLICATION, "refuse_acceptance"), (SUPPLEMENT, "send")}),
        expires=frozenset({(APPLICATION, "deem_accepted")}),
        remedy=_("The application stays accepted and the review goes on, with the limits that run. The missed limit is marked as excused and is not counted as missed."),
        executor="deem_accepted", rungs=(WARN, EXPIRE, ESCALATE),
    ),
    ClockPolicy(
        code="acceptance_after_supplement", label=_("Acceptance decision after the supplement"), subject=APPLICATION,
        limit_key="acceptance_after_supplement_days", article=LICENSING_LAW_32,
        starts=(Start((SUPPLEMENT, "hand_in")),),
        stops=frozenset({(APPLICATION, "accept"), (APPLICATION, "refuse_acceptance")}),
        rungs=(WARN, EXPIRE, ESCALATE),
    ),
    ClockPolicy(
        code="supplement", label=_("Supplement by the laboratory"), subject=SUPPLEMENT,
        limit_key="supplement_days", unit=Unit.CALENDAR, article=REGION,
        starts=(Start((SUPPLEMENT, "send")), Start((SUPPLEMENT, "reinstate"))),
        stops=frozenset({(SUPPLEMENT, "hand_in")}),
        expires=frozenset({(SUPPLEMENT, "lapse"), (APPLICATION, "lapse")}),
        ends=frozenset({(SUPPLEMENT, "void")}),
        remedy=_("The application is reinstated and the laboratory has the full time for its supplement anew. What the lapse notice said stays on file; the time between is not counted for or against anybody."),
        executor="lapse", is_breach=False, rungs=(REMIND, WARN, EXPIRE),
    ),
    ClockPolicy(
        code="offer", label=_("Assessor's answer to an offer"), subject=OFFER,
        limit_key="offer_days", article=REGION,
        starts=(Start((OFFER, "send")),),
        stops=frozenset({(OFFER, "accept"), (OFFER, "decline")}),
        expires=frozenset({(OFFER, "expire")}),
        ends=frozenset({(OFFER, "void")}),
        remedy=_("The expired offer is marked as excused and is not held against the assessor. The seat stays with whoever was asked next."),
        executor="expire_offer", is_breach=False, rungs=(WARN, EXPIRE),
    ),
    ClockPolicy(
        code="file_review", label=_("Leader's file review"), subject=ASSESSMENT,
        limit_key="file_review_days", article=CRITERIA,
        starts=(Start((ASSESSMENT, "complete_team")),),
        stops=frozenset({(ASSESSMENT, "pass_file"), (ASSESSMENT, "fail_file")}),
        ends=frozenset({(ASSESSMENT, "terminate")}),
        pauses=(HOLD,), rungs=(WARN, EXPIRE, ESCALATE),
    ),
    ClockPolicy(
        code="technical_review", label=_("Technical review"), subject=APPLICATION,
        limit_key="technical_review_days", article=ORDER_163,
        starts=(
            Start((APPLICATION, "accept"), only=Only.GENERAL),
            Start((APPLICATION, "deem_accepted"), dated_by="accepted_on", only=Only.GENERAL),
        ),
        stops=frozenset({(APPLICATION, "conclude_review")}),
        pauses=(
            HOLD,
            PauseGround(
                (VISIT, "ask_other"), _("the laboratory asked for another date"), frozenset({(VISIT, "propose")})
            ),
            PauseGround(
                (RECTIFICATION, "notify"), _("the laboratory rectifies"),
                frozenset({(RECTIFICATION, "hand_in"), (RECTIFICATION, "expire"), (RECTIFICATION, "void")}),
            ),
            PauseGround(
                (RECTIFICATION, "reopen"), _("the laboratory rectifies again, after its lateness was set aside"),
                frozenset({(RECTIFICATION, "hand_in"), (RECTIFICATION, "expire"), (RECTIFICATION, "void")}),
            ),
        ),
        rungs=(REMIND, WARN, EXPIRE, ESCALATE),
    ),
    ClockPolicy(
        code="rectification", label=_("Rectification by the laboratory"), subject=RECTIFICATION,
        limit_key="rectification_max_days", budget_from="days", article=CRITERIA,
        starts=(Start((RECTIFICATION, "notify")), Start((RECTIFICATION, "reopen"))),
        stops=frozenset({(RECTIFICATION, "hand_in")}),
        expires=frozenset({(RECTIFICATION, "expire")}),
        ends=frozenset({(RECTIFICATION, "void")}),
        remedy=_("The rectification is open again for the time first set, as long as the report has not been handed in; the review pauses meanwhile. The days that have passed between stay counted against the review."),
        executor="expire_rectification", is_breach=False,
        extendable=Extendable("rectification_max_days", caps_whole=True), rungs=(REMIND, WARN, EXPIRE),
    ),
    ClockPolicy(
        code="verification", label=_("Follow-up verification"), subject=RECTIFICATION,
        limit_key="verification_days", article=CRITERIA,
        starts=(Start((RECTIFICATION, "hand_in")),),
        stops=frozenset({(RECTIFICATION, "verify"), (RECTIFICATION, "reject")}),
        ends=frozenset({(RECTIFICATION, "void")}),
        rungs=(WARN, EXPIRE),
    ),
    ClockPolicy(
        code="concurrence", label=_("Concurrence of another region"), subject=CONCURRENCE,
        limit_key="concurrence_days", article=REGION,
        starts=(Start((CONCURRENCE, "request")),),
        stops=frozenset({(CONCURRENCE, "agree"), (CONCURRENCE, "object")}),
        ends=frozenset({(CONCURRENCE, "void")}),
        rungs=(WARN, EXPIRE, ESCALATE),
    ),
    ClockPolicy(
        code="decision", label=_("Decision"), subject=APPLICATION,
        limit_key="decision_days", article=ORDER_163,
        starts=(Start((APPLICATION, "conclude_review")),),
        stops=frozenset({(APPLICATION, "grant"), (APPLICATION, "refuse")}),
        extendable=Extendable("decision_extension_days"), rungs=(WARN, EXPIRE, ESCALATE),
    ),
    ClockPolicy(
        code="issue", label=_("Issue of the certificate"), subject=APPLICATION,
        limit_key="issue_days", article=ORDER_163,
        starts=(Start((APPLICATION, "grant"), only=Only.GENERAL),),
        stops=frozenset({(APPLICATION, "complete_issue")}),
        rungs=(WARN, EXPIRE, ESCALATE),
    ),
    ClockPolicy(
        code="commitment_decision", label=_("Decision on a commitment"), subject=APPLICATION,
        limit_key="commitment_decision_days", article=ORDER_163,
        starts=(
            Start((APPLICATION, "accept"), only=Only.COMMITMENT),
            Start((APPLICATION, "deem_accepted"), dated_by="accepted_on", only=Only.COMMITMENT),
        ),
        stops=frozenset({(APPLICATION, "grant"), (APPLICATION, "refuse")}),
        rungs=(WARN, EXPIRE, ESCALATE),
    ),
    ClockPolicy(
        code="commitment_issue", label=_("Issue after a commitment"), subject=APPLICATION,
        limit_key="commitment_issue_days", article=ORDER_163,
        starts=(Start((APPLICATION, "grant"), only=Only.COMMITMENT),),
        stops=frozenset({(APPLICATION, "complete_issue")}),
        rungs=(WARN, EXPIRE, ESCALATE),
    ),
    ClockPolicy(
        code="commitment_check", label=_("On-site check of a commitment"), subject=COMMITMENT_CHECK,
        limit_key="commitment_check_months", unit=Unit.MONTHS, article=ORDER_163,
        starts=(Start((COMMITMENT_CHECK, "order"), only=Only.CHECK_LATER),),
        stops=frozenset({(COMMITMENT_CHECK, "record")}),
        ends=frozenset({(COMMITMENT_CHECK, "void")}),
        rungs=(REMIND, WARN, EXPIRE, ESCALATE),
    ),
    ClockPolicy(
        code="commitment_check_at_once", label=_("On-site check of a commitment, at once"), subject=COMMITMENT_CHECK,
        limit_key="commitment_check_at_once_days", article=ORDER_163,
        starts=(Start((COMMITMENT_CHECK, "order"), only=Only.CHECK_AT_ONCE),),
        stops=frozenset({(COMMITMENT_CHECK, "record")}),
        ends=frozenset({(COMMITMENT_CHECK, "void")}),
        rungs=(EXPIRE, ESCALATE),
    ),
    ClockPolicy(
        code="renewal", label=_("Application for renewal"), subject=CERTIFICATE,
        limit_key="renewal_months", unit=Unit.MONTHS, until="valid_until", article=ORDER_163_RENEWAL,
        starts=(
            Start((CERTIFICATE, "activate"), dated_by="valid_from"),
            *(Start((APPLICATION, verb), only=Only.MAY_STILL_RENEW)
              for verb in ("refuse_acceptance", "lapse", "withdraw", "terminate", "refuse", "annul")),
        ),
        stops=frozenset({(APPLICATION, "submit"), (APPLICATION, "reinstate")}),
        expires=frozenset({(CERTIFICATE, "close_renewal")}),
        ends=frozenset((CERTIFICATE, verb) for verb in ("revoke", "recall", "cancel", "withdraw_by_law", "expire")),
        executor="close_renewal", is_breach=False, refuses_late=False,
        rungs=(
            RungPolicy(RungName.REMIND, 100, "renewal_first_reminder_months"),
            RungPolicy(RungName.WARN, 100, "renewal_second_reminder_months"),
            RungPolicy(RungName.LAST_DAY, 100, "renewal_months"),
            EXPIRE,
        ),
    ),
    ClockPolicy(
        code="validity", label=_("Validity of the certificate"), subject=CERTIFICATE,
        limit_key="", unit=Unit.CALENDAR, until="valid_until", article=LICENSING_LAW_50,
        starts=(Start((CERTIFICATE, "activate"), dated_by="valid_from"),),
        stops=frozenset(),
        expires=frozenset({(CERTIFICATE, "expire"), (CERTIFICATE, "deem_renewed")}),
        ends=frozenset((CERTIFICATE, verb) for verb in ("revoke", "recall", "cancel", "withdraw_by_law")),
        executor="end_validity", is_breach=False, rungs=(EXPIRE,),
        remedy=_("The certificate falls back to its own end and is expired from the moment of this answer. Reports issued meanwhile under the deemed renewal stay as they are; whether the renewal itself is granted is decided in its own case."),
    ),
)  # fmt: skip

# A case that ends stops every clock of it that is still open. After the issue the check of a commitment goes on.
CASE_ENDS: frozenset[Step] = frozenset(
    (APPLICATION, verb) for verb in ("refuse_acceptance", "lapse", "withdraw", "terminate", "refuse", "annul")
)

BY_CODE: Mapping[str, ClockPolicy] = {policy.code: policy for policy in POLICY}
BREACHES: frozenset[str] = frozenset(policy.code for policy in POLICY if policy.is_breach)


@dataclass(slots=True)
class Effects:
    """What one step does to the clocks; the policy table turned round."""

    stops: list[ClockPolicy] = field(default_factory=list)
    expires: list[ClockPolicy] = field(default_factory=list)
    ends: list[ClockPolicy] = field(default_factory=list)
    resumes: list[tuple[ClockPolicy, PauseGround]] = field(default_factory=list)
    pauses: list[tuple[ClockPolicy, PauseGround]] = field(default_factory=list)
    starts: list[tuple[ClockPolicy, Start]] = field(default_factory=list)
    ends_case: bool = False


def effects_of(policies: tuple[ClockPolicy, ...], case_ends: frozenset[Step]) -> dict[Step, Effects]:
    """The table by step."""
    found: dict[Step, Effects] = {step: Effects(ends_case=True) for step in case_ends}
    for policy in policies:
        for step in policy.steps():
            _add(found.setdefault(step, Effects()), policy, step)
    return found


def _add(effects: Effects, policy: ClockPolicy, step: Step) -> None:
    for name in ("stops", "expires", "ends"):
        if step in getattr(policy, name):
            getattr(effects, name).append(policy)
    effects.starts += [(policy, start) for start in policy.starts if start.step == step]
    effects.pauses += [(policy, ground) for ground in policy.pauses if ground.step == step]
    effects.resumes += [(policy, ground) for ground in policy.pauses if step in ground.resumed_by]


EFFECTS: Mapping[Step, Effects] = effects_of(POLICY, CASE_ENDS)


def cause_of(step: Step) -> str:
    """How a step is written in the ledger."""
    return ".".join(step)


PAUSE_REASONS: Mapping[str, str | Promise] = {
    cause_of(ground.step): ground.reason for policy in POLICY for ground in policy.pauses
}
