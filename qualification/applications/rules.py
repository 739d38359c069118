"""Who may do what to a case: one predicate per verb, and the sentence told to whom it is refused."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import rules
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from qualification import door
from qualification.accounts.enums import LABORATORY_ROLES, NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.applications.enums import ApplicationState as State
from qualification.applications.models import Application
from qualification.regions.settings import setting
from qualification.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from qualification.accounts.models import User

Predicate = Any


@rules.predicate
def is_system(user: User | None, subject: Any) -> bool:
    """The system itself acts."""
    return user is None


@rules.predicate
def is_person(user: User | None, subject: Any) -> bool:
    """A person who is signed in and active."""
    return user is not None and user.is_authenticated and user.is_active


@rules.predicate
def acts_for_laboratory(user: User, subject: Any) -> bool:
    """Member or manager of the laboratory that applies."""
    return user.has_role(*LABORATORY_ROLES, laboratory_id=_case(subject).laboratory_id)


@rules.predicate
def manages_laboratory(user: User, subject: Any) -> bool:
    """Manager of the laboratory that applies."""
    return user.has_role(Role.LAB_MANAGER, laboratory_id=_case(subject).laboratory_id)


def at_lead(*roles: str) -> Predicate:
    """Holds one of the roles at the lead authority of the case."""
    return _predicate(
        lambda user, subject: user.has_role(*roles, authority_id=_case(subject).authority_id),
        f"at_lead:{','.join(roles)}",
    )


def _predicate(function: Callable[[User, Any], bool], name: str) -> Predicate:
    return rules.predicate(function, name=name)


@rules.predicate
def is_staff_at_lead(user: User, application: Application) -> bool:
    """Staff of the lead authority."""
    return application.authority_id in user.authority_ids(STAFF_ROLES)


@rules.predicate
def is_staff_of_a_site(user: User, application: Application) -> bool:
    """Staff of an authority in whose region one of the case's sites lies."""
    staff_of = user.authority_ids(STAFF_ROLES)
    return bool(staff_of) and application.sites.filter(authority_id__in=staff_of).exists()


@rules.predicate
def is_national(user: User, application: Application) -> bool:
    """Joint-meeting members and national viewers read the cases of the five regions, not the trial ones."""
    return user.has_role(*NATIONAL_ROLES) and not application.authority.is_trial


@rules.predicate
def is_handed_in(user: User | None, application: Application) -> bool:
    """A draft belongs to its laboratory alone."""
    return bool(application.state != State.DRAFT)


@rules.predicate
def is_draft(user: User | None, application: Application) -> bool:
    """Still a draft."""
    return bool(application.state == State.DRAFT)


@rules.predicate
def is_on_team(user: User, subject: Any) -> bool:
    """Holds a seat in the team of the case."""
    return bool(SEATS_OF.rows(case=subject.case_id, user=user.pk))


@rules.predicate
def is_leader(user: User | None, subject: Any) -> bool:
    """Leads the team of the case."""
    if user is None:
        return False
    return ("leader",) in SEATS_OF.rows(case=subject.case_id, user=user.pk)


@rules.predicate
def has_team_access(user: User, application: Application) -> bool:
    """On the team, and the report is not older than the authority's setting."""
    assessment = getattr(application, "assessment", None)
    if assessment is None or not is_on_team(user, application):
        return False
    ended = assessment.reported_at or assessment.terminated_at
    days = setting(application.authority, "assessor_access_days")
    return ended is None or bool(ended >= timezone.now() - dt.timedelta(days=days))


@rules.predicate
def has_offer(user: User, application: Application) -> bool:
    """Has been offered a seat and not yet answered: sees the summary."""
    return bool(application.offers.filter(assessor__user=user, state="sent").exists())


@rules.predicate
def is_impartial(user: User, subject: Any) -> bool:
    """Nobody decides a case they accepted or assessed."""
    application = _case(subject)
    return user.pk != application.accepted_by_id and not is_on_team(user, application)


@rules.predicate
def is_not_decider(user: User, subject: Any) -> bool:
    """The issuer is not the decision maker, where the authority has set it so."""
    application = _case(subject)
    return user.pk != application.decided_by_id or not setting(application.authority, "issuer_not_decider")


@rules.predicate
def decides_at_own_authority(user: User, concurrence: Any) -> bool:
    """Decision maker of the authority that is asked."""
    return user.has_role(Role.DECISION, authority_id=concurrence.authority_id)


def _case(subject: Any) -> Application:
    case = door.case_of(subject)
    assert case is not None
    return case


def _seats_of(case: int, user: int) -> Any:
    from qualification.assessors.models import Seat

    return Seat.objects.filter(assessment__application_id=case, assessor__user_id=user).values_list("role")


SEATS_OF = Statement(_seats_of, case=int, user=int)


is_party = is_system | (
    is_person & (acts_for_laboratory | at_lead(Role.INTAKE, Role.COORDINATOR, Role.DECISION) | is_leader)
)
SEES_CASE = is_person & (
    acts_for_laboratory | is_handed_in & (is_staff_at_lead | is_staff_of_a_site | is_national | has_team_access)
)
LABORATORY = is_person & acts_for_laboratory
INTAKE = is_person & at_lead(Role.INTAKE)
LEADER = is_person & is_leader
DECIDES = is_person & at_lead(Role.DECISION) & is_impartial
# Whoever answers a contest carries its remedy out; that is no decision on the case.
REMEDIES = is_person & at_lead(Role.DECISION)

TABLE: dict[str, tuple[Predicate, Any]] = {
    "applications.Application.see": (SEES_CASE, ""),
    "applications.Application.see_summary": (SEES_CASE | is_person & has_offer, ""),
    "applications.Application.edit": (
        LABORATORY & is_draft, _("Only the laboratory changes its draft, until it is handed in.")),
    "applications.Application.submit": (LABORATORY, _("Only the laboratory hands its application in.")),
    "applications.Application.file": (
        is_person & manages_laboratory, _("Only the laboratory's manager files a change of manager.")),
    "applications.Application.accept": (INTAKE, _("Only an intake officer of the lead authority accepts.")),
    "applications.Application.refuse_acceptance": (
        INTAKE, _("Only an intake officer of the lead authority refuses acceptance.")),
    "applications.Application.deem_accepted": (is_system, _("The law alone deems an application accepted.")),
    "applications.Application.lapse": (is_system, _("An application lapses by time alone.")),
    "applications.Application.reinstate": (
        REMEDIES, _("Only a decision maker who sets a lapse aside reinstates an application.")),
    "applications.SupplementRequest.reinstate": (
        REMEDIES, _("Only a decision maker who sets a lapse aside reinstates an application.")),
    "applications.Application.withdraw": (
        is_person & manages_laboratory, _("Only the laboratory's manager withdraws an application.")),
    "applications.Application.terminate": (
        DECIDES, _("Only a decision maker of the lead authority who had no part in the case consents.")),
    "applications.Application.skip_review": (is_system, _("An application by commitment goes to the decision by its acceptance alone.")),
    "applications.Application.annul": (
        DECIDES, _("Only a decision maker of the lead authority who had no part in the case revokes what was granted.")),
    "applications.Application.conclude_review": (LEADER, _("Only the team's leader hands the report in.")),
    "applications.Application.decide": (
        DECIDES, _("Only a decision maker of the lead authority decides, and nobody decides a case they accepted or assessed.")),
    "applications.Application.retract_decision": (
        DECIDES, _("Only a decision maker of the lead authority takes a pending decision back.")),
    "applications.Application.grant": (DECIDES, _("Only a decision maker of the lead authority releases a decision.")),
    "applications.Application.refuse": (DECIDES, _("Only a decision maker of the lead authority releases a decision.")),
    "applications.Application.issue": (
        is_person & at_lead(Role.ISSUER) & is_not_decider,
        _("Only an issuer of the lead authority issues, and not the one who decided.")),
    "applications.Application.complete_issue": (is_system, _("The stored, signed paper alone completes the issue.")),
    "applications.SupplementRequest.send": (INTAKE, _("Only an intake officer of the lead authority asks for a supplement.")),
    "applications.SupplementRequest.hand_in": (LABORATORY, _("Only the laboratory hands the supplement in.")),
    "applications.SupplementRequest.lapse": (is_system, _("A supplement lapses by time alone.")),
    "applications.SupplementRequest.void": (is_party, ""),
    "applications.TerminationRequest.ask": (
        is_person & (is_leader | at_lead(Role.COORDINATOR) | manages_laboratory),
        _("The leader, the coordinator or the laboratory's manager asks to terminate a review.")),
    "applications.TerminationRequest.consent": (
        DECIDES, _("Only a decision maker of the lead authority who had no part in the case consents.")),
    "applications.TerminationRequest.deny": (
        DECIDES, _("Only a decision maker of the lead authority who had no part in the case answers.")),
    "applications.TerminationRequest.void": (is_party, ""),
    "applications.Concurrence.request": (is_system, ""),
    "applications.Concurrence.agree": (
        is_person & decides_at_own_authority & ~is_on_team, _("Only a decision maker of the authority asked answers for its sites.")),
    "applications.Concurrence.object": (
        is_person & decides_at_own_authority & ~is_on_team, _("Only a decision maker of the authority asked answers for its sites.")),
    "applications.Concurrence.void": (is_party, ""),
}  # fmt: skip

for _name, (_rule, _sentence) in TABLE.items():
    rules.add_perm(_name, _rule)
    if _sentence:
        door.reasons.sentences[_name] = _sentence
