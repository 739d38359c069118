"""Take over and hand over: by whom, told to whom, and what a second person hears."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from viewflow.workflow.models import Task

from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.models import TransitionLog
from tests.factories.cases import QuickWalk, World
from tests.test_races import race
from tests.workflows.inbox.conftest import Enter
from workflows.clocks.models import Clock
from workflows.consistency import findings
from workflows.inbox import handing, queries
from workflows.outbox.models import Message
from workflows.outbox.rendering import render


def open_task(walk: QuickWalk) -> Task:
    return queries.open_tasks().get(process__case__application=walk.application)


def url(walk: QuickWalk, name: str) -> str:
    return reverse(f"inbox:{name}", args=[walk.application.uuid, open_task(walk).pk])


@pytest.fixture
def second(world: World) -> User:
    return world.user(Role.INTAKE, world.lead)


def test_a_colleague_takes_over_and_holds_the_clock(world: World, second: User, enter: Enter) -> None:
    walk = world.walk("submit")
    page = enter(second).get(reverse("inbox:queue")).content.decode()
    assert url(walk, "take") in page
    answer = enter(second).post(url(walk, "take"), {"seen": world.intake.pk})
    assert answer.url == reverse("inbox:case", args=[walk.application.uuid])
    assert open_task(walk).owner == second
    assert Clock.objects.get(application=walk.application, code="acceptance").holder == second
    assert not queries.mine(world.intake).exists()
    assert list(findings()) == []
    history = enter(second).get(answer.url, {"show": "task"}).content.decode()
    assert f"Task taken over: Examine the application (now {second})" in history


def test_who_had_it_may_still_act(world: World, second: User) -> None:
    walk = world.walk("submit")
    handing.take(task=open_task(walk), seen=world.intake.pk, by=second, now=world.moments())
    walk.accept()
    assert (
        Task.objects.get(
            process__case__application=walk.application, flow_task="workflows/flows.QualificationFlow.examine"
        ).owner
        == world.intake
    )


def test_a_stale_page_does_not_take(world: World, second: User, enter: Enter) -> None:
    walk = world.walk("submit")
    third = world.user(Role.INTAKE, world.lead)
    handing.take(task=open_task(walk), seen=world.intake.pk, by=third, now=world.moments())
    answer = enter(second).post(url(walk, "take"), {"seen": world.intake.pk})
    assert (answer.status_code, open_task(walk).owner) == (409, third)
    assert str(third) in answer.content.decode()


@pytest.mark.parametrize("who", ["decider", "manager", "far"])
def test_nobody_takes_what_they_may_not_do(world: World, enter: Enter, who: str) -> None:
    walk = world.walk("submit")
    person = world.user(Role.INTAKE, world.far) if who == "far" else getattr(world, who)
    answer = enter(person).post(url(walk, "take"), {"seen": world.intake.pk})
    assert answer.status_code == (404 if who == "far" else 403)
    assert open_task(walk).owner == world.intake


@pytest.mark.parametrize("role", [Role.INTAKE, Role.COORDINATOR, Role.REGION_ADMIN, Role.SLA_ADMIN])
def test_a_task_is_handed_to_a_colleague_with_a_note(world: World, second: User, enter: Enter, role: str) -> None:
    walk = world.walk("submit")
    by = world.user(role, world.lead)
    sent = {"to": str(second.uuid), "note": "请优先办理", "seen": world.intake.pk}
    assert enter(by).post(url(walk, "hand_over"), sent).status_code == 302
    assert (open_task(walk).owner, Clock.objects.get(code="acceptance").holder) == (second, second)
    message = Message.objects.get(kind="task_handed")
    text = render(message, "en").text
    assert (message.recipient, "请优先办理" in text, str(by) in text) == (second, True, True)


@pytest.mark.parametrize("role", [Role.DECISION, Role.SUPERVISOR])
def test_others_do_not_hand_over(world: World, second: User, enter: Enter, role: str) -> None:
    walk = world.walk("submit")
    by = world.user(role, world.lead)
    assert enter(by).get(url(walk, "hand_over")).status_code == 403
    sent = {"to": str(second.uuid), "note": "请优先办理", "seen": world.intake.pk}
    assert enter(by).post(url(walk, "hand_over"), sent).status_code == 403
    with pytest.raises(door.Refused):
        handing.hand_over(task=open_task(walk), to=second, seen=world.intake.pk, note="x", by=by, now=world.moments())


def test_only_who_may_do_it_gets_it_and_a_note_is_wanted(world: World, second: User, enter: Enter) -> None:
    walk, client = world.walk("submit"), enter(world.intake)
    for sent in ({"to": str(world.decider.uuid), "note": "x"}, {"to": str(second.uuid), "note": " "}):
        assert client.post(url(walk, "hand_over"), {**sent, "seen": world.intake.pk}).status_code == 422
    with pytest.raises(ValidationError):
        handing.hand_over(
            task=open_task(walk), to=world.decider, seen=world.intake.pk, note="x", by=world.intake, now=world.moments()
        )
    assert open_task(walk).owner == world.intake


def test_an_administrator_does_not_hand_on_the_tasks_of_a_laboratory(world: World, enter: Enter) -> None:
    walk = world.walk("propose_visit")
    member = world.user(Role.LAB_MEMBER, world.laboratory)
    assert enter(world.coordinator).get(url(walk, "hand_over")).status_code == 403
    sent = {"to": str(member.uuid), "note": "请答复", "seen": world.manager.pk}
    assert enter(world.manager).post(url(walk, "hand_over"), sent).status_code == 302
    assert open_task(walk).owner == member


@pytest.mark.parametrize("stage", ["accept_offers", "draw_team"])
def test_the_leader_s_steps_and_offers_stay_where_they_are(world: World, enter: Enter, stage: str) -> None:
    walk = world.walk(stage)
    task = queries.open_tasks().filter(process__case__application=walk.application).order_by("pk").first()
    assert task is not None
    page = reverse("inbox:hand_over", args=[walk.application.uuid, task.pk])
    assert enter(world.coordinator).get(page).status_code == 403


def test_a_pending_decision_is_not_betrayed_by_its_task(world: World, enter: Enter) -> None:
    walk = world.walk("decide")
    second = world.user(Role.DECISION, world.lead)
    handing.take(task=open_task(walk), seen=world.decider.pk, by=second, now=world.moments())
    case = reverse("inbox:case", args=[walk.application.uuid])
    for person in (world.other_decider, world.user(Role.JOINT_MEETING)):
        page = enter(person).get(case).content.decode()
        assert "Release the decision" not in page
        assert "Task taken over" not in page
        assert "Decide:" in page
    assert "Release the decision" in enter(second).get(case).content.decode()


@pytest.mark.parametrize("stage", ["concur", "decide"])
def test_no_missing_row_tells_the_nation_of_a_pending_decision(world: World, stage: str) -> None:
    world.walk(stage)
    assert not queries.queue(world.user(Role.NATIONAL_VIEWER)).exists()
    assert queries.queue(world.intake).count() == 1


def test_the_laboratory_has_a_queue_of_its_own_tasks(world: World, enter: Enter) -> None:
    world.walk("propose_visit")
    world.walk("submit")
    member = world.user(Role.LAB_MEMBER, world.laboratory)
    found = enter(member).get(reverse("inbox:queue")).context["listing"].page
    assert [task.flow_task.name for task in found] == ["answer_visit"]
    assert not queries.mine(member).exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_take_at_once_do_not_both_get_it(world: World, second: User) -> None:
    walk, third = world.walk("submit"), world.user(Role.INTAKE, world.lead)
    task = open_task(walk)
    results = race(
        *(
            lambda by=by: handing.take(task=task, seen=world.intake.pk, by=by, now=world.moments())
            for by in (second, third)
        )
    )
    assert sorted(type(result).__name__ for result in results) == ["Stale", "Task"]
    assert TransitionLog.objects.filter(verb="take").count() == 1
    assert list(findings()) == []
