"""Every cell of state x verb x role: who may do what, and when; everything else is refused.

The table is written down here a second time, by hand, so that a slip in a rule or a transition shows.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import Membership, User
from qualification.applications.models import Application, Concurrence, SupplementRequest, TerminationRequest
from qualification.assessments.models import Assessment, CommitmentCheck, Rectification, Visit
from qualification.assessors.models import Offer, Seat
from qualification.certificates.models import Certificate, Edition
from tests.factories.accounts import UserFactory
from tests.factories.cases import World
from tests.factories.laboratories import LaboratoryFactory
from workflows.checks import transitions
from workflows.clocks.models import Clock, Contest

pytestmark = pytest.mark.django_db

LAB = {"lab_member", "lab_manager"}
MANAGER = {"lab_manager"}
INTAKE = {"intake", "accepted_and_decides"}
COORDINATOR = {"coordinator"}
DECIDER = {"decision"}
AT_DECISION = {"decision", "accepted_and_decides", "assessed_and_decides"}
ISSUER = {"issuer"}
LEADER = {"leader"}
SYSTEM = {"system"}
PARTY = LAB | INTAKE | COORDINATOR | AT_DECISION | LEADER | SYSTEM
A, S, T, C = (
    "applications.Application",
    "applications.SupplementRequest",
    "applications.TerminationRequest",
    "applications.Concurrence",
)
F, M, V, R = "assessors.Offer", "assessments.Assessment", "assessments.Visit", "assessments.Rectification"
X, E = "certificates.Certificate", "certificates.Edition"
K, N = "assessments.CommitmentCheck", "clocks.Contest"
OPEN_M = {
    "teaming",
    "offering",
    "file_review",
    "on_hold",
    "scheduling",
    "visiting",
    "checking",
    "rectifying",
    "reporting",
}

TABLE: dict[tuple[str, str], tuple[set[str], set[str]]] = {
    (A, "submit"): ({"draft"}, LAB),
    (A, "file"): ({"draft"}, MANAGER),
    (A, "accept"): ({"submitted"}, INTAKE),
    (A, "deem_accepted"): ({"submitted"}, SYSTEM),
    (A, "refuse_acceptance"): ({"submitted"}, INTAKE),
    (A, "lapse"): ({"submitted"}, SYSTEM),
    (A, "reinstate"): ({"lapsed"}, AT_DECISION),
    (A, "withdraw"): ({"submitted", "in_review", "reviewed"}, MANAGER),
    (A, "terminate"): ({"in_review"}, DECIDER),
    (A, "conclude_review"): ({"in_review"}, LEADER),
    (A, "skip_review"): ({"in_review"}, SYSTEM),
    (A, "annul"): ({"granted"}, DECIDER),
    (A, "decide"): ({"reviewed"}, DECIDER),
    (A, "retract_decision"): ({"decided"}, DECIDER),
    (A, "grant"): ({"decided"}, DECIDER),
    (A, "refuse"): ({"decided"}, DECIDER),
    (A, "issue"): ({"granted"}, ISSUER | {"issues_only"}),
    (A, "complete_issue"): ({"issuing"}, SYSTEM),
    (S, "send"): ({"draft"}, INTAKE),
    (S, "hand_in"): ({"sent"}, LAB),
    (S, "lapse"): ({"sent"}, SYSTEM),
    (S, "reinstate"): ({"lapsed"}, AT_DECISION),
    (S, "void"): ({"draft", "sent"}, PARTY),
    (T, "ask"): ({"draft"}, LEADER | COORDINATOR | MANAGER),
    (T, "consent"): ({"asked"}, DECIDER),
    (T, "deny"): ({"asked"}, DECIDER),
    (T, "void"): ({"draft", "asked"}, PARTY),
    (C, "request"): ({"prepared"}, SYSTEM),
    (C, "agree"): ({"requested"}, {"other_decision"}),
    (C, "object"): ({"requested"}, {"other_decision"}),
    (C, "void"): ({"prepared", "requested"}, PARTY),
    (F, "send"): ({"drawn"}, SYSTEM | COORDINATOR),
    (F, "accept"): ({"sent"}, {"offered"}),
    (F, "decline"): ({"sent"}, {"offered"}),
    (F, "expire"): ({"sent"}, SYSTEM),
    (F, "void"): ({"drawn", "sent"}, PARTY),
    (M, "draw_team"): ({"teaming"}, COORDINATOR),
    (M, "draw_again"): ({"offering"}, COORDINATOR | SYSTEM),
    (M, "lack_candidates"): ({"offering"}, SYSTEM),
    (M, "complete_team"): ({"offering"}, SYSTEM),
    (M, "begin_check"): ({"offering"}, SYSTEM),
    (M, "close_check"): ({"checking"}, LEADER),
    (M, "hold_file"): ({"file_review"}, LEADER),
    (M, "resume_file"): ({"on_hold"}, LAB),
    (M, "pass_file"): ({"file_review"}, LEADER),
    (M, "fail_file"): ({"file_review"}, LEADER),
    (M, "schedule"): ({"scheduling"}, LAB),
    (M, "conclude"): ({"visiting"}, LEADER),
    (M, "require_rectification"): ({"visiting"}, LEADER),
    (M, "close_rectification"): ({"rectifying"}, LEADER | SYSTEM),
    (M, "reopen_rectification"): ({"reporting"}, AT_DECISION),
    (M, "hand_in_report"): ({"reporting"}, LEADER),
    (M, "terminate"): (OPEN_M, SYSTEM | DECIDER | MANAGER),
    (V, "propose"): ({"draft"}, LEADER),
    (V, "agree"): ({"proposed"}, LAB),
    (V, "ask_other"): ({"proposed"}, LAB),
    (V, "void"): ({"draft", "proposed", "agreed"}, PARTY),
    (R, "notify"): ({"draft"}, LEADER),
    (R, "hand_in"): ({"open"}, LAB),
    (R, "verify"): ({"handed_in"}, LEADER),
    (R, "reject"): ({"handed_in"}, LEADER),
    (R, "expire"): ({"open"}, SYSTEM),
    (R, "reopen"): ({"failed"}, AT_DECISION),
    (R, "void"): ({"draft", "open", "handed_in"}, PARTY),
    (X, "activate"): ({"pending"}, SYSTEM),
    (X, "expire"): ({"valid"}, SYSTEM),
    (X, "close_renewal"): ({"valid"}, SYSTEM),
    (X, "deem_renewed"): ({"valid"}, SYSTEM),
    (X, "end_deemed_renewal"): ({"valid"}, AT_DECISION | SYSTEM),
    (X, "revoke"): ({"valid"}, AT_DECISION),
    (X, "recall"): ({"valid"}, AT_DECISION),
    (X, "cancel"): ({"valid", "expired"}, AT_DECISION | SYSTEM),
    (X, "withdraw_by_law"): ({"valid"}, AT_DECISION),
    (E, "store"): ({"pending"}, SYSTEM),
    (K, "order"): ({"draft"}, SYSTEM | DECIDER),
    (K, "record"): ({"ordered"}, LEADER),
    (K, "revoke"): ({"done"}, DECIDER),
    (K, "void"): ({"ordered", "done"}, SYSTEM | DECIDER),
    (N, "ask"): ({"draft"}, {"supervisor", "decided_and_issues"}),
    (N, "uphold"): ({"asked"}, AT_DECISION),
    (N, "set_aside"): ({"asked"}, AT_DECISION),
}  # fmt: skip


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Any:
    """One case with everything a subject can be asked about, made once for the whole matrix and rolled back."""
    from django.db import transaction

    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        try:
            yield _Matrix()
        finally:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)


class _Matrix:
    """The actors and one subject of each model."""

    def __init__(self) -> None:
        world = World()
        walk = world.walk("decide")
        self.application: Application = walk.application
        assessment = Assessment.objects.get(application=self.application)
        Application.objects.filter(pk=self.application.pk).update(accepted_by=None)
        self.actors = self._actors(world, walk.leader)
        accepted = self.actors["accepted_and_decides"]
        Application.objects.filter(pk=self.application.pk).update(
            accepted_by=accepted, decided_by=self.actors["decided_and_issues"]
        )
        self.application.refresh_from_db()
        self.subjects: dict[str, Any] = {
            A: self.application,
            S: SupplementRequest(pk=1, application=self.application),
            T: TerminationRequest(pk=1, application=self.application, reason="x"),
            C: Concurrence.objects.get(application=self.application),
            F: Offer.objects.filter(application=self.application).order_by("pk")[0],
            M: assessment,
            V: Visit.objects.get(application=self.application),
            R: Rectification(pk=1, application=self.application, assessment=assessment, days=5),
            K: CommitmentCheck(pk=1, application=self.application),
            N: Contest(
                pk=1,
                application=self.application,
                clock=Clock(authority=world.lead),
                asked_by=self.actors["supervisor"],
            ),
            X: Certificate(pk=1, number="2" * 12, laboratory=world.laboratory, authority=world.lead),
        }
        self.subjects[E] = Edition(pk=1, application=self.application, certificate=self.subjects[X])
        self.subjects[F].assessor = next(a for a in world.assessors if self._is_free(a))
        self.actors["offered"] = self.subjects[F].assessor.user

    def _is_free(self, assessor: Any) -> bool:
        return not Seat.objects.filter(assessor=assessor).exists()

    def _actors(self, world: World, leader: User) -> dict[str, Any]:
        member = Seat.objects.select_related("assessor__user").get(
            assessment__application=self.application, role="member"
        )
        assert member.assessor is not None
        lead, other, far = world.lead, world.other, world.far
        for place in (lead, other):
            Membership.objects.create(user=member.assessor.user, role=Role.DECISION, authority=place)
        actors: dict[str, Any] = {
            "system": None,
            "anonymous": AnonymousUser(),
            "lab_member": world.user(Role.LAB_MEMBER, world.laboratory),
            "lab_manager": world.manager,
            "foreign_lab_manager": world.user(Role.LAB_MANAGER, LaboratoryFactory(authority=lead)),
            "leader": leader,
            "assessed_and_decides": member.assessor.user,
            "joint": world.user(Role.JOINT_MEETING),
            "national": world.user(Role.NATIONAL_VIEWER),
            "other_decision": world.other_decider,
            "other_intake": world.user(Role.INTAKE, other),
            "accepted_and_decides": self._two(Role.INTAKE, Role.DECISION, lead),
            "decided_and_issues": self._two(Role.SUPERVISOR, Role.ISSUER, lead),
            "issues_only": world.user(Role.ISSUER, lead),
        }
        for role in (
            Role.INTAKE,
            Role.COORDINATOR,
            Role.DECISION,
            Role.ISSUER,
            Role.SUPERVISOR,
            Role.SLA_ADMIN,
            Role.REGION_ADMIN,
        ):
            actors[role.value] = world.user(role, lead)
            actors[f"far_{role.value}"] = world.user(role, far)
        return actors

    def _two(self, first: str, second: str, authority: Any) -> User:
        user: User = UserFactory(member=(first, authority))
        Membership.objects.create(user=user, role=second, authority=authority)
        return user


def test_the_table_names_every_transition() -> None:
    assert set(TABLE) == transitions()


@pytest.mark.parametrize(("label", "verb"), sorted(TABLE))
def test_who_may_do_it_and_when(world: _Matrix, label: str, verb: str) -> None:
    states, actors = TABLE[(label, verb)]
    subject = world.subjects[label]
    every_state = [value for value, __ in subject._meta.get_field("state").choices]
    allowed = {
        (state, name)
        for state, (name, actor) in itertools.product(every_state, world.actors.items())
        if _can(actor, verb, subject, state)
    }
    assert allowed == {(state, name) for state in states for name in actors}


def _can(actor: Any, verb: str, subject: Any, state: str) -> bool:
    # Only in memory: what is asked is rule and transition, not the way there.
    subject.__dict__["state"] = state
    if isinstance(subject, Application):
        return door.can(actor, verb, subject)
    subject.application_cache = None
    return door.can(actor, verb, subject)
