"""Jobs and sweeps that the tests of the worker run in its processes."""

from __future__ import annotations

import time
from pathlib import Path

from django.db import connection
from django_tasks import task

LONGEST_WAIT = 30.0


def wait_for(path: Path) -> None:
    """Until the file is there; raises TimeoutError."""
    deadline = time.monotonic() + LONGEST_WAIT
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(0.02)


@task()
def begin_and_wait(folder: str) -> str:
    """Leaves `begun`, gives its database connection back, and waits for `go`."""
    place = Path(folder)
    connection.close()
    (place / "begun").touch()
    wait_for(place / "go")
    return "done"


@task()
def fail() -> None:
    """Fails."""
    raise ValueError("the job's own fault")


def good_sweep() -> int:
    """A sweep without a fault."""
    return 7


def bad_sweep() -> int:
    """A sweep with one."""
    raise ValueError("the sweep's own fault")
