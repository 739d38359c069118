"""What the layers around fill in: services that carry out an outcome of the law, and who tells people.

An executor is `callable(clock, now)`: it does the system's own act through a service, which ends the clock. It runs in
the sweep's transaction; what it raises undoes the rung, and the next sweep tries again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from workflows.clocks.models import CalendarPass, Clock

Executor = Callable[[Clock, dt.datetime], object]

# What a notice can be of, beside the names of the rungs.
MOVED = "moved"
EXTENDED = "extended"
CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Notice:
    """One happening on one clock: the name of a rung, `EXTENDED` or `CORRECTED`."""

    clock: Clock
    name: str


class Notifier(Protocol):
    """Whoever tells people. Both run in the transaction of what they tell of."""

    def happened(self, notices: Sequence[Notice], now: dt.datetime, /) -> object:
        """Tell of a batch of happenings, however many, in a handful of queries."""

    def moved(self, calendar_pass: CalendarPass, now: dt.datetime, /) -> object:
        """Tell each person once of all the limits that a changed calendar has moved for them."""


_executors: dict[str, Executor] = {}
_notifiers: list[Notifier] = []


def register(name: str, executor: Executor) -> None:
    """Name the service for an outcome; a second one of the same name replaces it."""
    _executors[name] = executor


def executor(name: str) -> Executor:
    """The service of a name. Raises KeyError: the system check has been passed over."""
    return _executors[name]


def registered() -> frozenset[str]:
    """Names of the executors that exist."""
    return frozenset(_executors)


def register_notifier(notifier: Notifier) -> None:
    """Add somebody to be told of every rung, of moved and of extended limits, in the same transaction."""
    if notifier not in _notifiers:
        _notifiers.append(notifier)


def has_notifier() -> bool:
    """Whether anybody is told."""
    return bool(_notifiers)


def notify_all(notices: Sequence[Notice], now: dt.datetime) -> None:
    """Tell of a batch of happenings; none tells nobody and costs nothing."""
    if notices:
        for notifier in _notifiers:
            notifier.happened(notices, now)


def notify(clock: Clock, name: str, now: dt.datetime) -> None:
    """Tell of one rung (its name) or of an extension (`EXTENDED`)."""
    notify_all([Notice(clock, name)], now)


def notify_moved(calendar_pass: CalendarPass, now: dt.datetime) -> None:
    """Tell of all the limits that one change of the calendar has moved."""
    for notifier in _notifiers:
        notifier.moved(calendar_pass, now)
