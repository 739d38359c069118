"""The sweep: each rung once, at its time, whatever fails."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence

import pytest
import time_machine
from django.db import connections

from qualification.accounts.models import User
from qualification.applications.models import Application, SupplementRequest
from tests.workflows.clocks.conftest import at, clock_of, in_hand, step
from workflows.clocks import executors, sweep
from workflows.clocks.executors import Notice
from workflows.clocks.models import CalendarPass, Clock, Rung

Told = list[tuple[str, str]]


def _rungs(case: Application) -> list[tuple[str, str, dt.datetime]]:
    rows = Rung.objects.filter(clock__application=case).order_by("pk").select_related("clock")
    return [(rung.clock.code, rung.name, rung.due_at) for rung in rows]


@pytest.mark.django_db
def test_a_warning_fires_at_its_moment_and_once(submitted: Application, registry: Told) -> None:
    assert sweep.run(at("2026-03-06 08:59:59")).fired == 0
    assert sweep.run(at("2026-03-06 09:00:00")).fired == 1
    assert sweep.run(at("2026-03-06 09:00:01")).fired == 0
    assert registry == [("acceptance", "warn")]
    assert clock_of(submitted, "acceptance").next_rung_at == at("2026-03-10 00:00")


@pytest.mark.django_db
def test_the_boundary_of_deemed_acceptance(submitted: Application, registry: Told) -> None:
    sweep.run(at("2026-03-09 23:59:59"))
    assert Application.objects.get(pk=submitted.pk).state == "submitted"
    result = sweep.run(at("2026-03-10 00:00:00"))
    assert (result.fired, result.failed) == (2, 0)
    assert Application.objects.get(pk=submitted.pk).state == "in_review"
    clock = clock_of(submitted, "acceptance")
    assert (clock.state, clock.breached_at) == ("expired", at("2026-03-10 00:00"))
    assert registry == [("acceptance", "warn"), ("acceptance", "expire"), ("acceptance", "escalate")]


@pytest.mark.django_db
def test_an_act_in_time_beats_the_sweep(submitted: Application, registry: Told) -> None:
    step(submitted, "accept", at("2026-03-09 23:59:59"))
    assert sweep.run(at("2026-03-10 00:00:00")).fired == 0
    assert clock_of(submitted, "acceptance").state == "stopped"


@pytest.mark.django_db
def test_a_sweep_that_stood_still_for_days_catches_up_once(submitted: Application, registry: Told) -> None:
    sweep.run(at("2026-03-13 12:00"))
    sweep.run(at("2026-03-13 12:01"))
    assert _rungs(submitted) == [
        ("acceptance", "warn", at("2026-03-06 09:00")),
        ("acceptance", "expire", at("2026-03-10 00:00")),
        ("acceptance", "escalate", at("2026-03-10 00:00")),
    ]
    assert clock_of(submitted, "acceptance").breached_at == at("2026-03-10 00:00")
    assert clock_of(submitted, "technical_review").started_on == dt.date(2026, 3, 2)


@pytest.mark.django_db
def test_a_clock_set_back_doubles_nothing(submitted: Application, registry: Told) -> None:
    sweep.run(at("2026-03-06 09:00"))
    sweep.run(at("2026-03-05 09:00"))
    sweep.run(at("2026-03-06 09:00"))
    assert registry == [("acceptance", "warn")]


@pytest.mark.django_db
def test_a_breach_is_recorded_and_the_clock_runs_on(in_review: Application, registry: Told) -> None:
    sweep.run(at("2026-04-16 00:00"))
    review = clock_of(in_review, "technical_review")
    assert (review.state, review.breached_at, review.next_rung_at) == ("running", at("2026-04-16 00:00"), None)
    assert registry == [("technical_review", name) for name in ("expire", "escalate")]
    step(in_review, "conclude_review", at("2026-04-20 10:00"))
    assert clock_of(in_review, "technical_review").breached_at == at("2026-04-16 00:00")


@pytest.mark.django_db
def test_a_service_that_fails_once_loses_and_doubles_nothing(submitted: Application, registry: Told) -> None:
    works = executors.executor("deem_accepted")

    def fails(clock: Clock, now: dt.datetime) -> None:
        works(clock, now)
        raise RuntimeError("the mail room is closed")

    executors.register("deem_accepted", fails)
    assert sweep.run(at("2026-03-10 00:00")).failed == 1
    assert _rungs(submitted) == []
    clock = clock_of(submitted, "acceptance")
    assert (clock.state, clock.last_error) == ("running", "RuntimeError: the mail room is closed")
    assert Application.objects.get(pk=submitted.pk).state == "submitted"
    executors.register("deem_accepted", works)
    assert sweep.run(at("2026-03-10 00:01")).failed == 0
    assert [name for _code, name, _due in _rungs(submitted)] == ["warn", "expire", "escalate"]


@pytest.mark.django_db
def test_the_worker_is_told_of_a_failure(submitted: Application, registry: Told) -> None:
    executors.register("deem_accepted", _refuses)
    with time_machine.travel(at("2026-03-10 00:00"), tick=False), pytest.raises(sweep.SweepIncomplete):
        sweep.job()


@pytest.mark.django_db
def test_one_failing_clock_holds_up_no_other(
    supplement: SupplementRequest, registry: Told, monkeypatch: pytest.MonkeyPatch, other: Application
) -> None:
    monkeypatch.setattr(sweep, "BATCH", 1)
    executors.register("deem_accepted", _refuses)
    result = sweep.run(at("2026-04-04 00:00"))
    assert result.failed == 1
    assert SupplementRequest.objects.get(pk=supplement.pk).state == "lapsed"
    assert clock_of(other, "acceptance").state == "running"


@pytest.mark.django_db
def test_an_executor_that_does_nothing_is_an_error(submitted: Application, registry: Told) -> None:
    executors.register("deem_accepted", lambda clock, now: None)
    assert sweep.run(at("2026-03-10 00:00")).failed == 1
    assert "did not end" in clock_of(submitted, "acceptance").last_error


@pytest.mark.django_db(transaction=True)
def test_three_sweeps_at_once_fire_each_rung_once(submitted: Application, registry: Told) -> None:
    barrier = threading.Barrier(3)
    failures: list[BaseException] = []

    def one() -> None:
        try:
            barrier.wait(timeout=10)
            for _ in range(3):
                failures.extend([RuntimeError()] * sweep.run(at("2026-03-10 00:00")).failed)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    sweep.run(at("2026-03-10 00:00"))
    assert failures == []
    assert [name for _code, name, _due in _rungs(submitted)] == ["warn", "expire", "escalate"]
    assert sorted(registry) == [("acceptance", "escalate"), ("acceptance", "expire")]


@pytest.mark.django_db
def test_an_idle_sweep_is_one_query(submitted: Application, registry: Told, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    sweep.run(at("2026-03-02 12:00"))
    with django_assert_num_queries(1):
        sweep.run(at("2026-03-02 12:01"))


def _refuses(clock: Clock, now: dt.datetime) -> None:
    raise RuntimeError("no")


@pytest.fixture
def supplement(submitted: Application) -> SupplementRequest:
    supplement = SupplementRequest.objects.create(application=submitted)
    step(supplement, "send", at("2026-03-04 10:00"))
    return supplement


@pytest.fixture
def other(supplement: SupplementRequest, person: User) -> Application:
    case = supplement.application
    other = Application.objects.create(
        laboratory=case.laboratory, authority=case.authority, kinds=["first"], created_by=person
    )
    step(other, "submit", at("2026-03-02 10:00"), by=person)
    return other


@pytest.mark.django_db
def test_a_batch_with_a_bad_clock_is_taken_apart(
    in_review: Application, other_review: Application, registry: Told
) -> None:
    executors.register_notifier(FailsOn(clock_of(in_review, "technical_review").pk))
    result = sweep.run(at("2026-04-16 00:00"))
    assert (result.fired, result.failed) == (4, 1)
    assert [name for _code, name, _due in _rungs(other_review)] == ["remind", "warn", "expire", "escalate"]
    bad = clock_of(in_review, "technical_review")
    assert (_rungs(in_review), bad.breached_at) == ([], None)
    assert bad.last_error == "RuntimeError: nobody is there"
    executors._notifiers.pop()
    assert sweep.run(at("2026-04-16 00:01")).fired == 4
    bad.refresh_from_db()
    assert (bad.breached_at, bad.last_error, bad.next_rung_at) == (at("2026-04-16 00:00"), "", None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("moment", "code"), [("2026-03-06 09:00", "a warning"), ("2026-03-10 00:00", "an outcome")])
def test_a_case_somebody_works_on_is_left_to_the_next_sweep(
    submitted: Application, registry: Told, moment: str, code: str
) -> None:
    with in_hand(Application, submitted.pk):
        assert sweep.run(at(moment)).fired == 0
    assert sweep.run(at(moment)).fired > 0, code


@pytest.mark.django_db
def test_a_reminder_that_is_too_late_is_recorded_and_told_to_nobody(in_review: Application, registry: Told) -> None:
    sweep.run(at("2026-04-16 00:00"))
    rungs = Rung.objects.filter(clock__application=in_review).order_by("pk")
    assert [(rung.name, rung.is_silent) for rung in rungs] == [
        ("remind", True), ("warn", True), ("expire", False), ("escalate", False),
    ]  # fmt: skip


@pytest.mark.django_db
def test_many_clocks_cost_no_more_queries(
    in_review: Application, registry: Told, person: User, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    sweep.run(at("2026-03-04 09:00"))
    for _ in range(5):
        _reviewed(in_review, person)
    with django_assert_max_num_queries(12):
        assert sweep.run(at("2026-04-16 00:00")).fired == 24


@pytest.mark.django_db
def test_a_clock_without_a_ladder_is_worked_out_first(submitted: Application, registry: Told) -> None:
    Clock.objects.filter(application=submitted).update(ladder=[])
    sweep.run(at("2026-03-06 09:00"))
    assert registry == [("acceptance", "warn")]
    assert [name for name, _moment in clock_of(submitted, "acceptance").ladder] == ["warn", "expire", "escalate"]


class FailsOn:
    """A notifier that cannot tell of one clock."""

    def __init__(self, pk: int) -> None:
        self.pk = pk

    def happened(self, notices: Sequence[Notice], now: dt.datetime) -> None:
        if any(notice.clock.pk == self.pk for notice in notices):
            raise RuntimeError("nobody is there")

    def moved(self, calendar_pass: CalendarPass, now: dt.datetime) -> None: ...


def _reviewed(like: Application, person: User) -> Application:
    """Another case, accepted on the same days."""
    other = Application.objects.create(
        laboratory=like.laboratory, authority=like.authority, kinds=["first"], created_by=person
    )
    step(other, "submit", at("2026-03-02 10:00"), by=person)
    step(other, "accept", at("2026-03-03 10:00"), by=person)
    return other


@pytest.fixture
def other_review(in_review: Application, person: User) -> Application:
    return _reviewed(in_review, person)
