"""The interface for programs: own deadlines, why a date, and the count, with moments that say their zone."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.regions import calendars
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority
from workflows.clocks.models import Clock
from workflows.deadlines import services
from workflows.deadlines.enums import Scope

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


def bearer(user: Any) -> dict[str, str]:
    secret = services.make(user=user, scope=Scope.API, now=timezone.now())
    return {"authorization": f"Bearer {secret}"}


@pytest.fixture
def received(world: Any) -> Any:
    return world.walk("submit")


def test_deadlines_by_secret_and_by_session_are_the_same(world: Any, received: Any) -> None:
    client = Client()
    client.force_login(world.intake)
    by_session = client.get("/api/v1/deadlines")
    by_secret = Client().get("/api/v1/deadlines", headers=bearer(world.intake))
    assert by_session.json() == by_secret.json()
    answer = by_secret.json()
    clock = Clock.objects.get(code="acceptance")
    assert (answer["count"], answer["time_zone"]) == (1, "Asia/Shanghai")
    (item,) = answer["items"]
    assert item["due_at"] == f"{clock.due_on + dt.timedelta(days=1)}T00:00:00+08:00"
    assert dt.datetime.fromisoformat(item["due_at"]) == clock.due_at
    assert (item["id"], item["last_day"]) == (str(clock.uuid), clock.due_on.isoformat())
    assert (item["edition"], item["is_provisional"], item["region"]) == (clock.edition, clock.is_provisional, "03")
    assert Client().get("/api/v1/deadlines", headers=bearer(world.manager)).json()["count"] == 0


@pytest.mark.parametrize(
    ("query", "count"),
    [("code=acceptance", 1), ("code=decision", 0), ("overdue=true", 0), ("overdue=false", 1), ("before=2020-01-01", 0),
     ("page=2", 0)],
)  # fmt: skip
def test_filters(world: Any, received: Any, query: str, count: int) -> None:
    answer = Client().get(f"/api/v1/deadlines?{query}", headers=bearer(world.intake)).json()
    assert len(answer["items"]) == count


def test_nobody_without_a_secret(world: Any) -> None:
    calendar_secret = services.make(user=world.intake, scope=Scope.CALENDAR, now=timezone.now())
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Bearer {calendar_secret}"}):
        answer = Client().get("/api/v1/deadlines", headers=headers)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        assert answer.json()["message"]


def test_why_a_limit_ends_on_its_day(world: Any, received: Any) -> None:
    clock = Clock.objects.get(code="acceptance")
    answer = Client().get(f"/api/v1/limits/{clock.uuid}", headers=bearer(world.manager)).json()
    counted = [day for day in answer["days"] if day["number"] is not None]
    assert [day["number"] for day in counted] == [1, 2, 3, 4, 5]
    assert counted[-1]["day"] == answer["last_day"] == clock.due_on.isoformat()
    assert (answer["code"], answer["limit"], answer["unit"], answer["region"]) == ("acceptance", 5, "working", "03")
    stranger = UserFactory(member=(Role.INTAKE, authority("05")))
    refused = Client().get(f"/api/v1/limits/{clock.uuid}", headers=bearer(stranger))
    missing = Client().get(f"/api/v1/limits/{uuid.uuid4()}", headers=bearer(world.manager))
    assert (refused.status_code, missing.status_code) == (404, 404)
    assert refused.json() == missing.json()


@pytest.fixture
def calendar(db: None) -> None:
    calendars.load_all(now=timezone.now())


@pytest.mark.parametrize(
    ("date", "limit", "unit"),
    [("2026-09-30", 5, "working"), ("2026-02-13", 30, "working"), ("2026-04-30", 30, "calendar"), ("2026-11-30", 3, "months")],
)  # fmt: skip
def test_the_count_is_that_of_the_command(calendar: None, capsys: Any, date: str, limit: int, unit: str) -> None:
    answer = Client().get(f"/api/v1/due?date={date}&limit={limit}&unit={unit}").json()
    call_command("due", date, str(limit), "--unit", unit)
    lines = capsys.readouterr().out.splitlines()
    assert answer["last_day"] == lines[0]
    assert answer["due_at"].endswith("T00:00:00+08:00")
    assert answer["is_provisional"] == any(line.startswith("Provisional") for line in lines)
    assert len(answer["days"]) == sum(line[:4].isdigit() for line in lines[1:]) - 1


@pytest.mark.parametrize(
    "query",
    ["", "date=x&limit=5", "date=2026-01-01&limit=0", "date=2026-01-01&limit=5&unit=weeks", "date=2026-01-01&limit=5&region=77",
     "date=9999-12-30&limit=3000"],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(calendar: None, query: str) -> None:
    answer = Client().get(f"/api/v1/due?{query}")
    assert (answer.status_code, list(answer.json())) == (422, ["message"])
    assert answer.json()["message"]


def test_too_many_calls_are_put_off(calendar: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from workflows.deadlines import api

    monkeypatch.setattr(api.PUBLIC, "num_requests", 2)
    codes = [Client().get("/api/v1/due?date=2026-01-05&limit=5").status_code for _n in range(3)]
    assert codes == [200, 200, 429]


def test_the_description_is_served_from_here(db: None) -> None:
    answer = Client().get("/api/v1/openapi.json")
    described = json.loads(answer.content)
    assert sorted(described["paths"]) == ["/api/v1/deadlines", "/api/v1/due", "/api/v1/limits/{uuid}"]
    assert "http://" not in answer.content.decode().replace("http://127", "")
    assert "cdn" not in answer.content.decode()
