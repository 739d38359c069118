"""Contests of what the system did at the end of a limit."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.assessments.models import Rectification
from qualification.models import TransitionLog
from tests.factories.cases import World
from tests.workflows.clocks.conftest import Ticking, at
from tests.workflows.clocks.contesting import agree, expired, set_aside
from workflows.clocks import contests, sweep
from workflows.clocks.models import Clock
from workflows.follow import open_tasks
from workflows.outbox.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def lapsed(world: World, moments: Ticking) -> Application:
    walk = world.walk("submit")
    from qualification.applications.services import intake

    finding = intake.Finding("the proof of legal status is missing")
    intake.ask_supplement(application=walk.application, findings=[finding], by=world.intake, now=moments())
    moments.now = at("2026-04-20 09:00")
    sweep.run(moments())
    return Application.objects.get(pk=walk.application.pk)


def test_a_lapse_cites_its_ground(lapsed: Application) -> None:
    assert lapsed.state == "lapsed"
    rows = TransitionLog.objects.filter(application=lapsed, verb="lapse")
    assert {(row.by, bool(row.article)) for row in rows} == {(None, True)}


def test_a_lapse_set_aside_gives_the_full_time_anew(
    lapsed: Application, world: World, supervisor: User, moments: Ticking
) -> None:
    contest = set_aside(world, expired("supplement"), supervisor, moments)
    case = Application.objects.get(pk=lapsed.pk)
    assert (contest.state, case.state, case.closed_at, case.supplement.state) == (
        "set_aside", "submitted", None, "sent",
    )  # fmt: skip
    again = Clock.objects.get(code="supplement", state="running")
    assert (again.started_on, again.budget, again.due_on) == (dt.date(2026, 4, 20), 30, dt.date(2026, 5, 20))
    assert [task.flow_task.name for task in open_tasks(case)] == ["supplement"]
    agree(case)
    assert Message.objects.filter(kind="reinstated", recipient=world.manager).exists()
    assert Message.objects.filter(kind="contest_set_aside", recipient=world.manager).exists()


def test_a_reinstated_case_goes_on_and_can_lapse_again(
    lapsed: Application, world: World, supervisor: User, moments: Ticking
) -> None:
    set_aside(world, expired("supplement"), supervisor, moments)
    moments.now = at("2026-06-01 09:00")
    sweep.run(moments())
    assert Application.objects.get(pk=lapsed.pk).state == "lapsed"
    assert Clock.objects.filter(code="supplement", state="expired").count() == 2
    agree(lapsed)


def test_an_outcome_that_stands_changes_nothing(
    lapsed: Application, world: World, supervisor: User, moments: Ticking
) -> None:
    contest = contests.contest(clock=expired("supplement"), reason="why", by=supervisor, now=moments())
    contests.answer(contest=contest, sets_aside=False, text="the notice was received", by=world.decider, now=moments())
    assert (contest.state, Application.objects.get(pk=lapsed.pk).state) == ("upheld", "lapsed")
    clock = expired("supplement")
    assert (clock.excused_at, clock.excuse) == (None, "")
    log = TransitionLog.objects.get(subject_type="clocks.Contest", verb="uphold")
    assert (log.application, log.by, log.reason) == (lapsed, world.decider, "the notice was received")


def test_one_open_contest_and_none_after_it_was_set_aside(
    lapsed: Application, world: World, supervisor: User, moments: Ticking
) -> None:
    clock = expired("supplement")
    contest = contests.contest(clock=clock, reason="why", by=supervisor, now=moments())
    with pytest.raises(door.Stale):
        contests.contest(clock=clock, reason="why", by=supervisor, now=moments())
    contests.answer(contest=contest, sets_aside=True, text="yes", by=world.decider, now=moments())
    with pytest.raises(door.Stale):
        contests.contest(clock=clock, reason="again", by=supervisor, now=moments())


def test_who_contests_does_not_answer(lapsed: Application, world: World, moments: Ticking) -> None:
    from qualification.accounts.models import Membership

    both = world.user(Role.SUPERVISOR, world.lead)
    Membership.objects.create(user=both, role=Role.DECISION, authority=world.lead)
    contest = contests.contest(clock=expired("supplement"), reason="why", by=both, now=moments())
    with pytest.raises(door.Refused):
        contests.answer(contest=contest, sets_aside=True, text="yes", by=both, now=moments())
    with pytest.raises(door.Refused):
        contests.contest(clock=expired("supplement"), reason="why", by=world.intake, now=moments())


@pytest.mark.parametrize("text", ["", "  "])
def test_reasons_are_needed(lapsed: Application, supervisor: User, world: World, moments: Ticking, text: str) -> None:
    with pytest.raises(ValidationError):
        contests.contest(clock=expired("supplement"), reason=text, by=supervisor, now=moments())
    contest = contests.contest(clock=expired("supplement"), reason="why", by=supervisor, now=moments())
    with pytest.raises(ValidationError):
        contests.answer(contest=contest, sets_aside=True, text=text, by=world.decider, now=moments())


def test_a_deemed_acceptance_set_aside_is_excused_and_the_review_goes_on(
    world: World, supervisor: User, moments: Ticking
) -> None:
    walk = world.walk("submit")
    moments.now = at("2026-03-12 09:00")
    sweep.run(moments())
    clock = expired("acceptance")
    assert clock.breached_at is not None
    set_aside(world, clock, supervisor, moments)
    clock.refresh_from_db()
    assert (clock.excused_by, clock.excuse) == (world.decider, "accepted")
    assert Application.objects.get(pk=walk.application.pk).state == "in_review"
    agree(walk.application)


@pytest.fixture
def failed(world: World, moments: Ticking) -> Rectification:
    """A rectification that ran out; the report is still to be handed in."""
    walk = world.walk("conclude", answer_checklist={"mostly": 1})
    found = Rectification.objects.get(application=walk.application)
    moments.now = at("2026-09-01 09:00")
    sweep.run(moments())
    return found


def test_a_rectification_set_aside_is_open_again(
    failed: Rectification, world: World, supervisor: User, moments: Ticking
) -> None:
    row = Rectification.objects.get(pk=failed.pk)
    assert (row.state, row.assessment.conclusion) == ("failed", "not")
    set_aside(world, expired("rectification"), supervisor, moments)
    row = Rectification.objects.get(pk=failed.pk)
    assert (row.state, row.assessment.state, row.assessment.conclusion) == ("open", "rectifying", "")
    review = Clock.objects.get(code="technical_review")
    assert review.state == "paused" and review.intervals.filter(resumed_at=None).count() == 1
    agree(row.application)


def test_what_did_not_happen_cannot_be_contested(world: World, supervisor: User, moments: Ticking) -> None:
    world.walk("submit")
    with pytest.raises(door.Stale):
        contests.contest(clock=Clock.objects.get(code="acceptance"), reason="why", by=supervisor, now=moments())
