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

from qualification import statements
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.door import Event, case_of
from qualification.models import TransitionLog
from qualification.regions import calendars
from tests.factories.accounts import UserFactory
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
