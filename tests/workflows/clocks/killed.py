"""The real sweep in a process of its own, which kills itself the hard way at a point that is asked for.

`python -m tests.workflows.clocks.killed MOMENT [POINT]`: says "ready", waits for a line, sweeps as of the moment. Batches
and chunks are small, so that a few clocks make several; a point is reached in the second of them.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qualification.conf.settings")

import django

django.setup()

import datetime as dt  # noqa: E402

from workflows.clocks import executors, recalc, sweep  # noqa: E402
from workflows.clocks.reckoning import Reckoning  # noqa: E402

BATCH = 5


def dies_after(number: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function; the process is gone when it has been called so often."""
    calls = []

    def called(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        calls.append(1)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return called


def at_claim() -> None:
    """The rungs' rows are written."""
    sweep._claim_rungs = dies_after(2, sweep._claim_rungs)


def at_messages() -> None:
    """The messages are written, too."""
    executors.notify_all = dies_after(2, executors.notify_all)


def at_commit() -> None:
    """Everything of the batch is done, only the commit is missing."""
    sweep._fire_batch = dies_after(2, sweep._fire_batch)


def at_outcome() -> None:
    """The service has deemed the second application accepted, and nothing more has happened."""
    carry_out = dies_after(2, lambda service, clock, now: service(clock, now))
    find = executors.executor
    executors.executor = lambda name: lambda clock, now: carry_out(find(name), clock, now)


def at_move() -> None:
    """The second chunk of a changed calendar is written."""
    Reckoning.write = dies_after(2, Reckoning.write)  # type: ignore[method-assign]


def at_news() -> None:
    """People have been told of the moves, the pass is not yet recorded as finished."""
    executors.notify_moved = dies_after(1, executors.notify_moved)


POINTS = {
    act.__name__.removeprefix("at_"): act for act in (at_claim, at_messages, at_commit, at_outcome, at_move, at_news)
}


def main(moment: str, point: str = "") -> None:
    """Sweep once."""
    sweep.BATCH = recalc.CHUNK = BATCH
    if point:
        POINTS[point]()
    print("ready", flush=True)
    sys.stdin.readline()
    result = sweep.run(dt.datetime.fromisoformat(moment))
    print(result.failed, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
