"""Whose tasks are whose, at each stage of the way."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.applications.services import endings
from qualification.assessors.models import Offer
from tests.factories.cases import World
from workflows.clocks import contests, sweep
from workflows.clocks.models import Clock
from workflows.inbox import queries


def steps(user: User) -> list[str]:
    user.__dict__.pop("active_memberships", None)
    return sorted(task.flow_task.name for task in queries.mine(user))


@pytest.mark.parametrize(
    ("last", "who", "step"),
    [
        ("submit", "intake", "examine"),
        ("accept", "coordinator", "draw_team"),
        ("propose_visit", "manager", "answer_visit"),
        ("hand_in_report", "other_decider", "concur"),
        ("concur", "decider", "decide"),
        ("decide", "decider", "release"),
        ("release", "issuer", "issue"),
    ],
)
def test_each_step_is_the_task_of_its_person_and_of_nobody_else(world: World, last: str, who: str, step: str) -> None:
    world.walk(last)
    people = ("manager", "intake", "coordinator", "issuer", "decider", "other_decider")
    assert {name: steps(getattr(world, name)) for name in people} == {
        name: [step] if name == who else [] for name in people
    }


def test_another_region_has_no_task(world: World) -> None:
    world.walk("hand_in_report")
    officer = world.user(Role.DECISION, world.far)
    assert (steps(officer), list(queries.queue(officer))) == ([], [])


def test_the_leader_has_the_file_and_the_members_do_not(world: World) -> None:
    walk = world.walk("accept_offers")
    others = [a.user for a in world.assessors if a.user != walk.leader]
    assert steps(walk.leader) == ["review_file"]
    assert [steps(user) for user in others] == [[]] * len(others)


def test_an_offer_is_the_task_of_who_was_asked(world: World) -> None:
    walk = world.walk("draw_team")
    asked = set(
        Offer.objects.filter(application=walk.application, state="sent").values_list("assessor__user_id", flat=True)
    )
    assert len(asked) == 2
    assert {a.user_id for a in world.assessors if steps(a.user) == ["answer_offer"]} == asked


def test_who_accepted_does_not_get_the_decision(world: World) -> None:
    world.walk("concur")
    both = world.intake
    both.memberships.create(role=Role.DECISION, authority=world.lead)
    both = User.objects.get(pk=both.pk)
    assert not queries.open_to(both).exists()
    Application.objects.update(accepted_by=world.coordinator)
    assert [task.flow_task.name for task in queries.open_to(both)] == ["decide"]


def test_who_decided_does_not_issue(world: World) -> None:
    world.walk("release")
    world.decider.memberships.create(role=Role.ISSUER, authority=world.lead)
    assert steps(world.decider) == []


def test_the_row_and_its_own_clock_come_along(world: World) -> None:
    walk = world.walk("draw_team")
    found = queries.with_facts(queries.queue(world.coordinator)).order_by("pk")
    offers = {o.uuid: o.pk for o in Offer.objects.filter(application=walk.application, state="sent")}
    assert {task.subject_uuid for task in found} == set(offers)
    clocks = {c.pk: c.subject_id for c in Clock.objects.filter(code="offer")}
    assert {clocks[task.clock_pk] for task in found} == set(offers.values())
    assert all(clocks[task.clock_pk] == offers[task.subject_uuid] for task in found)


def test_a_request_to_terminate_waits_for_the_impartial_decision_maker(world: World) -> None:
    walk = world.walk("accept_offers")
    request = endings.ask_termination(
        application=walk.application, reason="停业", by=world.manager, now=world.moments()
    )
    assert queries.terminations_to_answer(world.decider) == [request]
    assert queries.terminations_to_answer(world.other_decider) == []


def run_out() -> tuple[Clock, dt.datetime]:
    """The acceptance of the one case is deemed by law."""
    due = Clock.objects.get(code="acceptance").due_at
    assert due is not None
    sweep.run(due + dt.timedelta(minutes=1))
    return Clock.objects.get(code="acceptance"), due + dt.timedelta(minutes=2)


def test_a_contest_waits_on_the_first_page_of_the_decision_maker_until_it_is_answered(
    client: Client, world: World
) -> None:
    world.walk("submit")
    supervisor = world.user(Role.SUPERVISOR, world.lead)
    clock, now = run_out()
    contest = contests.contest(clock=clock, reason="the portal was down", by=supervisor, now=now)
    assert queries.contests_to_answer(world.decider) == [contest]
    assert queries.contests_to_answer(world.other_decider) == []
    client.force_login(world.decider)
    told = client.get(reverse("inbox:home")).content.decode()
    assert contest.get_absolute_url() in told and "the portal was down" in told
    contests.answer(contest=contest, sets_aside=False, text="it was not", by=world.decider, now=now)
    assert queries.contests_to_answer(world.decider) == []


def test_nobody_is_asked_to_answer_their_own_contest(world: World) -> None:
    world.walk("submit")
    both = world.user(Role.SUPERVISOR, world.lead)
    both.memberships.create(role=Role.DECISION, authority=world.lead)
    clock, now = run_out()
    contests.contest(clock=clock, reason="down", by=both, now=now)
    assert queries.contests_to_answer(User.objects.get(pk=both.pk)) == []
