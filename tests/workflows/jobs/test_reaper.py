from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from tests.workflows.jobs import sample_jobs
from workflows.jobs import reaper

pytestmark = pytest.mark.django_db


def running(now: dt.datetime, *workers: str) -> DBTaskResult:
    job = DBTaskResult.objects.get(pk=sample_jobs.fail.enqueue().id)
    job.status, job.started_at, job.worker_ids = TaskResultStatus.RUNNING, now, list(workers)
    job.save()
    return job


def state(job: DBTaskResult) -> str:
    job.refresh_from_db()
    return job.status


def test_a_job_is_put_back_three_times_then_failed(now: dt.datetime) -> None:
    long_ago = now - dt.timedelta(minutes=1)
    third, fourth = running(long_ago, "a", "b", "c"), running(long_ago, "a", "b", "c", "d")
    assert reaper.reap(now=now) == 2
    assert (state(third), state(fourth)) == (TaskResultStatus.READY, TaskResultStatus.FAILED)
    assert (third.started_at, third.worker_ids) == (None, ["a", "b", "c"])
    assert fourth.exception_class_path == "workflows.jobs.reaper.WorkerLost"
    assert fourth.traceback == "WorkerLost: 4 workers died with this job in hand."
    assert fourth.finished_at == now


def test_only_the_last_worker_counts_and_only_after_the_grace(now: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET application_name = 'alive'")
    try:
        alive = running(now - reaper.GRACE, "dead", "alive")
        dead = running(now - reaper.GRACE, "alive", "dead")
        fresh = running(now - reaper.GRACE + dt.timedelta(seconds=1), "dead")
        assert reaper.reap(now=now) == 1
        assert [state(job) for job in (alive, dead, fresh)] == ["RUNNING", "READY", "RUNNING"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET application_name")


def test_jobs_that_do_not_run_are_left_alone(now: dt.datetime) -> None:
    waiting = DBTaskResult.objects.get(pk=sample_jobs.fail.enqueue().id)
    done = running(now - dt.timedelta(days=1), "gone")
    done.set_successful(None)
    assert reaper.reap(now=now) == 0
    assert [state(waiting), state(done)] == ["READY", "SUCCESSFUL"]
