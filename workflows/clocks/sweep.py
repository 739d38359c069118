"""The one sweep: fires every rung that is due.

Rungs that only tell and record go hundreds at a time, in one transaction and a handful of queries; an outcome of the
law goes alone, through its service. The claim is the unique `Rung` row in the same transaction as everything the rung
does, so three sweeps at once, a clock set back or a worker that died for three days fire nothing twice and lose
nothing; what fails is undone and tried again by the next sweep.

Nobody is waited for: a clock is locked first and then its case, both only where they are free. The door locks the case
and then its clocks, and may wait for us; as we never wait, the two cannot block each other. The case is locked so that
an act in time whose transaction has not ended yet is not overtaken by the record that it was missed.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Q, Subquery
from django.utils import timezone

from qualification.applications.models import Application
from qualification.regions import calendars
from qualification.regions.models import Authority
from qualification.statements import Statement
from workflows.clocks import executors, ladder, ledger, recalc
from workflows.clocks.executors import Notice
from workflows.clocks.ladder import Step
from workflows.clocks.models import Clock, ClockQuerySet, Rung
from workflows.clocks.policy import BY_CODE, RungName

logger = logging.getLogger(__name__)
BATCH = 500


class OutcomeMissing(RuntimeError):
    """An executor returned, but its clock still runs."""


class SweepIncomplete(RuntimeError):
    """Some clocks failed; everything else was done, and the next sweep tries them again."""


@dataclass(slots=True)
class Result:
    """What one sweep did. `tried` are the clocks it gave a transaction of their own."""

    fired: int = 0
    failed: int = 0
    moved: int = 0
    tried: set[int] = field(default_factory=set)


def run(now: dt.datetime | None = None) -> Result:
    """Work out again what a changed calendar moves, then fire what is due; returns the numbers."""
    now = now or timezone.now()
    result = Result()
    is_changed, is_due = _to_do(now)
    if is_changed:
        result.moved = recalc.reproject(now)
    if is_due or is_changed:
        _fire_many(now, result)
        _fire_each(now, result)
    return result


def job() -> Result:
    """What the worker calls: `run`, and then SweepIncomplete where a clock failed, so that the worker's page shows it."""
    result = run()
    if result.failed:
        raise SweepIncomplete(f"{result.failed} clocks failed, {result.fired} rungs fired; see the clocks' last_error.")
    return result


def _questions() -> object:
    # The first rung ahead, not whether one is due: for that the planner may read the whole table in vain.
    ahead = Clock.objects.filter(next_rung_at__isnull=False).order_by("next_rung_at", "pk")
    return (
        Authority.objects.order_by("pk")
        .annotate(
            newest=calendars.newest_edition_subquery(),
            done=Subquery(recalc.finished().values("edition")[:1]),
            first=Subquery(ahead.values("next_rung_at")[:1]),
        )
        .values_list("newest", "done", "first")[:1]
    )


TO_DO = Statement(_questions)


def _to_do(now: dt.datetime) -> tuple[bool, bool]:
    """Whether the calendar has changed, and whether a rung is due: all that an idle sweep asks, in one query."""
    for newest, done, first in TO_DO.rows():
        return (newest or 0) > (done or 0), first is not None and first <= now
    return False, False


# Many at a time ---------------------------------------------------------------------------------------------------


def _batchable(now: dt.datetime) -> Q:
    """Clocks whose due rungs call no service, and that have not failed before."""
    acting = [code for code, policy in BY_CODE.items() if policy.executor]
    telling = [code for code, policy in BY_CODE.items() if not policy.executor]
    plain = Q(code__in=telling) | Q(code__in=acting, due_at__gt=now)
    return plain & Q(last_error="") & ~Q(ladder=[])


def _due(now: dt.datetime, which: Q) -> ClockQuerySet:
    return Clock.objects.with_rung_due(now).filter(which).order_by("next_rung_at", "pk")


def _fire_many(now: dt.datetime, result: Result) -> None:
    """Fire batch after batch, the longest due first."""
    after = Q()
    while True:
        clocks = fire_next(now, result, after)
        if len(clocks) < BATCH:
            return
        last = clocks[-1]
        after = Q(next_rung_at__gt=last.next_rung_at) | Q(next_rung_at=last.next_rung_at, pk__gt=last.pk)


def fire_next(now: dt.datetime, result: Result, after: Q) -> list[Clock]:
    """Fire one batch; one that fails is taken apart, so that only the bad clock waits. Returns the clocks it took."""
    clocks: list[Clock] = []
    try:
        with transaction.atomic():
            rows = _due(now, _batchable(now) & after)
            clocks.extend(rows.select_for_update(of=("self",), no_key=True, skip_locked=True)[:BATCH])
            result.fired += _fire_batch(clocks, now)
    except Exception:
        logger.exception("A batch of %s clocks failed; they are tried one by one.", len(clocks))
        for clock in clocks:
            _try(clock.pk, clock.application_id, now, result)
    return clocks


def _fire_batch(clocks: list[Clock], now: dt.datetime) -> int:
    """Fire the due rungs of locked clocks whose cases are free; returns how many."""
    clocks = _of_free_cases(clocks)
    if not clocks:
        return 0
    fired = _fired(clocks)
    due = [(clock, step) for clock in clocks for step in ladder.due(clock, fired[clock.pk], now)]
    claimed = _claim_rungs(due, now)
    _write_back(clocks, fired, claimed)
    told = [(clock, step) for clock, step in due if (clock.pk, step.name) in claimed]
    executors.notify_all([Notice(c, s.name) for c, s in told if not ladder.is_silent(c, s.name, now)], now)
    return len(told)


def _of_free_cases(clocks: list[Clock]) -> list[Clock]:
    wanted = {clock.application_id for clock in clocks if clock.application_id is not None}
    cases = Application._base_manager.filter(pk__in=wanted).order_by("pk")
    free: set[int | None] = {None}
    if wanted:
        free.update(cases.select_for_update(of=("self",), no_key=True, skip_locked=True).values_list("pk", flat=True))
    return [clock for clock in clocks if clock.application_id in free]


def _fired(clocks: list[Clock]) -> dict[int, set[str]]:
    """Names of the rungs that have fired, by clock. Read after the lock, so nobody adds to them any more."""
    found: dict[int, set[str]] = {clock.pk: set() for clock in clocks}
    for clock_id, name in Rung.objects.filter(clock__in=list(found)).order_by("pk").values_list("clock_id", "name"):
        found[clock_id].add(name)
    return found


_CLAIM = f"""
    INSERT INTO {Rung._meta.db_table} (clock_id, name, due_at, fired_at, is_silent)
    SELECT clock_id, name, due_at, %s, is_silent
    FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::bool[]) AS due (clock_id, name, due_at, is_silent)
    ON CONFLICT (clock_id, name) DO NOTHING RETURNING clock_id, name
"""  # noqa: S608 - name of our own table


def _claim_rungs(due: list[tuple[Clock, Step]], now: dt.datetime) -> set[tuple[int, str]]:
    """Write the rungs' rows; those that were not there before are ours to tell."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            [
                now,
                [clock.pk for clock, _step in due],
                [step.name for _clock, step in due],
                [step.at for _clock, step in due],
                [ladder.is_silent(clock, step.name, now) for clock, step in due],
            ],
        )
        return set(cursor.fetchall())


_WRITE_BACK = f"""
    UPDATE {Clock._meta.db_table} AS clock
    SET next_rung_at = fired.next_rung_at, breached_at = fired.breached_at, last_error = ''
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS fired (id, next_rung_at, breached_at)
    WHERE clock.id = fired.id
"""  # noqa: S608 - name of our own table


def _write_back(clocks: list[Clock], fired: dict[int, set[str]], claimed: set[tuple[int, str]]) -> None:
    """Set when each clock fires next, and that a limit was missed."""
    for clock_id, name in claimed:
        fired[clock_id].add(name)
    for clock in clocks:
        if (clock.pk, RungName.EXPIRE.value) in claimed:
            _record_breach(clock)
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE_BACK,
            [
                [clock.pk for clock in clocks],
                [ladder.next_at(clock, fired[clock.pk]) for clock in clocks],
                [clock.breached_at for clock in clocks],
            ],
        )


def _record_breach(clock: Clock) -> None:
    """A missed limit runs on; that it was missed stays."""
    if clock.policy.is_breach:
        clock.breached_at = clock.due_at


# One at a time ----------------------------------------------------------------------------------------------------


def _fire_each(now: dt.datetime, result: Result) -> None:
    """Fire what calls a service, what has failed before and what has no ladder yet, each in a transaction of its own."""
    for pk, application_id in _candidates(now):
        if pk not in result.tried:
            _try(pk, application_id, now, result)


def _candidates(now: dt.datetime) -> Iterator[tuple[int, int | None]]:
    """Due clocks, the longest due first, in small batches; each once, so that a failing one holds up nobody."""
    after, alone = Q(), ~_batchable(now)
    while True:
        batch = list(_due(now, alone & after).values_list("next_rung_at", "pk", "application_id")[:BATCH])
        for _moment, pk, application_id in batch:
            yield pk, application_id
        if len(batch) < BATCH:
            return
        moment, pk, _case = batch[-1]
        after = Q(next_rung_at__gt=moment) | Q(next_rung_at=moment, pk__gt=pk)


def _try(pk: int, application_id: int | None, now: dt.datetime, result: Result) -> None:
    result.tried.add(pk)
    try:
        result.fired += _fire(pk, application_id, now)
    except Exception as error:
        logger.exception("Clock %s failed; the next sweep tries again.", pk)
        Clock.objects.filter(pk=pk).update(last_error=f"{type(error).__name__}: {error}"[:2000])
        result.failed += 1


def _fire(pk: int, application_id: int | None, now: dt.datetime) -> int:
    """Fire the due rungs of one clock, or none if somebody else works on its case now."""
    with transaction.atomic():
        clock = _claim(pk, application_id, now)
        if clock is None:
            return 0
        if not clock.ladder:
            ledger.work_out(clock, ledger.place_of(clock.authority_id))
        fired = _fired([clock])[pk]
        due = ladder.due(clock, fired, now)
        for step in due:
            _fire_one(clock, step, now)
        if clock.is_open:
            clock.next_rung_at = ladder.next_at(clock, fired | {step.name for step in due})
            clock.last_error = ""
            clock.save(update_fields=["next_rung_at", "breached_at", "last_error"])
        return len(due)


def _claim(pk: int, application_id: int | None, now: dt.datetime) -> Clock | None:
    """The clock, locked after its case as the door does it; None if it is busy or no longer due."""
    if application_id is not None:
        cases = Application._base_manager.select_for_update(of=("self",), no_key=True, skip_locked=True)
        if not cases.filter(pk=application_id).values("pk"):
            return None
    clocks = Clock.objects.select_for_update(of=("self",), skip_locked=True).with_rung_due(now)
    return clocks.filter(pk=pk).first()


def _fire_one(clock: Clock, step: Step, now: dt.datetime) -> None:
    is_silent = ladder.is_silent(clock, step.name, now)
    Rung.objects.create(clock=clock, name=step.name, due_at=step.at, fired_at=now, is_silent=is_silent)
    if step.name == RungName.EXPIRE:
        _run_out(clock, now)
    if not is_silent:
        executors.notify(clock, step.name, now)


def _run_out(clock: Clock, now: dt.datetime) -> None:
    """Carry out the outcome of the law, or record that the limit was missed."""
    policy = clock.policy
    if not policy.executor:
        _record_breach(clock)
        return
    executors.executor(policy.executor)(clock, now)
    clock.refresh_from_db()
    if clock.is_open:
        raise OutcomeMissing(f"{policy.executor} did not end {clock}.")
