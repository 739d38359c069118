"""Walk one case from one of its moments to the next: act, look what is open now, plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Subquery

from qualification import statements
from qualification.applications.enums import ApplicationState
from qualification.applications.models import Application
from qualification.assessors.models import Offer, Seat
from qualification.door import DoorError
from qualification.statements import Statement
from workflows.demo.simulate import clock, planning
from workflows.demo.simulate.acts import ACTS
from workflows.demo.simulate.cases import Case, Plan
from workflows.demo.simulate.scene import Scene
from workflows.flows import STEPS
from workflows.follow import open_tasks


def begin(case: Case) -> None:
    """The first plan of a case: to apply."""
    case.plans = [Plan("apply", "apply", case.client.applies_at)]


def walk(case: Case, until: dt.datetime, seed: int) -> Case:
    """Carry out the plans that come before a moment; each act is followed by a look at what is open."""
    while (plan := case.next) is not None and plan.at < until:
        case.plans.remove(plan)
        with clock.at(plan.at):
            _act(case, plan, seed)
            look(case, plan.at, seed)
    return case


def wake(case: Case, now: dt.datetime, seed: int) -> Case:
    """The law has acted on the case: look what is open now."""
    with clock.at(now):
        look(case, now, seed)
    return case


def _act(case: Case, plan: Plan, seed: int) -> None:
    scene = Scene(seed, case, plan.at, plan.slot, plan.about)
    try:
        ACTS[plan.act](scene)
    except (DoorError, ValidationError) as error:
        # People come too late or out of turn in a real year, too; they look again and do what is open.
        case.refused.append(f"{plan.act}: {type(error).__name__}")
    else:
        case.acts += 1


def look(case: Case, now: dt.datetime, seed: int) -> None:
    """Forget plans about what is closed, and plan what is open and not yet planned."""
    application = statements.fetch(Application, case.application) if case.application else None
    open_ = list(_open(application)) if application is not None and _goes_on(application) else []
    if application is None or not open_:
        case.plans = []
        return
    numbers = {about for _step, _slot, about in open_} | {0}
    case.plans = [plan for plan in case.plans if plan.about in numbers]
    planned = {plan.about for plan in case.plans}
    for step, slot, about in open_:
        if about not in planned:
            case.ask(slot)
            scene = Scene(seed, case, now, slot, about)
            scene.application = application
            case.plans += planning.plan(scene, step)


def _goes_on(application: Application) -> bool:
    """A closed case is over, except for the check of a commitment."""
    return application.state not in ApplicationState.final() or application.is_by_commitment


def _open(application: Application) -> Iterator[tuple[str, str, int]]:
    """Step, name of the question, and number of what it is about; offers are asked for seat by seat."""
    tasks = [(STEPS[task.flow_task.name], task) for task in open_tasks(application)]
    offers = _offers(application) if any(step.name == "answer_offer" for step, _task in tasks) else {}
    for step, task in sorted(tasks, key=lambda pair: (pair[0].name, pair[1].pk)):
        if step.name == "answer_offer":
            position, offer = offers[task.data["seat"]]
            yield step.name, f"{step.name}:{position}", offer or -task.pk
        elif step.branch:
            yield step.name, f"{step.name}:{task.data[step.branch]}", task.pk
        else:
            yield step.name, step.name, task.pk


def _offers(application: Application) -> dict[int, tuple[int, int]]:
    """Position and open offer of each seat."""
    return {seat: (position, offer or 0) for seat, position, offer in SEATS.rows(case=application.pk)}


def _seats(case: int) -> Any:
    """Seats with the offer that is out."""
    sent = Offer.objects.filter(seat_id=OuterRef("pk"), state="sent").order_by("-pk").values("pk")[:1]
    seats = Seat.objects.filter(assessment__application_id=case).order_by("position")
    return seats.values_list("pk", "position", Subquery(sent))


SEATS = Statement(_seats, case=int)
