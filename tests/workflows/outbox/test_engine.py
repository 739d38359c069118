"""Exactly those are told who must be; people of another region, case or time hear nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction

from qualification import door
from qualification.applications.models import SupplementRequest, TerminationRequest
from qualification.assessments.models import CommitmentCheck, Rectification, Visit
from qualification.certificates.models import Certificate
from tests.factories.accounts import MembershipFactory
from tests.workflows.outbox.conftest import World
from workflows.clocks.models import Clock, Contest
from workflows.outbox import engine
from workflows.outbox.models import Delivery, Message
from workflows.outbox.table import MESSAGES

LAB = ["lab.manager", "lab.member"]
CONTEST_PEOPLE = ["hebei.coordinator", "hebei.intake", "hebei.sla_admin", "hebei.supervisor", *LAB]
CASES: list[tuple[str, str, dict[str, Any], dict[str, list[str]]]] = [
    ("applications.Application", "submit", {}, {"submission_receipt": LAB, "application_received": ["hebei.intake"]}),
    ("applications.Application", "file", {}, {"change_filed": ["hebei.intake", *LAB]}),
    ("applications.Application", "accept", {}, {"accepted": LAB, "team_to_draw": ["hebei.coordinator"]}),
    ("applications.Application", "deem_accepted", {}, {
        "deemed_accepted": LAB, "acceptance_missed": ["hebei.intake"], "team_to_draw": ["hebei.coordinator"]}),
    ("applications.Application", "refuse_acceptance", {}, {"not_accepted": LAB}),
    ("applications.Application", "lapse", {}, {"lapsed": LAB, "case_lapsed": ["hebei.intake"]}),
    ("applications.Application", "withdraw", {"source": "submitted"}, {
        "withdrawal_receipt": LAB, "withdrawn": ["hebei.coordinator", "hebei.intake"]}),
    ("applications.Application", "withdraw", {"source": "reviewed"}, {
        "withdrawal_receipt": LAB, "withdrawn": ["hebei.coordinator", "hebei.decision", "hebei.intake"]}),
    ("applications.Application", "terminate", {}, {"terminated": LAB, "review_terminated": ["hebei.coordinator"]}),
    ("applications.Application", "conclude_review", {}, {"review_concluded": LAB, "decision_due": ["hebei.decision"]}),
    ("applications.Application", "decide", {}, {}),
    ("applications.Application", "retract_decision", {}, {}),
    ("applications.Application", "grant", {}, {"granted": LAB, "certificate_due": ["hebei.issuer"]}),
    ("applications.Application", "issue", {}, {}),
    ("applications.Application", "reinstate", {}, {"reinstated": ["hebei.intake", *LAB]}),
    ("applications.Concurrence", "request", {}, {"concurrence_asked": ["tianjin.decision"]}),
    ("applications.Concurrence", "agree", {}, {"concurrence_agreed": ["hebei.decision"]}),
    ("applications.Concurrence", "object", {}, {"concurrence_objected": ["hebei.coordinator", "hebei.decision"]}),
    ("applications.Concurrence", "void", {"source": "prepared"}, {}),
    ("applications.Concurrence", "void", {"source": "requested"}, {"concurrence_void": ["tianjin.decision"]}),
    ("assessors.Offer", "send", {}, {"offer": ["drawn"]}),
    ("assessors.Offer", "accept", {}, {}),
    ("assessors.Offer", "decline", {}, {"offer_declined": ["hebei.coordinator"]}),
    ("assessors.Offer", "expire", {}, {"offer_expired": ["drawn"], "offer_unanswered": ["hebei.coordinator"]}),
    ("assessors.Offer", "void", {"source": "drawn"}, {}),
    ("assessors.Offer", "void", {"source": "sent"}, {"offer_void": ["drawn"]}),
    ("assessments.Assessment", "lack_candidates", {}, {"pool_empty": ["hebei.coordinator", "hebei.sla_admin"]}),
    ("assessments.Assessment", "complete_team", {}, {
        "file_to_review": ["leader"], "team_joined": ["member"], "team_named": LAB, "team_filled": ["hebei.coordinator"]}),
    ("assessments.Assessment", "begin_check", {}, {
        "check_to_make": ["leader"], "team_joined": ["member"], "check_team_named": LAB,
        "team_filled": ["hebei.coordinator"]}),
    ("assessments.Assessment", "hold_file", {}, {"file_supplement_wanted": LAB}),
    ("assessments.Assessment", "resume_file", {}, {"file_resumed": ["leader"]}),
    ("assessments.Assessment", "terminate", {}, {"assignment_ended": ["leader", "member"]}),
]  # fmt: skip
BESIDE: list[tuple[str, str, dict[str, list[str]]]] = [
    ("applications.SupplementRequest", "send", {"supplement_wanted": LAB}),
    ("applications.SupplementRequest", "hand_in", {"supplement_receipt": LAB, "supplement_received": ["hebei.intake"]}),
    ("applications.TerminationRequest", "ask", {"termination_asked": ["hebei.decision"]}),
    ("applications.TerminationRequest", "deny", {"termination_denied": ["leader"]}),
    ("assessments.Visit", "propose", {"visit_proposed": LAB}),
    ("assessments.Visit", "agree", {"visit_agreed": ["hebei.coordinator", "leader", "member"]}),
    ("assessments.Visit", "ask_other", {"visit_other_asked": ["hebei.coordinator", "leader"]}),
    ("assessments.Rectification", "notify", {"rectification_wanted": LAB}),
    ("assessments.Rectification", "hand_in", {"rectification_receipt": LAB, "rectification_received": ["leader"]}),
    ("assessments.Rectification", "verify", {"rectification_verified": LAB}),
    ("assessments.Rectification", "reject", {"rectification_rejected": LAB}),
    ("assessments.Rectification", "expire", {"rectification_expired": LAB, "rectification_missed": ["leader"]}),
    ("assessments.CommitmentCheck", "order", {"check_coming": LAB, "check_ordered": ["hebei.coordinator"]}),
    (
        "assessments.CommitmentCheck",
        "record",
        {"commitment_checked": LAB, "check_result": ["hebei.coordinator", "hebei.supervisor"]},
    ),
    ("assessments.CommitmentCheck", "revoke", {}),
    ("certificates.Certificate", "expire", {"certificate_expired": ["hebei.supervisor", *LAB]}),
    ("assessments.Rectification", "reopen", {"rectification_reopened": [*LAB, "leader"]}),
    ("clocks.Contest", "ask", {"contest_asked": ["hebei.decision", "hebei.sla_admin"]}),
    ("clocks.Contest", "uphold", {"contest_upheld": CONTEST_PEOPLE}),
    ("clocks.Contest", "set_aside", {"contest_set_aside": CONTEST_PEOPLE}),
    ("certificates.Certificate", "close_renewal", {"renewal_closed": LAB}),
    (
        "certificates.Certificate",
        "deem_renewed",
        {"certificate_deemed_renewed": ["hebei.decision", "hebei.supervisor", *LAB]},
    ),
    ("certificates.Certificate", "end_deemed_renewal", {"certificate_expired": ["hebei.supervisor", *LAB]}),
    ("certificates.Certificate", "revoke", {"certificate_ended": ["hebei.supervisor", *LAB]}),
    ("certificates.Certificate", "recall", {"certificate_ended": ["hebei.supervisor", *LAB]}),
    ("certificates.Certificate", "cancel", {"certificate_ended": ["hebei.supervisor", *LAB]}),
    ("certificates.Certificate", "withdraw_by_law", {"certificate_ended": ["hebei.supervisor", *LAB]}),
]
RESULTS = [
    ("annul", {
        "grant_revoked": ["hebei.issuer", "hebei.supervisor", *LAB], "result_elsewhere": ["tianjin.decision"]}),
    ("refuse", {"refused": LAB, "result_elsewhere": ["tianjin.decision"]}),
    ("complete_issue", {
        "certificate_issued": LAB, "issue_completed": ["hebei.issuer", "hebei.supervisor"],
        "result_elsewhere": ["tianjin.decision", "tianjin.supervisor"]}),
]  # fmt: skip


def test_every_step_of_the_table_is_tried_here() -> None:
    tried = {(label, verb) for label, verb, _how, _told in CASES} | {(label, verb) for label, verb, _told in BESIDE}
    tried |= {("applications.Application", verb) for verb, _told in RESULTS}
    assert set(MESSAGES) - tried == set()


@pytest.mark.parametrize(("label", "verb", "how", "told"), CASES)
def test_exactly_those_are_told(
    world: World, label: str, verb: str, how: dict[str, Any], told: dict[str, list[str]]
) -> None:
    world.tell(label, verb, **how)
    assert world.told() == told


def _clock(world: World) -> Clock:
    case = world.case
    return Clock.objects.create(
        application=case, authority=case.authority, code="supplement", subject_type=case._meta.label, subject_id=case.pk,
        edition="163-2021", budget=30, unit="calendar", started_at=world.now, started_on=world.now.date(),
        due_at=world.now + dt.timedelta(days=30),
    )  # fmt: skip


def _beside(world: World) -> dict[str, Any]:
    case, assessment = world.case, world.rows["assessments.Assessment"]
    days = {"from_on": dt.date(2026, 12, 1), "to_on": dt.date(2026, 12, 2)}
    validity = {"valid_from": dt.date(2026, 1, 1), "valid_until": dt.date(2031, 12, 31), "numbered_at": world.now}
    return {
        "applications.SupplementRequest": lambda: SupplementRequest.objects.create(application=case),
        "applications.TerminationRequest": lambda: TerminationRequest.objects.create(
            application=case, reason="x", asked_by=world["leader"]
        ),
        "assessments.Visit": lambda: Visit.objects.create(application=case, assessment=assessment, **days),
        "assessments.Rectification": lambda: Rectification.objects.create(
            application=case, assessment=assessment, days=10
        ),
        "assessments.CommitmentCheck": lambda: CommitmentCheck.objects.create(application=case),
        "clocks.Contest": lambda: Contest.objects.create(clock=_clock(world), application=case, reason="x"),
        "certificates.Certificate": lambda: Certificate.objects.create(
            number="260312010001", laboratory=case.laboratory, authority=case.authority, **validity
        ),
    }


@pytest.mark.parametrize(("label", "verb", "told"), BESIDE)
def test_exactly_those_are_told_of_what_stands_beside_the_case(
    world: World, label: str, verb: str, told: dict[str, list[str]]
) -> None:
    world.rows[label] = _beside(world)[label]()
    world.tell(label, verb)
    assert world.told() == told


@pytest.mark.parametrize(("verb", "told"), RESULTS)
def test_the_authorities_that_were_asked_hear_the_result(world: World, verb: str, told: dict[str, list[str]]) -> None:
    concurrence = world.rows["applications.Concurrence"]
    concurrence.request(by=None, now=world.now)
    concurrence.save()
    world.tell("applications.Application", verb)
    assert world.told() == told


def test_a_commitment_goes_to_the_decision_makers(world: World) -> None:
    type(world.case).objects.filter(pk=world.case.pk).update(procedure="commitment")
    world.case.refresh_from_db()
    world.tell("applications.Application", "accept")
    assert world.told() == {"commitment_accepted": LAB, "commitment_to_decide": ["hebei.decision"]}


def test_a_revocation_without_an_act_on_a_certificate_is_told_by_the_check_itself(world: World) -> None:
    world.rows["assessments.CommitmentCheck"] = CommitmentCheck.objects.create(
        application=world.case,
        state="settled",
        done_at=world.now,
        settled_at=world.now,
        conclusion="false",
        findings="x",
    )
    world.tell("assessments.CommitmentCheck", "revoke", is_without_act=True)
    assert world.told() == {"grant_revoked": ["hebei.supervisor", *LAB]}


def test_a_false_commitment_is_told_to_the_decision_makers(world: World) -> None:
    world.rows["assessments.CommitmentCheck"] = CommitmentCheck.objects.create(
        application=world.case, state="done", done_at=world.now, conclusion="false", findings="x"
    )
    world.tell("assessments.CommitmentCheck", "record")
    assert world.told()["commitment_false"] == ["hebei.decision"]


def test_an_authority_that_was_never_asked_hears_no_result(world: World) -> None:
    world.tell("applications.Application", "refuse")
    assert world.told() == {"refused": LAB}


def test_who_did_it_is_not_told_of_it(world: World) -> None:
    MembershipFactory.create(user=world["hebei.intake"], role="coordinator", authority=world.case.authority)
    world.tell("applications.Application", "withdraw", source="submitted", by=world["hebei.coordinator"])
    assert world.told() == {"withdrawal_receipt": LAB, "withdrawn": ["hebei.intake"]}


def test_who_did_it_gets_a_receipt(world: World) -> None:
    world.tell("applications.Application", "submit", by=world["lab.manager"])
    assert world.told() == {"submission_receipt": LAB, "application_received": ["hebei.intake"]}


def test_a_person_of_two_roles_is_told_once(world: World) -> None:
    MembershipFactory.create(user=world["hebei.intake"], role="decision", authority=world.case.authority)
    world.tell("applications.Application", "withdraw", source="reviewed")
    assert world.told()["withdrawn"] == ["hebei.coordinator", "hebei.decision", "hebei.intake"]


def test_the_authority_asked_answers_for_its_own_people(world: World) -> None:
    world.tell("applications.Concurrence", "request")
    assert [m.authority.code for m in Message.objects.select_related("authority")] == ["02"]


def test_a_step_nobody_is_told_of_costs_no_query(world: World, django_assert_num_queries: Any) -> None:
    event = world.event("applications.Application", "decide")
    with django_assert_num_queries(0):
        engine.on_event(event)


@pytest.mark.parametrize(
    ("label", "verb", "queries"),
    [
        ("applications.Application", "accept", 2),
        ("applications.Application", "submit", 2),
        ("assessors.Offer", "send", 2),
        ("assessments.Assessment", "complete_team", 3),
    ],
)
def test_people_and_rows_cost_one_query_each(
    world: World, django_assert_num_queries: Any, label: str, verb: str, queries: int
) -> None:
    MembershipFactory.create_batch(3, role="intake", authority=world.case.authority)
    event = world.event(label, verb)
    with transaction.atomic(), django_assert_num_queries(queries):
        engine.on_event(event)


@pytest.mark.django_db
def test_a_step_through_the_door_tells_and_a_step_undone_told_nobody(calendar: None, world: World) -> None:
    case = world.case
    with pytest.raises(RuntimeError, match="undone"), transaction.atomic():
        door.perform(case, "submit", by=world["lab.manager"], now=world.now)
        assert Message.objects.count() == 3
        raise RuntimeError("undone")
    assert (Message.objects.count(), Delivery.objects.count(), Clock.objects.count()) == (0, 0, 0)
    case.refresh_from_db()
    door.perform(case, "submit", by=world["lab.manager"], now=world.now)
    assert world.told() == {"submission_receipt": LAB, "application_received": ["hebei.intake"]}
