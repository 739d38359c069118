from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from qualification import processes
from qualification.processes import Child, Supervisor, TooManyDeaths


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def supervise(*children: Child, seconds: float = 60.0, **options: int) -> Supervisor:
    supervisor = Supervisor(children, grace=5.0, **options)
    timer = threading.Timer(seconds, supervisor.stop.set)
    timer.start()
    try:
        supervisor.run()
    finally:
        timer.cancel()
    return supervisor


def test_a_dead_child_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "FIRST_DELAY", 0.01)
    out = tmp_path / "starts"
    child = Child("mayfly", lambda: python(f"open({str(out)!r}, 'a').write('x')"), delay=0.01)
    with pytest.raises(TooManyDeaths, match="mayfly has ended 3 times right after its start"):
        supervise(child, max_quick_deaths=3)
    assert out.read_text() == "xxx"


def test_one_that_will_not_stop_is_killed() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(99)"
    stubborn, ordinary = Child("stubborn", lambda: python(code)), Child("ordinary", lambda: python("input()"))
    began = time.monotonic()
    supervisor = Supervisor([stubborn, ordinary], grace=1.0)
    threading.Timer(2.0, supervisor.stop.set).start()
    supervisor.run()
    assert time.monotonic() - began < 20
    assert [c.process is not None and psutil.pid_exists(c.process.pid) for c in (stubborn, ordinary)] == [False, False]


def test_delays_double_up_to_a_limit_and_start_anew_after_a_long_life() -> None:
    child = Child("c", list, started=time.monotonic())
    delays = []
    for _ in range(8):
        child.died()
        delays.append(child.delay)
    assert delays == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    child.started = time.monotonic() - processes.SETTLED_SECONDS
    child.died()
    assert (child.delay, child.quick_deaths) == (processes.FIRST_DELAY, 0)
