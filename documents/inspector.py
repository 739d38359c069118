"""A small process that forks one limited child per file, so that a check does not pay for starting Python.

It is started once per process that checks files, with an empty environment, has loaded what the checks need, and never
opens a file itself. What a child does is the `main` of a module that is named at the start. Each file gets a child of its own that checks this one file and ends. The process ends with its
owner, whose end of the socket closes.

    owner --(arguments, a pipe)------> this process --fork--> child --(finding)--> pipe
                                      this process --(how the child ended)------> pipe
"""

from __future__ import annotations

import atexit
import gc
import importlib
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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAX_REQUEST = 64 * 1024
# The child's own clock ends it; the owner waits a little longer before it gives the whole process up.
GRACE_SECONDS = 15
# After this long without a file the process ends and gives its memory back.
IDLE_SECONDS = 600


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

    def ask(self, path: Path, wish: str, seconds: float) -> tuple[int, bytes]:
        """Check one file: how the child ended (0, or minus the signal) and what it has said.

        The child calls the module's `main(path, wish)`. Raises InspectorFailed when there is no answer to rely on.
        """
        request = json.dumps([str(path.resolve()), wish, seconds]).encode()
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


class Server:
    """The process's side: one loop over requests and ended children."""

    def __init__(self, requests: socket.socket, main: Callable[[str, str], int]) -> None:
        self.requests = requests
        self.main = main
        self.answers: dict[int, int] = {}
        self.woken, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        signal.set_wakeup_fd(self._waker)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        """Serve until the owner is gone, or has asked nothing for a while."""
        while True:
            ready, _, _ = select.select([self.requests.fileno(), self.woken], [], [], IDLE_SECONDS)
            if not ready and not self.answers:
                return
            if self.woken in ready:
                os.read(self.woken, 4096)
                self._bury()
            if self.requests.fileno() in ready and not self._serve():
                return

    def _serve(self) -> bool:
        request, descriptors, _, _ = socket.recv_fds(self.requests, MAX_REQUEST, 1)
        if not request:
            return False
        path, wish, seconds = json.loads(request)
        child = os.fork()
        if not child:
            self._check(path, wish, seconds, descriptors[0])
        self.answers[child] = descriptors[0]
        return True

    def _check(self, path: str, wish: str, seconds: float, answer: int) -> None:
        """In the child: nothing of the server is left but the one pipe; whatever happens, the child ends here."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGALRM):
                signal.signal(number, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            os.dup2(answer, 1)
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            status = self.main(path, wish)
            sys.stdout.flush()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _bury(self) -> None:
        """Tell each ended child's owner how it ended."""
        while self.answers:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            answer = self.answers.pop(child)
            try:
                os.write(answer, b"\n%d" % os.waitstatus_to_exitcode(status))
            except BrokenPipeError:  # the owner has given up waiting
                pass
            finally:
                os.close(answer)


if __name__ == "__main__":
    module = importlib.import_module(sys.argv[2])
    module.preload()
    gc.collect()
    # What is there now stays: a child that tidies up would otherwise copy every page of it.
    gc.freeze()
    Server(socket.socket(fileno=int(sys.argv[1])), module.main).run()
