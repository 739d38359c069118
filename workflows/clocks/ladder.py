"""A clock's stored ladder: which rungs are due, and which comes next. Nothing is counted here.

`ledger.project` writes the moments when the due moment is worked out, so a rung that fires late still has the date on
which it should have fired.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from workflows.clocks.models import Clock
from workflows.clocks.policy import RungName

# What only looks ahead to the due moment; once that has passed, the notice of the missed limit says it all.
AHEAD = frozenset({RungName.REMIND, RungName.WARN, RungName.LAST_DAY})


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of one clock and its moment."""

    name: str
    at: dt.datetime


def steps(clock: Clock) -> list[Step]:
    """All rungs in the order in which they fire."""
    return [Step(name, dt.datetime.fromisoformat(moment)) for name, moment in clock.ladder]


def due(clock: Clock, fired: Collection[str], now: dt.datetime) -> list[Step]:
    """The rungs that should have fired by now and have not, in order."""
    return [step for step in steps(clock) if step.at <= now and step.name not in fired]


def next_at(clock: Clock, fired: Collection[str]) -> dt.datetime | None:
    """The moment of the first rung that has not fired."""
    return next((step.at for step in steps(clock) if step.name not in fired), None)


def is_silent(clock: Clock, name: str, now: dt.datetime) -> bool:
    """Whether a rung comes too late to be told: a reminder of a limit that has run out meanwhile."""
    return name in AHEAD and clock.due_at is not None and clock.due_at <= now
