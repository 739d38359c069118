"""The loop that runs the sweeps until it is told to stop."""

from __future__ import annotations

import logging
import random
import signal
import threading
import time

from django.conf import settings
from django.db import Error, close_old_connections, connections

from workflows.jobs import sweeps

log = logging.getLogger(__name__)

TICK_SECONDS = 0.5
# Several workers share the sweeps; a random part of the interval keeps them from asking at the same moment.
JITTER = 0.1
RETRY_SECONDS = 2.0


class SweepLoop:
    """Asks for each sweep when its time has come. Runs in the main thread of its own process."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.next_at = dict.fromkeys((name for name, _ in settings.SWEEPS), 0.0)

    def run(self) -> None:
        """Until SIGTERM or SIGINT: the sweep in hand is finished, no other is begun."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        while not self.stop.is_set():
            try:
                self.turn()
            except Error as error:
                log.error("The database does not answer, trying again: %s", error)
                connections.close_all()
                self.stop.wait(RETRY_SECONDS)
            self.stop.wait(TICK_SECONDS)

    def turn(self) -> int:
        """Run the sweeps whose time has come; returns how many ran here."""
        close_old_connections()
        ripe = [(name, interval) for name, interval in settings.SWEEPS if self.next_at[name] <= time.monotonic()]
        ran = sweeps.run_due(should_stop=self.stop.is_set, sweeps=ripe)
        for name, interval in ripe:
            self.next_at[name] = time.monotonic() + interval * random.uniform(1 - JITTER / 2, 1 + JITTER)  # noqa: S311
        return ran
