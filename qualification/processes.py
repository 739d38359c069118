"""Processes that run together: started together, started again when they die, stopped together."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
# Whoever has run this long has started well: the next delay is the first again.
SETTLED_SECONDS = 60.0
POLL_SECONDS = 0.2
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """In the child: be asked to stop when the parent is gone, even by SIGKILL (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Child:
    """One process that is kept alive. `command` is asked anew for each start."""

    name: str
    command: Callable[[], Sequence[str]]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    delay: float = FIRST_DELAY
    start_at: float = 0.0
    quick_deaths: int = 0

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the parent alone."""
        self.process = subprocess.Popen(
            list(self.command()),
            env=os.environ | self.environment,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509
        )
        self.started = time.monotonic()

    def died(self) -> None:
        """Note a death and when to start again: the delay doubles with each quick one."""
        has_settled = time.monotonic() - self.started >= SETTLED_SECONDS
        self.quick_deaths = 0 if has_settled else self.quick_deaths + 1
        self.delay = FIRST_DELAY if has_settled else min(self.delay * 2, LONGEST_DELAY)
        self.start_at = time.monotonic() + self.delay
        self.process = None


class TooManyDeaths(RuntimeError):
    """A process died again and again right after its start."""


class Supervisor:
    """Keeps children alive until `stop` is set; SIGTERM and SIGINT set it.

    `grace` is how many seconds a child has to end by itself before it is killed. `max_quick_deaths` ends
    everything when one child cannot be kept alive; None tries for ever.
    """

    def __init__(self, children: Sequence[Child], *, grace: float, max_quick_deaths: int | None = None) -> None:
        self.children = list(children)
        self.grace = grace
        self.max_quick_deaths = max_quick_deaths
        self.stop = threading.Event()

    def run(self) -> None:
        """Run until told to stop. Raises TooManyDeaths; the other children are stopped then, too."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        try:
            while not self.stop.is_set():
                self._look()
                self.stop.wait(POLL_SECONDS)
        finally:
            self._stop_all()

    def _look(self) -> None:
        for child in self.children:
            if child.process is not None and (code := child.process.poll()) is not None:
                log.warning("%s has ended with code %s; it is started again.", child.name, code)
                child.died()
                self._give_up(child)
            if child.process is None and time.monotonic() >= child.start_at:
                child.start()

    def _give_up(self, child: Child) -> None:
        if self.max_quick_deaths is not None and child.quick_deaths >= self.max_quick_deaths:
            raise TooManyDeaths(f"{child.name} has ended {child.quick_deaths} times right after its start.")

    def _stop_all(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + self.grace
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
