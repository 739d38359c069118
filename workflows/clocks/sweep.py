"""The one sweep: fires every rung that is due, each clock in a transaction of its own.

The claim is the unique `Rung` row, so three sweeps at once, a clock set back or a worker that died for three days fire
nothing twice and lose nothing; what fails is undone and tried again by the next sweep.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from qualification.applications.models import Application
from workflows.clocks import executors, ledger, recalc
from workflows.clocks.models import Clock, Rung
from workflows.clocks.policy import RungName, RungPolicy

logger = logging.getLogger(__name__)
BATCH = 100


class OutcomeMissing(RuntimeError):
    """An executor returned, but its clock still runs."""


class SweepIncomplete(RuntimeError):
    """Some clocks failed; everything else was done, and the next sweep tries them again."""


@dataclass(slots=True)
class Result:
    """What one sweep did."""

    fired: int = 0
    failed: int = 0
    moved: int = 0


def run(now: dt.datetime | None = None) -> Result:
    """Work out again what a changed calendar moves, then fire what is due; returns the numbers."""
    now = now or timezone.now()
    result = Result(moved=recalc.reproject(now))
    for pk, application_id in _candidates(now):
        try:
            result.fired += _fire(pk, application_id, now)
        except Exception as error:
            logger.exception("Clock %s failed; the next sweep tries again.", pk)
            Clock.objects.filter(pk=pk).update(last_error=f"{type(error).__name__}: {error}"[:2000])
            result.failed += 1
    return result


def job() -> Result:
    """What the worker calls: `run`, and then SweepIncomplete where a clock failed, so that the worker's page shows it."""
    result = run()
    if result.failed:
        raise SweepIncomplete(f"{result.failed} clocks failed, {result.fired} rungs fired; see the clocks' last_error.")
    return result


def _candidates(now: dt.datetime) -> Iterator[tuple[int, int | None]]:
    """Due clocks, the longest due first, in small batches; each once, so that a failing one holds up nobody."""
    after = Q()
    while True:
        due = Clock.objects.with_rung_due(now).filter(after).order_by("next_rung_at", "pk")
        batch = list(due.values_list("next_rung_at", "pk", "application_id")[:BATCH])
        for _moment, pk, application_id in batch:
            yield pk, application_id
        if len(batch) < BATCH:
            return
        moment, pk, _case = batch[-1]
        after = Q(next_rung_at__gt=moment) | Q(next_rung_at=moment, pk__gt=pk)


def _fire(pk: int, application_id: int | None, now: dt.datetime) -> int:
    """Fire the due rungs of one clock, or none if somebody else works on its case now."""
    with transaction.atomic():
        clock = _claim(pk, application_id, now)
        if clock is None:
            return 0
        place = ledger.place_of(clock.authority_id)
        counted = ledger.count_of(clock, place.calendar)
        fired = set(clock.rungs.values_list("name", flat=True))
        due = [
            (moment, rung)
            for moment, rung in ledger.moments(clock.policy.rungs, counted, place.rungs_at)
            if moment <= now and rung.name not in fired
        ]
        for moment, rung in due:
            _fire_one(clock, rung, moment, now)
        if clock.is_open:
            fired |= {rung.name for _moment, rung in due}
            clock.next_rung_at = ledger.next_rung_at(clock.policy, counted, place.rungs_at, fired)
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


def _fire_one(clock: Clock, rung: RungPolicy, moment: dt.datetime, now: dt.datetime) -> None:
    Rung.objects.create(clock=clock, name=rung.name, due_at=moment, fired_at=now)
    if rung.name == RungName.EXPIRE:
        _run_out(clock, now)
    executors.notify(clock, rung.name, now)


def _run_out(clock: Clock, now: dt.datetime) -> None:
    """Carry out the outcome of the law, or record that the limit was missed; a missed limit runs on."""
    policy = clock.policy
    if not policy.executor:
        clock.breached_at = clock.due_at
        return
    executors.executor(policy.executor)(clock, now)
    clock.refresh_from_db()
    if clock.is_open:
        raise OutcomeMissing(f"{policy.executor} did not end {clock}.")
