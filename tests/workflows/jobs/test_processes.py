"""The worker's processes: killed, cut off from the database, told to stop. Nothing is lost."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from tests.workflows.jobs import sample_jobs
from workflows.jobs import reaper
from workflows.jobs.models import Heartbeat

pytestmark = pytest.mark.django_db(transaction=True)
NO_GRACE = dt.timedelta(0)
LONGEST_WAIT = 60.0


def until(is_so: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


def url_of_this_database() -> str:
    s = connection.settings_dict
    account = quote(s["USER"]) + (f":{quote(s['PASSWORD'])}" if s["PASSWORD"] else "")
    return f"postgresql://{account}@/{s['NAME']}?host={quote(s['HOST'])}&port={s['PORT'] or 5432}"


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts management commands on the test database, and ends them with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*command: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {"DATABASE_URL": url_of_this_database()}
        line = [sys.executable, str(settings.BASE_DIR / "manage.py"), *command]
        started.append(subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return started[-1]

    yield run
    for process in started:
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        for member in family:
            member.kill()
        process.kill()
        process.wait()
    until(lambda: not worker_names(), "the connections of the workers end")


def worker_names() -> set[str]:
    return {name for name in reaper.connected_workers() if name.startswith(("tongzheng-worker", "test-worker"))}


def reload(result: Any) -> DBTaskResult:
    return DBTaskResult.objects.get(pk=result.id)


def test_a_killed_worker_loses_no_job(start: Start, tmp_path: Path) -> None:
    job = sample_jobs.begin_and_wait.enqueue(str(tmp_path))
    first = start("run_jobs", "--worker-id", "test-worker-1", "--no-startup-delay")
    until((tmp_path / "begun").exists, "the job begins")
    # The job has given its own connection back: the lifeline alone says that the worker lives.
    assert reaper.reap(now=timezone.now(), grace=NO_GRACE) == 0
    first.kill()
    first.wait()
    assert reload(job).status == TaskResultStatus.RUNNING
    until(lambda: "test-worker-1" not in reaper.connected_workers(), "the connection of the killed worker ends")
    assert reaper.reap(now=timezone.now()) == 0, "a worker has some seconds to come back"
    assert reaper.reap(now=timezone.now(), grace=NO_GRACE) == 1
    assert reload(job).status == TaskResultStatus.READY
    (tmp_path / "go").touch()
    assert start("run_jobs", "--worker-id", "test-worker-2", "--batch").wait(LONGEST_WAIT) == 0
    done = reload(job)
    assert (done.status, done.return_value) == (TaskResultStatus.SUCCESSFUL, "done")
    assert done.worker_ids == ["test-worker-1", "test-worker-2"]


def test_the_worker_lives_through_kills_and_a_lost_database(start: Start, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    worker = start("worker", "--jobs", "1")
    succeeds(tmp_path)
    for child in psutil.Process(worker.pid).children():
        child.kill()
    succeeds(tmp_path)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    succeeds(tmp_path)
    until(Heartbeat.objects.filter(name="workflows.jobs.reaper.sweep", last_success_at__isnull=False).exists, "a sweep")
    children = psutil.Process(worker.pid).children(recursive=True)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(LONGEST_WAIT) == 0
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []


def succeeds(folder: Path) -> None:
    job = sample_jobs.begin_and_wait.enqueue(str(folder))
    until(lambda: reload(job).status == TaskResultStatus.SUCCESSFUL, "a job succeeds")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word to orphans is Linux only")
def test_children_of_a_killed_worker_end_by_themselves(start: Start, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    worker = start("worker", "--jobs", "1")
    succeeds(tmp_path)
    children = psutil.Process(worker.pid).children(recursive=True)
    assert len(children) == 2
    worker.kill()
    worker.wait()
    _, alive = psutil.wait_procs(children, timeout=LONGEST_WAIT)
    assert alive == []
