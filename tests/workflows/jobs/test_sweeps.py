from __future__ import annotations

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from qualification.accounts.enums import Role
from tests.factories.accounts import UserFactory
from tests.workflows.jobs import sample_jobs
from workflows.jobs import checks, lifeline, queries, services, sweeps
from workflows.jobs.loop import SweepLoop
from workflows.jobs.models import Heartbeat

pytestmark = pytest.mark.django_db
HERE = "tests.workflows.jobs.sample_jobs"
GOOD, BAD = f"{HERE}.good_sweep", f"{HERE}.bad_sweep"


@pytest.fixture
def two_sweeps(settings: Any) -> None:
    settings.SWEEPS = [(BAD, 60), (GOOD, 60)]


def go_on() -> bool:
    return False


def beat(name: str) -> Heartbeat:
    return Heartbeat.objects.get(name=name)


@pytest.mark.usefixtures("two_sweeps")
def test_a_fault_of_one_sweep_keeps_no_other_from_running() -> None:
    assert sweeps.run_due(should_stop=go_on) == 2
    good, bad = beat(GOOD), beat(BAD)
    assert (good.runs, good.failures, good.last_error) == (1, 0, "")
    assert (bad.runs, bad.failures, bad.last_success_at) == (1, 1, None)
    assert bad.last_error.strip().endswith("ValueError: the sweep's own fault")


@pytest.mark.usefixtures("two_sweeps")
def test_nothing_is_begun_after_the_word_to_stop() -> None:
    assert sweeps.run_due(should_stop=lambda: True) == 0
    assert not Heartbeat.objects.exists()


def test_of_several_workers_one_gets_the_run(now: dt.datetime) -> None:
    assert services.claim_run(name="s", interval=100, now=now)
    claims = [services.claim_run(name="s", interval=100, now=now + dt.timedelta(seconds=s)) for s in (0, 89, 90, 91)]
    assert claims == [False, False, True, False]


def test_a_success_forgets_the_error_but_not_its_moment(now: dt.datetime) -> None:
    services.record_failure(name="s", error="x" * 5000, now=now)
    assert len(beat("s").last_error) == services.ERROR_LENGTH
    services.record_success(name="s", now=now + dt.timedelta(seconds=1))
    found = beat("s")
    assert (found.last_error, found.last_failure_at, found.runs, found.failures) == ("", now, 2, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_sweeps")
def test_the_loop_waits_for_the_interval() -> None:
    loop = SweepLoop()
    assert [loop.turn(), loop.turn()] == [2, 0]
    assert set(loop.next_at) == {GOOD, BAD}


@pytest.mark.parametrize(
    ("planned", "faults"),
    [
        ([(GOOD, 1)], []),
        ([("tests.no.such", 1)], ["jobs.E001"]),
        ([(f"{HERE}.no_such", 1)], ["jobs.E001"]),
        ([(f"{HERE}.LONGEST_WAIT", 1)], ["jobs.E002"]),
        ([(GOOD, 0)], ["jobs.E002"]),
        ([(GOOD, 1), (GOOD, 2)], ["jobs.E003"]),
    ],
)
def test_a_sweep_that_does_not_exist_fails_the_start(settings: Any, planned: list[Any], faults: list[str]) -> None:
    settings.SWEEPS = planned
    assert [fault.id for fault in checks.sweeps_exist(None)] == faults


def test_the_sweeps_of_the_settings_exist() -> None:
    assert checks.sweeps_exist(None) == []


def run_job(job: Any) -> None:
    Worker(
        queue_names=["default"], interval=0, batch=True, backend_name="default", startup_delay=False, max_tasks=None,
        worker_id="in-this-process", excluded_queue_names=[],
    ).run()  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_job_leaves_its_heartbeat() -> None:
    run_job(sample_jobs.fail.enqueue())
    found = beat(f"{HERE}.fail")
    assert (found.interval, found.failures, found.last_success_at) == (0, 1, None)
    assert found.last_error.strip().endswith("ValueError: the job's own fault")


def test_rows_of_old_jobs_are_removed() -> None:
    now = timezone.now()
    jobs = [DBTaskResult.objects.get(pk=sample_jobs.fail.enqueue().id) for _ in range(3)]
    for job, age in zip(
        jobs, (sweeps.KEPT + dt.timedelta(minutes=1), sweeps.KEPT - dt.timedelta(minutes=1)), strict=False
    ):
        job.set_successful(None)
        DBTaskResult.objects.filter(pk=job.pk).update(finished_at=now - age)
    assert sweeps.prune() == 1
    assert set(DBTaskResult.objects.values_list("pk", flat=True)) == {jobs[1].pk, jobs[2].pk}


@pytest.mark.usefixtures("two_sweeps")
def test_lateness_is_told(now: dt.datetime) -> None:
    services.claim_run(name=GOOD, interval=60, now=now)
    services.record_success(name=GOOD, now=now)
    limit = now + dt.timedelta(minutes=4)
    told = [
        [(status.name, status.is_late) for status in queries.statuses(now=moment)]
        for moment in (limit, limit + dt.timedelta(seconds=1))
    ]
    assert told == [[(BAD, True), (GOOD, False)], [(BAD, True), (GOOD, True)]]


@pytest.mark.usefixtures("two_sweeps")
def test_the_command_prints_the_last_success_of_each() -> None:
    sweeps.run_due(should_stop=go_on)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("jobs", stdout=out)
    lines = out.getvalue().splitlines()
    moment = timezone.localtime(beat(GOOD).last_success_at).strftime("%Y-%m-%d %H:%M:%S")
    assert ended.value.code == 1
    assert lines[0] == f"late   {'never':<21}{BAD}  ValueError: the sweep's own fault"
    assert lines[1] == f"ok     {moment:<21}{GOOD}"


def test_an_id_fits_into_an_application_name() -> None:
    ids = {lifeline.new_worker_id() for _ in range(3)}
    assert len(ids) == 3
    assert max(len(name.encode()) for name in ids) <= 63


@pytest.mark.usefixtures("two_sweeps")
@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.SLA_ADMIN, 200), (Role.REGION_ADMIN, 200), (Role.JOINT_MEETING, 200), (Role.NATIONAL_VIEWER, 200),
     (Role.INTAKE, 403), (Role.LAB_MANAGER, 403), (Role.ASSESSOR, 403)],
)  # fmt: skip
def test_who_sees_the_page(client: Client, role: Role, status: int) -> None:
    sweeps.run_due(should_stop=go_on)
    client.force_login(UserFactory(member=role))
    answer = client.get("/operations/", headers={"accept-language": "en"})
    assert answer.status_code == status
    assert (GOOD in answer.content.decode()) is (status == 200)


def test_the_page_asks_to_sign_in(client: Client) -> None:
    answer = client.get("/operations/")
    assert (answer.status_code, answer.url) == (302, "/accounts/login/?next=/operations/")
