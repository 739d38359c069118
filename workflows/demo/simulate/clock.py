"""The virtual clock: while it stands at a moment, everything in this process that asks for the time is told that moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import time_machine


@contextmanager
def at(moment: dt.datetime) -> Iterator[dt.datetime]:
    """Stand still at a moment. Services are told it as `now` besides; this is for stamps they do not pass on."""
    with time_machine.travel(moment, tick=False):
        yield moment
