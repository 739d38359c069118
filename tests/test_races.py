"""Two connections, one barrier: exactly one wins, the other is told, and nothing is done twice."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from viewflow.workflow.models import Task

from qualification import door
from qualification.applications.models import Application
from qualification.applications.services import drafts, intake
from qualification.assessors import services as assessors
from qualification.assessors.models import Offer
from qualification.certificates.models import Certificate, NumberCounter
from qualification.certificates.services import issuing
from qualification.models import TransitionLog
from tests.factories.cases import World
from workflows.clocks.models import Clock
from workflows.consistency import findings
from workflows.outbox.models import Message

pytestmark = pytest.mark.django_db(transaction=True)


def race(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at once, each on a connection of its own; the results, or the errors, in order."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=10)
            results[index] = act()
        except Exception as error:  # what a thread raises is its result
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(i, act)) for i, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def fresh(application: Application) -> Application:
    return Application.objects.select_related("authority__profile").get(pk=application.pk)


def split(results: list[Any]) -> tuple[int, list[type]]:
    """How many went through, and what the others were told."""
    errors = [type(r) for r in results if isinstance(r, Exception)]
    return len(results) - len(errors), errors


def test_eight_submits_make_one_receipt(world: World) -> None:
    application = world.walk("upload_materials").application
    acts = [lambda: drafts.submit(application=fresh(application), by=world.manager, now=world.moments())] * 8
    won, errors = split(race(*acts))
    assert (won, errors) == (1, [door.Stale] * 7)
    assert TransitionLog.objects.filter(application=application, verb="submit").count() == 1
    assert Task.objects.filter(process__case__application=application, flow_task_type="HUMAN").count() == 1
    assert Clock.objects.filter(application=application).count() == 1
    assert list(findings()) == []


def test_two_first_applications_handed_in_at_once_are_one(world: World) -> None:
    cases = [world.walk("upload_materials").application for _number in range(2)]
    assert cases[0].laboratory == cases[1].laboratory
    acts = [
        lambda c=case: drafts.submit(application=fresh(c), by=world.manager, now=dt.datetime.now(dt.UTC))
        for case in cases
    ]
    assert split(race(*acts)) == (1, [drafts.NotReady])
    assert sorted(Application.objects.values_list("state", flat=True)) == ["draft", "submitted"]


def test_accept_and_refuse_at_once_decide_once(world: World) -> None:
    application = world.walk("submit").application
    won, errors = split(race(
        lambda: intake.accept(application=fresh(application), by=world.intake, now=world.moments()),
        lambda: intake.refuse_acceptance(
            application=fresh(application), reasons="不属于本机关职权", article="行政许可法第三十二条", by=world.intake, now=world.moments()
        ),
    ))  # fmt: skip
    assert (won, errors) == (1, [door.Stale])
    assert list(findings()) == []


def test_an_offer_is_accepted_or_expires_never_both(world: World) -> None:
    application = world.walk("draw_team").application
    offer = (
        Offer.objects.filter(application=application, state="sent").select_related("assessor__user").order_by("pk")[0]
    )
    due = Clock.objects.get(subject_type="assessors.Offer", subject_id=offer.pk).due_at
    assert due is not None

    def get() -> Offer:
        return Offer.objects.select_related("seat__assessment", "assessor__user").get(pk=offer.pk)

    won, errors = split(race(
        lambda: assessors.accept(offer=get(), by=offer.assessor.user, now=due - dt.timedelta(seconds=1)),
        lambda: assessors.expire(offer=get(), now=due),
    ))  # fmt: skip
    assert (won, errors) == (1, [door.Stale])
    assert Offer.objects.filter(seat=offer.seat_id, state__in=["sent", "accepted"]).count() == 1
    assert list(findings()) == []


def test_two_answers_at_once_complete_the_team_once(world: World) -> None:
    application = world.walk("draw_team").application
    offers = list(Offer.objects.filter(application=application, state="sent").order_by("pk"))

    def accept(pk: int) -> Callable[[], Any]:
        def act() -> Any:
            offer = Offer.objects.select_related("seat__assessment", "assessor__user").get(pk=pk)
            return assessors.accept(offer=offer, by=offer.assessor.user, now=world.moments())

        return act

    won, errors = split(race(*[accept(o.pk) for o in offers]))
    assert (won, errors) == (2, [])
    assert TransitionLog.objects.filter(application=application, verb="complete_team").count() == 1
    assert list(findings()) == []


def test_two_numbers_at_once_are_two_and_none_is_skipped(world: World) -> None:
    first, second = (world.walk("release").application for __ in range(2))

    def issue(application: Application) -> Callable[[], Any]:
        return lambda: issuing.issue(application=fresh(application), by=world.issuer, now=world.moments())

    won, errors = split(race(issue(first), issue(second)))
    assert (won, errors) == (2, [])
    serials = sorted(int(n[-4:]) for n in Certificate.objects.values_list("number", flat=True).order_by("number"))
    assert serials == [1, 2]
    assert NumberCounter.objects.get().last_serial == 2
    assert list(findings()) == []


def test_one_application_issued_twice_takes_one_number(world: World) -> None:
    application = world.walk("release").application
    acts = [lambda: issuing.issue(application=fresh(application), by=world.issuer, now=world.moments())] * 2
    won, errors = split(race(*acts))
    assert (won, errors) == (1, [door.Stale])
    assert Certificate.objects.count() == 1
    assert NumberCounter.objects.get().last_serial == 1


def test_a_step_that_fails_after_the_flow_leaves_nothing(world: World) -> None:
    application = world.walk("submit").application
    before = (
        TransitionLog.objects.count(),
        Task.objects.count(),
        Message.objects.count(),
        Clock.objects.open().count(),
    )
    flow = door.ports.flow

    def breaks(event: door.Event) -> None:
        assert flow is not None
        flow(event)
        raise RuntimeError("after the flow")

    door.ports.flow = breaks
    try:
        with pytest.raises(RuntimeError, match="after the flow"):
            intake.accept(application=fresh(application), by=world.intake, now=world.moments())
    finally:
        door.ports.flow = flow
    after = (TransitionLog.objects.count(), Task.objects.count(), Message.objects.count(), Clock.objects.open().count())
    assert after == before
    assert fresh(application).state == "submitted"
    assert list(findings()) == []
