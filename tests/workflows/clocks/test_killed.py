"""A worker is killed in the middle of a sweep, stays dead for days, and three start at once: nothing lost or doubled."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from qualification.accounts.enums import Role
from qualification.applications.models import Application
from qualification.models import TransitionLog
from qualification.regions import calendars
from qualification.regions.calendars import SpecialDay, YearFile
from tests.factories.cases import World
from tests.workflows.clocks.conftest import at
from tests.workflows.jobs.test_processes import url_of_this_database
from workflows.clocks import counting, ledger, sweep
from workflows.clocks.counting import Term
from workflows.clocks.models import CalendarPass, Clock, Rung
from workflows.outbox.models import Message

pytestmark = pytest.mark.django_db(transaction=True)

# Received on Monday 2 March 2026 with five working days: warned on Friday at nine, due after Monday the 9th.
RECEIVED, WARNED, DUE = at("2026-03-02 10:00"), at("2026-03-06 09:00"), at("2026-03-10 00:00")
PLAIN = 12

Sweep = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Sweep]:
    """Starts sweeps of their own on the test database; each waits for a line."""
    started: list[subprocess.Popen[str]] = []

    def run(moment: dt.datetime, point: str = "") -> subprocess.Popen[str]:
        environment = os.environ | {"DATABASE_URL": url_of_this_database()}
        line = [sys.executable, "-m", "tests.workflows.clocks.killed", moment.isoformat(), *([point] if point else [])]
        one = subprocess.Popen(
            line, env=environment, cwd=settings.BASE_DIR, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        started.append(one)
        return one

    yield run
    for one in started:
        one.kill()
        one.communicate()


def ready(*sweeps: subprocess.Popen[str]) -> None:
    """Wait until all are there, then let them go at the same moment."""
    for one in sweeps:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in sweeps:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()


def dies(one: subprocess.Popen[str]) -> None:
    """The sweep goes until its point, and is gone."""
    ready(one)
    assert one.wait(timeout=60) == -signal.SIGKILL


def three(start: Sweep, moment: dt.datetime) -> None:
    """Three sweeps at once; what one left to another is done by the next."""
    sweeps = [start(moment) for _ in range(3)]
    ready(*sweeps)
    for one in sweeps:
        out, _err = one.communicate(timeout=60)
        assert out.splitlines() == ["0"]
    assert sweep.run(moment + dt.timedelta(seconds=30)).failed == 0


@pytest.fixture
def cases() -> World:
    """Two applications that wait for acceptance, and a dozen decisions that are due on the same day."""
    world = World(joint=False, moments=lambda: RECEIVED)
    world.user(Role.SLA_ADMIN, world.lead)
    for _ in range(2):
        world.walk("submit")
    for _ in range(PLAIN):
        decision(world)
    sweep.run(RECEIVED)
    assert not Message.objects.filter(kind__startswith="clock_").exists()
    return world


def decision(world: World) -> Clock:
    """A decision of a case of its own, due with the rest."""
    case = Application.objects.create(
        laboratory=world.laboratory, authority=world.lead, kinds=["first"], created_by=world.manager
    )
    clock = Clock(
        application=case, authority=world.lead, code="decision", subject_type=case._meta.label, subject_id=case.pk,
        edition="x", budget=5, unit="working", started_at=RECEIVED, started_on=RECEIVED.date(),
    )  # fmt: skip
    place = ledger.place_of(world.lead.pk)
    ledger.project(clock, counting.count(Term(clock.started_on, clock.budget), place.calendar), place)
    clock.save()
    return clock


def expected(clock: Clock) -> dict[str, dt.datetime]:
    return {"warn": WARNED, "expire": DUE, "escalate": DUE}


def everything_fired_once() -> None:
    """Each rung has one row with its own date, and was told to each person once; too late a reminder to nobody."""
    clocks = list(Clock.objects.filter(code__in=["acceptance", "decision"]).order_by("pk"))
    assert len(clocks) == PLAIN + 2
    for clock in clocks:
        rungs = list(Rung.objects.filter(clock=clock).order_by("pk"))
        assert {rung.name: rung.due_at for rung in rungs} == expected(clock)
        assert len(rungs) == 3
        told = Counter(
            (message.recipient_id, message.facts["event"])
            for message in Message.objects.filter(subject_type="clocks.Clock", subject_id=clock.pk).order_by("pk")
        )
        assert set(told.values()) == {1}
        loud = {rung.name for rung in rungs if not rung.is_silent}
        assert {name for _person, name in told} == loud - ({"expire"} if clock.code == "acceptance" else set())
        assert (clock.breached_at, clock.last_error) == (DUE, "")
    assert TransitionLog.objects.filter(verb="deem_accepted").count() == 2
    assert Application.objects.filter(state="in_review").count() == 2


@pytest.mark.parametrize("point", ["claim", "messages", "commit"])
def test_killed_while_reminding(cases: World, start: Sweep, point: str) -> None:
    dies(start(WARNED + dt.timedelta(seconds=10), point))
    fired = Rung.objects.count()
    assert 0 < fired < PLAIN + 2, "one batch is done, the second is undone"
    assert Message.objects.filter(kind="clock_reminder").values("subject_id").distinct().count() == fired
    three(start, DUE + dt.timedelta(minutes=10))
    everything_fired_once()
    assert Rung.objects.filter(name="warn", is_silent=True).count() == PLAIN + 2 - fired


@pytest.mark.parametrize("point", ["claim", "messages", "commit", "outcome"])
def test_killed_while_limits_run_out(cases: World, start: Sweep, point: str) -> None:
    sweep.run(WARNED)
    dies(start(DUE + dt.timedelta(seconds=10), point))
    three(start, DUE + dt.timedelta(days=3))
    everything_fired_once()
    assert not Rung.objects.filter(is_silent=True).exists()


def test_three_at_once_after_days_without_any(cases: World, start: Sweep) -> None:
    three(start, DUE + dt.timedelta(days=3))
    everything_fired_once()
    three(start, DUE - dt.timedelta(days=1))
    everything_fired_once()


@pytest.mark.parametrize("point", ["move", "news"])
def test_killed_while_a_changed_calendar_is_applied(cases: World, start: Sweep, point: str) -> None:
    day_off(dt.date(2026, 3, 9))
    moment = at("2026-03-03 12:00")
    dies(start(moment, point))
    one = CalendarPass.objects.get(finished_at=None)
    moved = Clock.objects.filter(due_at=DUE + dt.timedelta(days=1)).count()
    assert (one.moved, one.checked) == (moved, moved)
    assert moved == (5 if point == "move" else PLAIN + 2)
    three(start, moment + dt.timedelta(days=3))
    one.refresh_from_db()
    assert (one.moved, one.finished_at is not None) == (PLAIN + 2, True)
    assert Clock.objects.filter(due_at=DUE + dt.timedelta(days=1)).count() == PLAIN + 2
    people = Message.objects.filter(kind="clock_moved").values_list("recipient_id", flat=True)
    assert sorted(people) == sorted(set(people)), "one message a person"
    assert len(people) == 3


def day_off(day: dt.date) -> None:
    """A new edition of the year in which one more day is off."""
    year = calendars.CalendarYear.objects.filter(year=day.year).order_by("-edition")[0]
    days = [SpecialDay(d.date, d.is_off, d.name) for d in year.days.all() if d.date != day]
    file = YearFile(day.year, "", tuple(sorted([*days, SpecialDay(day, True, "临时")], key=lambda d: d.date)))
    assert calendars.load_year(file, authority=None, now=RECEIVED) is not None
