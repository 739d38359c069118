"""The worker's page says how long a sweep took, and how far the working-out of the time limits is."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import translation

from qualification.accounts.enums import Role
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority
from workflows.clocks.models import CalendarPass
from workflows.jobs import queries, services, sweeps
from workflows.jobs.models import Heartbeat

pytestmark = pytest.mark.django_db
GOOD = "tests.workflows.jobs.sample_jobs.good_sweep"


@pytest.fixture
def page(client: Client) -> Client:
    client.force_login(UserFactory.create(language="en", member=(Role.SLA_ADMIN, authority("03"))))
    return client


def test_a_run_leaves_how_long_it_took(settings: object) -> None:
    sweeps.run_one(GOOD)
    seconds = Heartbeat.objects.get(name=GOOD).last_seconds
    assert seconds is not None
    assert 0 <= seconds < 60


@pytest.mark.parametrize(("seconds", "said"), [(0.0004, "1 ms"), (0.25, "250 ms"), (12.34, "12.3 s")])
def test_short_and_long_runs_are_said_in_their_unit(now: dt.datetime, seconds: float, said: str) -> None:
    services.record_success(name=GOOD, now=now, seconds=seconds)
    (status,) = [one for one in queries.statuses(now=now) if one.name == GOOD]
    with translation.override("en"):
        assert status.took == said


def test_the_page_shows_a_pass_that_goes_on(page: Client, now: dt.datetime) -> None:
    CalendarPass.objects.create(edition=1, started_at=now, total=1000, checked=400, moved=30, held_up=[7])
    text = page.get("/operations/", headers={"Accept-Language": "en"}).content.decode()
    assert "400 of 1000 are done, 30 end on another day" in text
    assert "One time limit was being worked on" in text


def test_the_page_is_silent_about_a_pass_that_is_over(page: Client, now: dt.datetime) -> None:
    CalendarPass.objects.create(edition=1, started_at=now, finished_at=now, total=10, checked=10)
    assert "are done" not in page.get("/operations/", headers={"Accept-Language": "en"}).content.decode()
