"""What the layers around fill in: services that carry out an outcome of the law, and who tells people.

An executor is `callable(clock, now)`: it does the system's own act through a service, which ends the clock. It runs in
the sweep's transaction; what it raises undoes the rung, and the next sweep tries again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from workflows.clocks.models import Clock

Executor = Callable[[Clock, dt.datetime], object]
Notifier = Callable[[Clock, str, dt.datetime], object]

# Told to notifiers beside the names of the rungs.
MOVED = "moved"
EXTENDED = "extended"
CORRECTED = "corrected"

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


def notify(clock: Clock, name: str, now: dt.datetime) -> None:
    """Tell of a rung (its name), a moved limit (`MOVED`) or an extension (`EXTENDED`)."""
    for notifier in _notifiers:
        notifier(clock, name, now)
