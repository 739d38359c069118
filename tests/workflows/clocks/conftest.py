"""A case whose steps reach the clocks as the door would send them, without the rules of who may do what."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest
from django.db import connections, models, transaction

from qualification import door, statements
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.certificates.models import Certificate
from qualification.door import Event, case_of
from qualification.models import TransitionLog
from qualification.regions import calendars
from qualification.regions.models import Profile
from tests.factories.accounts import UserFactory
from tests.factories.cases import World
from tests.factories.laboratories import LaboratoryFactory
from tests.factories.regions import authority
from workflows.clocks import engine, executors
from workflows.clocks.executors import Notice
from workflows.clocks.models import CalendarPass, Clock

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> dt.datetime:
    """A moment in Shanghai: `at("2026-03-02 10:00")`."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def step(subject: models.Model, verb: str, moment: dt.datetime, *, by: User | None = None, reason: str = "") -> None:
    """One change of state and its event, all or nothing."""
    with transaction.atomic():
        source = subject.state  # type: ignore[attr-defined]
        getattr(subject, verb)(by=by, now=moment)
        subject.save()
        log = TransitionLog.objects.create(
            subject_type=subject._meta.label, subject_id=subject.pk, application=case_of(subject), verb=verb,
            source=source, target=subject.state, by=by, at=moment, reason=reason,  # type: ignore[attr-defined]
        )  # fmt: skip
        event = Event(subject, subject._meta.label, verb, source, log.target, by, moment, case_of(subject), log, {})
        engine.on_event(event)


def clock_of(case: Application, code: str) -> Clock:
    """The one clock of a code."""
    return Clock.objects.get(application=case, code=code)


@pytest.fixture
def person(db: None) -> User:
    return UserFactory.create()


class Ticking:
    """A clock on the wall that goes on a minute at each look."""

    def __init__(self, start: str) -> None:
        self.now = at(start)

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(minutes=1)
        return self.now


@pytest.fixture
def moments() -> Ticking:
    return Ticking("2026-03-02 09:00")


@pytest.fixture
def world(db: None, moments: Ticking) -> World:
    """A case is walked here in March 2026."""
    return World(joint=False, moments=moments)


@pytest.fixture
def supervisor(world: World) -> User:
    return world.user(Role.SUPERVISOR, world.lead)


@pytest.fixture
def calendar(db: None) -> None:
    calendars.load_all(now=at("2025-11-10 09:00"))


@pytest.fixture
def draft(calendar: None, person: User) -> Application:
    laboratory = LaboratoryFactory.create(authority=authority("03"))
    return Application.objects.create(
        laboratory=laboratory, authority=laboratory.authority, kinds=["first"], created_by=person
    )


@pytest.fixture
def submitted(draft: Application, person: User) -> Application:
    """Received on Monday 2026-03-02: due after Monday 2026-03-09."""
    step(draft, "submit", at("2026-03-02 10:00"), by=person)
    return draft


@pytest.fixture
def in_review(submitted: Application, person: User) -> Application:
    """Accepted on Tuesday 2026-03-03: 30 working days end on 2026-04-15."""
    step(submitted, "accept", at("2026-03-03 10:00"), by=person)
    return submitted


@pytest.fixture
def certificate(calendar: None) -> Certificate:
    """Valid from 2020-05-23 to Friday 2026-05-22; the last day to apply is Sunday 2026-02-22."""
    laboratory = LaboratoryFactory.create(authority=authority("03"))
    Profile.objects.get_or_create(authority=laboratory.authority)
    row = Certificate.objects.create(
        number="200301210001", laboratory=laboratory, authority=laboratory.authority, valid_from=dt.date(2020, 5, 23),
        valid_until=dt.date(2026, 5, 22), numbered_at=at("2020-05-23 10:00"),
    )  # fmt: skip
    door.perform(row, "activate", by=None, now=at("2020-05-23 11:00"))
    return row


@dataclass(frozen=True)
class Listener:
    """A notifier that writes down what it is told: the clock's code and the happening."""

    told: list[tuple[str, str]]

    def happened(self, notices: Sequence[Notice], now: dt.datetime) -> None:
        self.told.extend((notice.clock.code, notice.name) for notice in notices)

    def moved(self, calendar_pass: CalendarPass, now: dt.datetime) -> None:
        codes = calendar_pass.moves.order_by("pk").values_list("clock__code", flat=True)
        self.told.extend((code, executors.MOVED) for code in codes)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """Executors as the core registers them, here the bare system step; and what notifiers were told."""
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(executors, "_executors", {})
    monkeypatch.setattr(executors, "_notifiers", [])
    executors.register("deem_accepted", lambda clock, now: step(clock.application, "deem_accepted", now))
    executors.register("lapse", lambda clock, now: step(clock.application.supplement, "lapse", now))
    executors.register_notifier(Listener(told))
    yield told


@contextmanager
def in_hand(model: type[models.Model], pk: int) -> Iterator[None]:
    """Somebody else has the row locked, as a step through the door has it."""
    locked, done = threading.Event(), threading.Event()

    def work() -> None:
        try:
            with transaction.atomic():
                statements.lock(model, pk)
                locked.set()
                done.wait(timeout=30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert locked.wait(timeout=10)
        yield
    finally:
        done.set()
        thread.join(timeout=30)
