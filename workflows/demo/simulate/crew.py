"""The processes that walk cases side by side, each with a connection of its own; or this process alone."""

from __future__ import annotations

import datetime as dt
import gc
import signal
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created
from django.urls import get_resolver

from qualification.assessors import services as assessors
from qualification.assessors.models import Offer
from qualification.certificates.services import issuing
from qualification.models import TransitionLog
from workflows.clocks import executors, sweep
from workflows.clocks.executors import Executor
from workflows.clocks.models import Clock
from workflows.demo.simulate import clock, walking
from workflows.demo.simulate.cases import Case
from workflows.demo.simulate.dice import seed_of

# From so many due clocks on all processes sweep together.
MANY_DUE = 16
EXPIRE_OFFER = "expire_offer"


class SweepFailed(RuntimeError):
    """A clock could not be fired; in production the next sweep would try again, here it is a fault."""


def draw_by(seed: int) -> Executor:
    """What ends an offer in time, with a draw that is the same in each run: nothing in its seed is a row's number.

    Returns what did it before.
    """

    def expire(due: Clock, now: dt.datetime) -> None:
        offer = Offer.objects.select_related("seat", "application__laboratory").get(pk=due.subject_id)
        asked = Offer.objects.filter(seat_id=offer.seat_id).count()
        code = offer.application.laboratory.credit_code
        assessors.expire(offer=offer, now=now, seed=seed_of(seed, code, offer.seat.position, asked))

    before = executors.executor(EXPIRE_OFFER)
    executors.register(EXPIRE_OFFER, expire)
    return before


def _do_not_wait(connection: Any, **signal_facts: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")


def _begin(seed: int) -> None:
    """What a process of its own needs: it neither stops by itself, nor waits for the disk, nor tidies up often."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection_created.connect(_do_not_wait, dispatch_uid="simulate")
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    draw_by(seed)


def _walk(job: tuple[Case, dt.datetime, int]) -> Case:
    return walking.walk(*job)


def _wake(job: tuple[Case, dt.datetime, int]) -> Case:
    return walking.wake(*job)


def law(now: dt.datetime) -> int:
    """What the worker does by itself at a moment: fire the clocks; returns how many rungs fired. Raises SweepFailed."""
    with clock.at(now):
        result = sweep.run(now)
    if result.failed:
        errors = Clock.objects.exclude(last_error="").order_by("pk").values_list("last_error", flat=True)[:3]
        raise SweepFailed(f"{result.failed} clocks failed at {now}: {'; '.join(errors)}")
    return result.fired


def expire_certificates(now: dt.datetime) -> None:
    """What the worker does besides: end the certificates whose last day is over."""
    with clock.at(now):
        while issuing.expire_due(now=now):
            pass


def touched_since(log: int) -> set[int]:
    """The cases that the law has moved since a row of the log."""
    rows = TransitionLog.objects.filter(pk__gt=log, application__isnull=False)
    return set(rows.order_by().values_list("application_id", flat=True).distinct())


def last_log() -> int:
    """The newest row of the log."""
    return TransitionLog.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


class Alone:
    """Everything in this process."""

    workers = 1

    def __init__(self, seed: int) -> None:
        self._before = draw_by(seed)

    def walk(self, cases: Iterable[Case], until: dt.datetime, seed: int) -> list[Case]:
        """Walk cases up to a moment."""
        return [walking.walk(case, until, seed) for case in cases]

    def wake(self, cases: Iterable[Case], now: dt.datetime, seed: int) -> list[Case]:
        """Let cases look again."""
        return [walking.wake(case, now, seed) for case in cases]

    def law(self, now: dt.datetime, due: int) -> int:
        """One sweep."""
        return law(now)

    def close(self) -> None:
        """Draw again as it was done before."""
        executors.register(EXPIRE_OFFER, self._before)


class Crew:
    """Several processes. Between two sweeps each takes the next case that has something to do."""

    def __init__(self, seed: int, workers: int) -> None:
        self.workers = workers
        get_resolver().url_patterns  # noqa: B018 - loaded once, before the processes are forked
        connections.close_all()  # a connection does not survive a fork
        self.pool = ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_begin, initargs=(seed,))
        self.pool.submit(int).result()  # they are forked now, not when this process is connected again

    def walk(self, cases: Iterable[Case], until: dt.datetime, seed: int) -> list[Case]:
        """Walk cases up to a moment, side by side."""
        return self._all(_walk, ((case, until, seed) for case in cases))

    def wake(self, cases: Iterable[Case], now: dt.datetime, seed: int) -> list[Case]:
        """Let cases look again, side by side."""
        return self._all(_wake, ((case, now, seed) for case in cases))

    def _all(self, job: Callable[[Any], Case], jobs: Iterable[Any]) -> list[Case]:
        return list(self.pool.map(job, jobs))

    def law(self, now: dt.datetime, due: int) -> int:
        """Where much is due, sweeps at once, as with several workers; then one more, for what each left to another."""
        if due < MANY_DUE:
            return self.pool.submit(law, now).result()
        sweeps: list[Future[int]] = [self.pool.submit(law, now) for _ in range(self.workers)]
        return sum(done.result() for done in sweeps) + self.pool.submit(law, now).result()

    def close(self) -> None:
        """Let the processes end."""
        self.pool.shutdown()


def crew_of(seed: int, workers: int) -> Alone | Crew:
    """The processes for a simulation."""
    return Crew(seed, workers) if workers > 1 else Alone(seed)
