"""A small process that forks one limited child per file, so that a check does not pay for starting Python.

It is started once per process that checks files, with an empty environment, has loaded what the checks need, and never
opens a file itself. What a child does is the `main` of a module that is named at the start. The process ends with its
owner, whose end of the socket closes.

A fork still costs more than the look at a small file, so a child whose file was sound may look at the next one of the
same sender (`kin`): what a file does to its child reaches no file of anybody else. It ends with the first file that
is not sound, with another sender's file, after some files, and when nothing comes for some seconds.

    owner --(arguments, a pipe)--> this process --(the same, by a socket)--> child --(finding)--> pipe
                                  this process <--(sound: it goes on)------ child
                                  this process --(how the look ended)--------------------------> pipe
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
MAX_REQUEST = 64 * 1024
# The child's own clock ends it; the owner waits a little longer before it gives the whole process up.
GRACE_SECONDS = 15
# After this long without a file the process ends and gives its memory back.
IDLE_SECONDS = 600
# So long, and for so many files, a child is kept for its sender.
KIN_SECONDS = 5
KIN_FILES = 32
# What `main` answers: whether its process may look at another file of the same sender. The finding stands either way.
SOUND, ENOUGH = 0, 64
WENT_ON = b"."
# How a child ends that found a later file unsound: whatever is said against a file is said by a child of its own.
ALONE = 65
NOT_AGAIN = frozenset({0, -signal.SIGALRM, -signal.SIGXCPU})


class InspectorFailed(Exception):
    """Nothing is known about the file: the process is gone, or did not answer."""


class InspectorGone(InspectorFailed):
    """The process ended before it could say how the check went."""


class Inspector:
    """The owner's side. Starts the process when it is first needed, and again when it has died; thread-safe."""

    def __init__(self, module: str = "documents.inspection") -> None:
        self.module = module
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.stop)

    def _forget(self) -> None:
        """In a forked copy of the owner: neither share the socket nor keep it open; the process is not this one's."""
        self._lock = threading.Lock()
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.returncode = 0
        self._socket = self._process = None

    def ask(self, path: Path, wish: str, seconds: float, *, kin: str = "") -> tuple[int, bytes]:
        """Check one file: how the look ended (0, or minus the signal) and what the child has said.

        The child calls the module's `main(path, wish)`. `kin` names the sender: files of one may share a child, without
        a name a file has one to itself. Raises InspectorFailed when there is no answer to rely on.
        """
        request = json.dumps([str(path.resolve()), wish, seconds, kin]).encode()
        try:
            return self._ask(request, seconds)
        except InspectorGone:  # by idleness just now, or killed: a new one is asked, once
            return self._ask(request, seconds)

    def _ask(self, request: bytes, seconds: float) -> tuple[int, bytes]:
        reading, writing = os.pipe()
        try:
            try:
                asked = self._send(request, writing)
            finally:
                os.close(writing)
            said = _read_all(reading, time.monotonic() + seconds + GRACE_SECONDS)
        except TimeoutError as error:
            self.stop()
            raise InspectorFailed("The inspecting process does not answer.") from error
        finally:
            os.close(reading)
        finding, _, ended = said.rpartition(b"\n")
        if not ended:
            self._stop_if(asked)
            raise InspectorGone("The inspecting process ended before it could say how the check went.")
        return int(ended), finding

    def _send(self, request: bytes, writing: int) -> subprocess.Popen[bytes] | None:
        with self._lock:
            try:
                socket.send_fds(self._connected(), [request], [writing])
                return self._process
            except OSError as error:
                self._stop()
                raise InspectorGone(f"The inspecting process cannot be reached: {error}") from error

    def _connected(self) -> socket.socket:
        if self._socket is None or self._process is None or self._process.poll() is not None:
            self._stop()
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-E", "-s", "-X", "utf8", "-m", __name__, str(theirs.fileno()), self.module],
                    cwd=ROOT, env={}, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    start_new_session=True,
                )  # fmt: skip
        return self._socket

    def stop(self) -> None:
        """End the process; the next file starts a new one."""
        with self._lock:
            self._stop()

    def _stop_if(self, process: subprocess.Popen[bytes] | None) -> None:
        """Another thread may have started a new one by now: that one stays."""
        with self._lock:
            if self._process is process:
                self._stop()

    def _stop(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._socket = self._process = None


def _read_all(reading: int, until: float) -> bytes:
    said = b""
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        chunk = os.read(reading, 65536)
        if not chunk:
            return said
        said += chunk


@dataclass(slots=True, eq=False)
class Child:
    """One child as the process knows it; `answer` is the pipe of the file it looks at, None while it waits."""

    pid: int
    kin: str
    line: socket.socket
    answer: int | None = None
    request: bytes = b""
    files: int = 0


class Server:
    """The process's side: one loop over requests, children that go on, and children that have ended."""

    def __init__(self, requests: socket.socket, main: Callable[[str, str], int]) -> None:
        self.requests = requests
        self.main = main
        self.children: dict[int, Child] = {}
        self.kept: Child | None = None
        self.woken, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        signal.set_wakeup_fd(self._waker)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        """Serve until the owner is gone, or has asked nothing for a while."""
        while True:
            lines = {child.line.fileno(): child for child in self.children.values() if child.line.fileno() >= 0}
            wait = KIN_SECONDS if self.kept else IDLE_SECONDS
            ready, _, _ = select.select([self.requests.fileno(), self.woken, *lines], [], [], wait)
            if not ready:
                if self.kept is None and not self.children:
                    return
                self._let_go()
            if self.woken in ready:
                os.read(self.woken, 4096)
                self._bury()
            for number in lines.keys() & set(ready):
                if lines[number].line.fileno() == number:  # not closed meanwhile
                    self._hear(lines[number])
            if self.requests.fileno() in ready and not self._serve():
                return

    def _serve(self) -> bool:
        request, descriptors, _, _ = socket.recv_fds(self.requests, MAX_REQUEST, 1)
        if not request:
            return False
        self._hand(self._child_for(json.loads(request)[3]), request, descriptors[0])
        return True

    def _hand(self, child: Child, request: bytes, answer: int) -> None:
        child.request, child.answer, child.files = request, answer, child.files + 1
        with suppress(OSError):  # it has ended: that is seen when it is buried
            socket.send_fds(child.line, [request], [answer])

    def _child_for(self, kin: str) -> Child:
        """The one that waits for this sender, or a new one."""
        if self.kept is not None and kin and self.kept.kin == kin:
            child, self.kept = self.kept, None
            return child
        self._let_go()
        return self._born(kin)

    def _born(self, kin: str) -> Child:
        line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if not pid:
            self._look(theirs)
        theirs.close()
        child = self.children[pid] = Child(pid, kin, line)
        return child

    def _let_go(self) -> None:
        """The child that waits ends: it reads the end of its line."""
        if self.kept is not None:
            self.kept.line.close()
            self.kept = None

    def _hear(self, child: Child) -> None:
        """A file was sound: tell its owner, and keep the child for the next one of the same sender."""
        try:
            went_on = child.line.recv(1) == WENT_ON
        except ConnectionResetError:
            went_on = False
        if not went_on or child.answer is None:  # it ends; buried soon
            child.line.close()
            if self.kept is child:
                self.kept = None
            return
        self._tell(child, 0)
        if not child.kin or child.files >= KIN_FILES:
            child.line.close()
            return
        self._let_go()
        self.kept = child

    def _tell(self, child: Child, status: int) -> None:
        answer, child.answer = child.answer, None
        if answer is None:
            return
        try:
            os.write(answer, b"\n%d" % status)
        except BrokenPipeError:  # the owner has given up waiting
            pass
        finally:
            os.close(answer)

    def _bury(self) -> None:
        """Tell each ended child's owner how it ended.

        A file that came after others is tried once more, alone, unless it has used up the time that is its own.
        """
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            child = self.children.pop(pid)
            child.line.close()
            if self.kept is child:
                self.kept = None
            ended = os.waitstatus_to_exitcode(status)
            if child.answer is not None and child.files > 1 and ended not in NOT_AGAIN:
                self._hand(self._born(""), child.request, child.answer)
            else:
                self._tell(child, ended)

    def _look(self, line: socket.socket) -> NoReturn:
        """In the child: nothing of the server is left but its line; whatever happens, the child ends here."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGALRM):
                signal.signal(number, signal.SIG_DFL)
            os.dup2(line.fileno(), 3)
            os.closerange(4, os.sysconf("SC_OPEN_MAX"))
            status = self._look_at_files(socket.socket(fileno=3))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _look_at_files(self, line: socket.socket) -> int:
        for number in count(1):
            request, descriptors, _, _ = socket.recv_fds(line, MAX_REQUEST, 1)
            if not request:
                break
            path, wish, seconds, _kin = json.loads(request)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            os.dup2(descriptors[0], 1)
            os.close(descriptors[0])
            status = self._look_at(path, wish, is_first=number == 1)
            signal.setitimer(signal.ITIMER_REAL, 0)
            os.dup2(2, 1)  # the pipe is the owner's again
            if status != SOUND:
                return 0 if status == ENOUGH else status
            line.send(WENT_ON)
        return 0

    def _look_at(self, path: str, wish: str, *, is_first: bool) -> int:
        """What is found in a later file is said only when the file is sound."""
        if is_first:
            status = self.main(path, wish)
            sys.stdout.flush()
            return status
        usual, sys.stdout = sys.stdout, io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        try:
            if self.main(path, wish) != SOUND:
                return ALONE
            said = sys.stdout.buffer.getvalue()
        finally:
            sys.stdout = usual
        usual.buffer.write(said)
        usual.flush()
        return SOUND


if __name__ == "__main__":
    module = importlib.import_module(sys.argv[2])
    module.preload()
    gc.collect()
    # What is there now stays: a child that tidies up would otherwise copy every page of it.
    gc.freeze()
    Server(socket.socket(fileno=int(sys.argv[1])), module.main).run()
