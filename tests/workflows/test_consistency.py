"""The consistency check finds what does not agree: each thing is broken once and must be named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from viewflow.workflow.models import Task

from qualification.applications.models import Application
from qualification.certificates.models import NumberCounter
from qualification.models import TransitionLog
from tests.factories.cases import World
from workflows.clocks.models import Clock
from workflows.consistency import findings

pytestmark = pytest.mark.django_db


def _state(world: World, pk: int) -> None:
    Application.objects.filter(pk=pk).update(
        state="in_review", accepted_at=dt.datetime.now(dt.UTC), accepted_on=dt.date(2026, 11, 20)
    )


def _task(world: World, pk: int) -> None:
    Task.objects.filter(process__case__application=pk, status="ASSIGNED").update(status="DONE")


def _no_owner(world: World, pk: int) -> None:
    Task.objects.filter(process__case__application=pk, status="ASSIGNED").update(owner=None)


def _strange_owner(world: World, pk: int) -> None:
    Task.objects.filter(process__case__application=pk, status="ASSIGNED").update(owner=world.other_decider)


def _strange_holder(world: World, pk: int) -> None:
    Clock.objects.filter(application=pk).update(holder=world.manager)


def _no_clock(world: World, pk: int) -> None:
    Clock.objects.filter(application=pk).delete()


def _moved_clock(world: World, pk: int) -> None:
    for clock in Clock.objects.filter(application=pk):
        assert clock.due_at is not None
        Clock.objects.filter(pk=clock.pk).update(due_at=clock.due_at + dt.timedelta(days=1))


def _log(world: World, pk: int) -> None:
    TransitionLog.objects.filter(application=pk).update(target="in_review")


def _stamp(world: World, pk: int) -> None:
    Application.objects.filter(pk=pk).update(submitted_at=dt.datetime.now(dt.UTC))


def _number(world: World, pk: int) -> None:
    NumberCounter.objects.create(year=2026, authority=world.lead, last_serial=3)


@pytest.mark.parametrize(
    ("breaks", "told"),
    [
        (_state, "the log ends at"),
        (_task, "open steps are"),
        (_no_owner, "has nobody and is not on the list"),
        (_strange_owner, "and may not do it"),
        (_strange_holder, "its task is of"),
        (_no_clock, "open clocks are"),
        (_moved_clock, "its ledger says"),
        (_log, "the log ends at"),
        (_stamp, "is not the moment of submit"),
        (_number, "the counter stands at 3"),
    ],
)
def test_what_is_broken_is_named(world: World, breaks: Callable[[World, int], None], told: str) -> None:
    application = world.walk("submit").application
    assert list(findings()) == []
    breaks(world, application.pk)
    assert any(told in text for text in findings())
