"""Corrections of a clock's ledger, and of a wrong entry of a limit."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.regions import limits
from qualification.regions.models import LimitEntry
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority, promise
from tests.workflows.clocks.conftest import at, clock_of, step
from workflows import consistency
from workflows.clocks import corrections, executors
from workflows.clocks.corrections import Grounds, LedgerRefused
from workflows.clocks.models import BudgetCorrection, Clock, ClockInterval, Rung

pytestmark = pytest.mark.django_db
D = dt.date
GROUNDS = Grounds("the power was cut", "行政许可法第四十五条")


@pytest.fixture
def keeper(db: None) -> User:
    return UserFactory.create(member=(Role.SLA_ADMIN, authority("03")))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    class Notifier:
        def happened(self, notices: Any, now: dt.datetime) -> None:
            found.extend((notice.clock.code, notice.name) for notice in notices)

        def moved(self, calendar_pass: Any, now: dt.datetime) -> None:
            raise AssertionError("no calendar has changed")

    monkeypatch.setattr(executors, "_notifiers", [Notifier()])
    return found


def pause(case: Application, keeper: User, start: str, end: str, grounds: Grounds = GROUNDS) -> ClockInterval:
    return corrections.add_pause(
        clock=clock_of(case, "technical_review"), paused_at=at(start), resumed_at=at(end), grounds=grounds, by=keeper,
        now=at("2026-03-20 10:00"),
    )  # fmt: skip


def test_a_pause_not_recorded_moves_the_date_and_is_told(
    in_review: Application, keeper: User, told: list[tuple[str, str]]
) -> None:
    row = pause(in_review, keeper, "2026-03-09 09:00", "2026-03-11 09:00")
    clock = clock_of(in_review, "technical_review")
    assert clock.due_on == D(2026, 4, 17)
    assert (row.entered_by, row.entered_at, row.reason, row.article) == (
        keeper, at("2026-03-20 10:00"), GROUNDS.reason, GROUNDS.article,
    )  # fmt: skip
    assert told == [("technical_review", "corrected")]
    assert list(consistency.ledger_faults(Clock.objects.prefetch_related("rungs").get(pk=clock.pk))) == []


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("2026-03-11 09:00", "2026-03-09 09:00", "before it begins"),
        ("2026-03-11 09:00", "2026-03-20 10:01", "in the future"),
        ("2026-03-03 09:59", "2026-03-05 09:00", "before the limit started"),
        ("2026-03-09 09:00", "2026-03-12 10:00", "overlaps the pause Tue 10 Mar 2026 10:00"),
        ("2026-03-11 09:00", "2026-03-11 10:00", "overlaps the pause Tue 10 Mar 2026 10:00"),
    ],
)
def test_a_pause_that_cannot_be_is_refused_with_the_row(
    in_review: Application, keeper: User, start: str, end: str, says: str
) -> None:
    clock = clock_of(in_review, "technical_review")
    clock.intervals.create(cause="test", paused_at=at("2026-03-10 10:00"), resumed_at=at("2026-03-12 10:00"))
    before = clock.due_at
    from django.utils import translation

    with translation.override("en"), pytest.raises(LedgerRefused) as refused:
        pause(in_review, keeper, start, end)
    assert says in refused.value.message
    assert (ClockInterval.objects.count(), clock_of(in_review, "technical_review").due_at) == (1, before)


@pytest.mark.parametrize("grounds", [Grounds(" ", "x"), Grounds("x", " ")])
def test_reason_and_ground_are_needed(in_review: Application, keeper: User, grounds: Grounds) -> None:
    with pytest.raises(LedgerRefused):
        pause(in_review, keeper, "2026-03-09 09:00", "2026-03-11 09:00", grounds)


def test_a_closed_ledger_stays_closed(in_review: Application, keeper: User) -> None:
    with pytest.raises(LedgerRefused):
        corrections.add_pause(
            clock=clock_of(in_review, "acceptance"), paused_at=at("2026-03-02 11:00"),
            resumed_at=at("2026-03-03 09:00"), grounds=GROUNDS, by=keeper, now=at("2026-03-20 10:00"),
        )  # fmt: skip


@pytest.mark.parametrize(("role", "code"), [(Role.SLA_ADMIN, "04"), (Role.DECISION, "03"), (Role.REGION_ADMIN, "03")])
def test_only_the_time_limit_administrator_of_the_authority(in_review: Application, role: Role, code: str) -> None:
    other = UserFactory.create(member=(role, authority(code)))
    with pytest.raises(door.Refused):
        pause(in_review, other, "2026-03-09 09:00", "2026-03-11 09:00")


def test_a_pause_without_end_is_ended_by_a_row_of_its_own(in_review: Application, keeper: User) -> None:
    clock = clock_of(in_review, "technical_review")
    Clock.objects.filter(pk=clock.pk).update(state="paused", due_at=None, next_rung_at=None)
    old = clock.intervals.create(cause="test", paused_at=at("2026-03-10 10:00"), reason="was not ended")
    row = corrections.end_pause(
        interval=old, resumed_at=at("2026-03-12 09:00"), grounds=GROUNDS, by=keeper, now=at("2026-03-20 10:00")
    )
    old.refresh_from_db()
    clock.refresh_from_db()
    assert (old.resumed_at, old.superseded_at, row.supersedes, row.cause) == (
        None, at("2026-03-20 10:00"), old, "test",
    )  # fmt: skip
    assert (clock.state, clock.due_on) == ("running", D(2026, 4, 17))
    with pytest.raises(LedgerRefused):
        corrections.end_pause(
            interval=old, resumed_at=at("2026-03-12 09:00"), grounds=GROUNDS, by=keeper, now=at("2026-03-20 11:00")
        )


def test_a_miss_that_did_not_happen_is_taken_back(in_review: Application, keeper: User) -> None:
    clock = clock_of(in_review, "technical_review")
    Clock.objects.filter(pk=clock.pk).update(breached_at=clock.due_at, next_rung_at=None)
    for name in ("remind", "warn", "expire", "escalate"):
        Rung.objects.create(clock=clock, name=name, due_at=clock.due_at, fired_at=at("2026-04-16 00:05"))
    corrections.add_pause(
        clock=clock, paused_at=at("2026-04-01 09:00"), resumed_at=at("2026-04-15 09:00"), grounds=GROUNDS, by=keeper,
        now=at("2026-04-16 10:00"),
    )  # fmt: skip
    clock.refresh_from_db()
    assert (clock.breached_at, clock.due_on) == (None, D(2026, 4, 28))
    assert sorted(clock.rungs.values_list("name", flat=True)) == ["remind"]
    assert clock.next_rung_at is not None


# A wrong entry


@pytest.fixture
def entry(db: None) -> LimitEntry:
    return promise(authority("03"), "acceptance_days", 2, since=D(2026, 3, 1))


def test_a_clock_keeps_the_entry_in_force_when_it_started(entry: LimitEntry, submitted: Application) -> None:
    promise(authority("03"), "acceptance_days", 4, since=D(2026, 3, 3))
    clock = clock_of(submitted, "acceptance")
    assert (clock.limit_entry, clock.budget, clock.edition) == (entry, 2, "163-2021")


def test_a_correction_moves_the_clocks_of_its_entry_and_keeps_old_and_new(
    entry: LimitEntry, submitted: Application, keeper: User, told: list[tuple[str, str]]
) -> None:
    before = clock_of(submitted, "acceptance").due_at
    assert [(e.old, e.new, e.due_after) for e in corrections.effects_of(entry, 4)] == [(2, 4, at("2026-03-07 00:00"))]
    right = corrections.correct_limit(
        entry=entry, value=4, reason="a slip of the pen", by=keeper, now=at("2026-03-03 09:00")
    )
    clock = clock_of(submitted, "acceptance")
    assert (clock.budget, clock.due_at, clock.limit_entry) == (4, at("2026-03-07 00:00"), right)
    row = BudgetCorrection.objects.get()
    assert (row.old, row.new, row.due_before, row.due_after, row.by, row.reason) == (
        2, 4, before, at("2026-03-07 00:00"), keeper, "a slip of the pen",
    )  # fmt: skip
    assert told == [("acceptance", "corrected")]
    assert limits.current().of(entry.authority_id, "acceptance_days", D(2026, 3, 5)).entry_id == right.pk


def test_a_correction_touches_no_clock_that_has_ended(entry: LimitEntry, in_review: Application, keeper: User) -> None:
    corrections.correct_limit(entry=entry, value=4, reason="slip", by=keeper, now=at("2026-03-04 09:00"))
    assert clock_of(in_review, "acceptance").budget == 2
    assert BudgetCorrection.objects.count() == 0


@pytest.mark.parametrize("value", [0, 6, 2, "many"])
def test_a_correction_within_bounds_only(entry: LimitEntry, keeper: User, value: object) -> None:
    with pytest.raises(ValidationError):
        corrections.correct_limit(entry=entry, value=value, reason="slip", by=keeper, now=at("2026-03-04 09:00"))


def test_an_entry_is_corrected_once(entry: LimitEntry, keeper: User) -> None:
    corrections.correct_limit(entry=entry, value=4, reason="slip", by=keeper, now=at("2026-03-04 09:00"))
    with pytest.raises(ValidationError):
        corrections.correct_limit(entry=entry, value=3, reason="slip", by=keeper, now=at("2026-03-04 09:00"))


@pytest.mark.parametrize(("role", "code"), [(Role.SLA_ADMIN, "04"), (Role.DECISION, "03")])
def test_who_corrects_an_entry(entry: LimitEntry, role: Role, code: str) -> None:
    with pytest.raises(door.Refused):
        corrections.correct_limit(
            entry=entry, value=4, reason="slip", by=UserFactory.create(member=(role, authority(code))),
            now=at("2026-03-04 09:00"),
        )  # fmt: skip


def test_a_step_of_the_case_goes_on_after_a_correction(
    entry: LimitEntry, submitted: Application, keeper: User, person: User
) -> None:
    corrections.correct_limit(entry=entry, value=5, reason="slip", by=keeper, now=at("2026-03-03 09:00"))
    step(submitted, "accept", at("2026-03-09 10:00"), by=person)
    assert clock_of(submitted, "acceptance").breached_at is None
