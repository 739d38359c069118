"""The processes that run typst: each makes many papers, so that not every paper pays for reading the fonts.

A press is started when it is first needed, makes one paper at a time, and ends with its owner, after `MOST_PAPERS`
papers, or when a paper broke it or took too long. What one paper does to its press no other paper sees.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

CHILD = Path(__file__).with_name("child.py")
# What typst keeps of one paper for the next grows with each.
MOST_PAPERS = 200
# Presses that wait for the next paper; further ones end after theirs.
MOST_IDLE = 2


class TookTooLong(Exception):
    """The paper was not ready in time; its press was stopped."""


class PressBroke(Exception):
    """The press ended over the paper: `status` as `subprocess` tells it, `said` what was written to its errors."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status, self.said = status, said


class Press:
    """One process; not thread-safe, whoever has taken it has it alone."""

    def __init__(self) -> None:
        self.papers = 0
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        # -I: neither the environment nor the working folder reaches the process; the job file names it all.
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(CHILD)], cwd="/", env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors, start_new_session=True,
        )  # fmt: skip

    def make(self, job: Path, seconds: float) -> tuple[int, str]:
        """Make the paper of a job file: 0, or a status and what typst said. Raises TookTooLong, PressBroke."""
        self.papers += 1
        until = time.monotonic() + seconds
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{job}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._broke() from None
        status, said = json.loads(self._answer(until))
        return int(status), str(said)

    def _answer(self, until: float) -> bytes:
        assert self._process.stdout is not None
        reading, answer = self._process.stdout.fileno(), b""
        while not answer.endswith(b"\n"):
            ready, _, _ = select.select([reading], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                self.stop()
                raise TookTooLong
            part = os.read(reading, 65536)
            if not part:
                raise self._broke()
            answer += part
        return answer

    def _broke(self) -> PressBroke:
        status = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()
        self.stop()
        return PressBroke(status, said[-2000:])

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self.let_go()

    def let_go(self) -> None:
        """Close what leads to the process; it ends when nobody holds the other side any more."""
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                with suppress(BrokenPipeError):  # a line that a dead process never read is lost with it
                    stream.close()


class Presses:
    """The presses of this process; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Press] = []
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.stop)

    def _forget(self) -> None:
        """In a forked copy of the owner: the presses are the owner's."""
        self._lock = threading.Lock()
        for press in self._idle:
            press._process.returncode = 0
            press.let_go()
        self._idle = []

    def make(self, job: Path, seconds: float) -> tuple[int, str]:
        """Make one paper; see `Press.make`. A press that broke over a later paper is no fault of that paper yet."""
        press = self._taken()
        if press.papers:
            try:
                return self._made(press, job, seconds)
            except PressBroke:
                press = Press()
        return self._made(press, job, seconds)

    def _taken(self) -> Press:
        with self._lock:
            return self._idle.pop() if self._idle else Press()

    def _made(self, press: Press, job: Path, seconds: float) -> tuple[int, str]:
        answer = press.make(job, seconds)
        with self._lock:
            if press.papers < MOST_PAPERS and len(self._idle) < MOST_IDLE:
                self._idle.append(press)
                return answer
        press.stop()
        return answer

    def stop(self) -> None:
        """End them all; the next paper starts a new one."""
        with self._lock:
            for press in self._idle:
                press.stop()
            self._idle = []


presses = Presses()
