"""One clock for everybody: the site's threads, the worker and the test see the same moved time; PostgreSQL is not asked for it."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from zoneinfo import ZoneInfo

import time_machine

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> dt.datetime:
    """A moment in Shanghai: `at("2026-03-02 10:00")`."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class Time:
    """Where the clock stands. It goes on from there, unless it is told to stand still."""

    def __init__(self) -> None:
        self._now = ExitStack()

    def to(self, moment: dt.datetime, *, stands: bool = False) -> None:
        self.back()
        self._now.enter_context(time_machine.travel(moment, tick=not stands))

    def back(self) -> None:
        """To the real time."""
        self._now.close()
