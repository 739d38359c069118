"""Every open task has its person, and the clock that runs for it is held by them."""

from __future__ import annotations

import pytest
from django.utils import timezone
from viewflow.workflow.models import Task

from qualification.accounts.enums import Role
from qualification.accounts.models import Membership, User
from qualification.applications.models import Application
from qualification.assessors.models import Offer
from qualification.models import TransitionLog
from tests.factories.cases import QuickWalk, World
from workflows.clocks.models import Clock
from workflows.inbox import assigning, handing, queries
from workflows.inbox.models import Vacancy
from workflows.nodes import Who
from workflows.outbox.models import Message

# After each stage: the open step, and whose it is.
WAY = [
    ("submit", "examine", "intake"),
    ("accept", "draw_team", "coordinator"),
    ("accept_offers", "review_file", "leader"),
    ("pass_file", "propose_visit", "leader"),
    ("propose_visit", "answer_visit", "manager"),
    ("agree_visit", "visit", "leader"),
    ("hand_in_report", "concur", "other_decider"),
    ("concur", "decide", "decider"),
    ("decide", "release", "decider"),
    ("release", "issue", "issuer"),
]


def tasks(walk: QuickWalk) -> list[Task]:
    return list(queries.open_tasks().filter(process__case__application=walk.application).order_by("pk"))


def holders(walk: QuickWalk) -> dict[str, int | None]:
    return dict(Clock.objects.open().filter(application=walk.application).values_list("code", "holder_id"))


@pytest.mark.parametrize(("stage", "step", "who"), WAY)
def test_each_step_waits_for_its_person_who_holds_its_clock(world: World, stage: str, step: str, who: str) -> None:
    walk = world.walk(stage)
    person = walk.leader if who == "leader" else getattr(world, who)
    (task,) = tasks(walk)
    assert (task.flow_task.name, task.owner, task.status) == (step, person, "ASSIGNED")
    code = task.flow_task.clock
    assert {name: holder for name, holder in holders(walk).items() if holder} == {code: person.pk}


def test_the_task_is_as_old_as_the_step_before_it(world: World) -> None:
    walk = world.walk("accept")
    (task,) = tasks(walk)
    log = TransitionLog.objects.get(application=walk.application, verb="accept")
    assert (task.created, task.assigned) == (log.at, log.at)


def test_offers_are_held_by_whom_they_were_made_to(world: World) -> None:
    walk = world.walk("draw_team")
    offers = {o.pk: o.assessor.user_id for o in Offer.objects.filter(application=walk.application, state="sent")}
    assert dict(Clock.objects.open().filter(code="offer").values_list("subject_id", "holder_id")) == offers
    assert holders(walk)["technical_review"] is None
    assert {task.owner_id for task in tasks(walk)} == set(offers.values())


def test_an_empty_seat_waits_for_the_coordinator(world: World) -> None:
    for assessor in world.assessors[1:]:
        assessor.field_codes = ["00"]
        assessor.save()
    walk = world.walk("draw_team")
    by_status = {task.status: task.owner for task in tasks(walk)}
    assert by_status == {"ASSIGNED": world.assessors[0].user, "NEW": world.coordinator}
    assert holders(walk)["technical_review"] == world.coordinator.pk
    assert [task.flow_task.name for task in queries.mine(world.coordinator)] == ["answer_offer"]


def test_a_task_goes_to_who_has_the_fewest(world: World) -> None:
    second = world.user(Role.INTAKE, world.lead)
    (task,) = tasks(world.walk("submit"))
    assert task.owner == world.intake
    assert assigning.candidates(Application.objects.get(), task.process_id, Who.INTAKE) == [second, world.intake]


def test_a_supplement_goes_back_to_who_asked_for_it(world: World) -> None:
    second = world.user(Role.INTAKE, world.lead)
    walk = world.walk("submit")
    walk.cast.intake = second
    walk.ask_supplement("补充检测报告。")
    assert [t.owner for t in tasks(walk)] == [world.manager]
    walk.hand_in_supplement()
    assert [t.owner for t in tasks(walk)] == [second]


def test_nobody_decides_what_they_accepted(world: World) -> None:
    world.intake.memberships.create(role=Role.DECISION, authority=world.lead)
    Membership.objects.filter(user=world.decider).update(ended_at=timezone.now())
    walk = world.walk("concur")
    (task,) = tasks(walk)
    assert (task.owner, holders(walk)["decision"]) == (None, None)
    assert [v.task_id for v in Vacancy.objects.open()] == [task.pk]


def test_a_vacancy_is_told_once_and_filled_by_the_sweep(world: World) -> None:
    administrator = world.user(Role.SLA_ADMIN, world.lead)
    Membership.objects.filter(user=world.intake).update(ended_at=timezone.now())
    walk = world.walk("submit")
    for __ in range(2):
        handing.reassign(now=world.moments())
    assert Message.objects.filter(kind="task_vacant").values_list("recipient", flat=True).get() == administrator.pk
    newcomer = world.user(Role.INTAKE, world.lead)
    assert handing.reassign(now=world.moments()) == 1
    assert ([t.owner for t in tasks(walk)], holders(walk)["acceptance"]) == ([newcomer], newcomer.pk)
    assert not Vacancy.objects.open().exists()
    assert Message.objects.filter(kind="task_handed", recipient=newcomer).count() == 1


@pytest.mark.parametrize("how", ["inactive", "ended"])
def test_who_leaves_loses_their_tasks(world: World, how: str) -> None:
    walk, second = world.walk("submit"), world.user(Role.INTAKE, world.lead)
    assert handing.reassign(now=world.moments()) == 0
    if how == "inactive":
        User.objects.filter(pk=world.intake.pk).update(is_active=False)
    else:
        Membership.objects.filter(user=world.intake).update(ended_at=timezone.now())
    assert handing.reassign(now=world.moments()) == 1
    assert ([t.owner for t in tasks(walk)], holders(walk)["acceptance"]) == ([second], second.pk)
    assert handing.reassign(now=world.moments()) == 0


def test_the_one_who_decided_issues_only_where_the_authority_allows_it(world: World) -> None:
    Membership.objects.filter(user=world.issuer).update(ended_at=timezone.now())
    world.decider.memberships.create(role=Role.ISSUER, authority=world.lead)
    walk = world.walk("release")
    assert [t.owner for t in tasks(walk)] == [None]
    world.lead.profile.values["issuer_not_decider"] = False
    world.lead.profile.save()
    handing.reassign(now=world.moments())
    assert [t.owner for t in tasks(walk)] == [world.decider]
