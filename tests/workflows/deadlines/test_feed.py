"""The calendar says what the inbox says, to whoever has the address, and to nobody else."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from icalendar import Calendar

from qualification.accounts.enums import Role
from qualification.certificates.models import Certificate
from workflows.clocks import counting
from workflows.clocks.models import Clock
from workflows.deadlines import services
from workflows.deadlines.enums import Scope
from workflows.deadlines.models import Secret
from workflows.deadlines.queries import deadlines_of
from workflows.inbox import queries as inbox

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


@pytest.fixture
def received(world: Any) -> Any:
    return world.walk("submit")


def address(user: Any) -> str:
    return reverse("deadlines:feed", args=[services.make(user=user, scope=Scope.CALENDAR, now=timezone.now())])


def events(content: bytes) -> list[Any]:
    return list(Calendar.from_ical(content).walk("VEVENT"))


def test_the_calendar_is_the_inbox(world: Any, received: Any) -> None:
    answer = Client().get(address(world.intake))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    tasks = list(inbox.with_facts(inbox.mine(world.intake)).exclude(due_at=None))
    found = events(answer.content)
    assert [event["DTEND"].dt for event in found] == [task.due_at for task in tasks]
    (event,) = found
    clock = Clock.objects.get(pk=tasks[0].clock_pk)
    assert event["UID"] == f"{clock.uuid}@127.0.0.1"
    assert (
        event["SUMMARY"] == f"审查申请, {received.application.reference}"
        or received.application.reference in event["SUMMARY"]
    )
    assert str(event["URL"]).endswith(f"/cases/{received.application.uuid}/")


def test_an_event_is_the_last_day_in_beijing_and_ends_at_the_due_moment(world: Any, received: Any) -> None:
    content = Client().get(address(world.intake)).content
    (event,) = events(content)
    clock = Clock.objects.get(code="acceptance")
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    assert (start.astimezone(SHANGHAI).date(), start.astimezone(SHANGHAI).time()) == (clock.due_on, dt.time())
    assert (end - start, end) == (dt.timedelta(days=1), clock.due_at)
    assert end.astimezone(dt.UTC).hour == 16
    (zone,) = Calendar.from_ical(content).walk("VTIMEZONE")
    assert zone["TZID"] == event["DTEND"].params["TZID"] == "Asia/Shanghai"
    (standard,) = zone.walk("STANDARD")
    assert standard["TZOFFSETTO"].td == dt.timedelta(hours=8)


def test_nobody_sees_what_waits_for_others(world: Any, received: Any) -> None:
    for user in (world.decider, world.manager, world.coordinator, world.issuer):
        assert events(Client().get(address(user)).content) == []


def test_a_laboratory_sees_what_it_must_do(world: Any) -> None:
    walk = world.walk("submit")
    walk.ask_supplement("质量手册缺页")
    (event,) = events(Client().get(address(world.manager)).content)
    assert walk.application.reference in event["SUMMARY"]


def test_a_colleagues_task_of_the_laboratory_is_told_to_all_of_it(world: Any) -> None:
    walk = world.walk("submit")
    walk.ask_supplement("质量手册缺页")
    member = world.user(Role.LAB_MEMBER, world.laboratory)
    task = inbox.open_to(member).get()
    task.owner = world.manager
    task.save()
    assert not inbox.mine(member).exists()
    for user in (member, world.manager):
        (event,) = events(Client().get(address(user)).content)
        assert walk.application.reference in event["SUMMARY"]


def test_a_laboratory_is_told_until_when_to_renew(world: Any) -> None:
    now = timezone.now()
    certificate = Certificate.objects.create(
        number="260312340001", laboratory=world.laboratory, authority=world.lead, valid_from=now.date(),
        valid_until=now.date() + dt.timedelta(days=490), numbered_at=now,
    )  # fmt: skip
    due = counting.end_of(timezone.localdate() + dt.timedelta(days=400))
    clock = Clock.objects.create(
        authority=world.lead, code="renewal", subject_type="certificates.Certificate", subject_id=certificate.pk,
        edition="163-2021", budget=3, unit="months", until=certificate.valid_until, started_at=timezone.now(),
        started_on=timezone.localdate(), due_at=due,
    )  # fmt: skip
    (event,) = events(Client().get(address(world.manager)).content)
    assert (event["DTEND"].dt, event["UID"]) == (due, f"{clock.uuid}@127.0.0.1")
    assert certificate.number in event["SUMMARY"]
    assert events(Client().get(address(world.intake)).content) == []


def test_a_provisional_day_says_so(world: Any, received: Any) -> None:
    Clock.objects.filter(code="acceptance").update(is_provisional=True)
    world.intake.language = "en"
    world.intake.save()
    (event,) = events(Client().get(address(world.intake)).content)
    assert str(event["SUMMARY"]).startswith("(provisional) ")
    assert event["STATUS"] == "TENTATIVE"


def test_the_answer_is_private_and_repeated_only_when_something_changed(world: Any, received: Any) -> None:
    url = address(world.intake)
    first = Client().get(url)
    assert first["Cache-Control"] == "private, max-age=300"
    again = Client().get(url, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    Clock.objects.filter(code="acceptance").update(due_at=timezone.now() + dt.timedelta(days=90))
    moved = Client().get(url, headers={"if-none-match": first["ETag"]})
    assert moved.status_code == 200
    assert events(moved.content)[0]["UID"] == events(first.content)[0]["UID"]


def test_a_wrong_renewed_or_switched_off_address_opens_nothing(world: Any, received: Any) -> None:
    old = address(world.intake)
    new = address(world.intake)
    assert [Client().get(url).status_code for url in (old, new)] == [404, 200]
    assert Client().get(reverse("deadlines:feed", args=["wrong"])).status_code == 404
    program = services.make(user=world.intake, scope=Scope.API, now=timezone.now())
    assert Client().get(reverse("deadlines:feed", args=[program])).status_code == 404
    services.switch_off(user=world.intake, scope=Scope.CALENDAR)
    assert Client().get(new).status_code == 404


def test_a_closed_account_has_no_calendar(world: Any, received: Any) -> None:
    url = address(world.intake)
    world.intake.is_active = False
    world.intake.save()
    assert Client().get(url).status_code == 404


def test_the_secret_itself_is_not_stored(world: Any) -> None:
    secret = services.make(user=world.intake, scope=Scope.CALENDAR, now=timezone.now())
    row = Secret.objects.get()
    assert secret not in {str(value) for value in row.__dict__.values()}
    assert row.digest == services.digest_of(secret)


def test_too_many_fetches_are_put_off(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "FETCHES_AN_HOUR", 2)
    monkeypatch.setattr(services, "WRONG_AN_HOUR", 1)
    url = address(world.intake)
    assert [Client().get(url).status_code for _n in range(3)] == [200, 200, 429]
    wrong = reverse("deadlines:feed", args=["wrong"])
    assert [Client().get(wrong).status_code for _n in range(2)] == [404, 429]


def test_the_page_shows_an_address_once(world: Any) -> None:
    client = Client()
    client.force_login(world.intake)
    page = reverse("deadlines:settings")
    made = client.post(reverse("deadlines:make", args=["calendar"]), {"confirm": "yes"})
    url = made.context["calendar_address"]
    assert url in made.content.decode()
    assert "no-store" in made["Cache-Control"]
    assert Client().get(url.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert url not in client.get(page).content.decode()
    assert client.post(reverse("deadlines:switch_off", args=["calendar"])).url == page
    assert not Secret.objects.exists()
    assert client.post(reverse("deadlines:make", args=["anything"])).status_code == 404
    assert client.get(reverse("deadlines:make", args=["calendar"])).status_code == 405


def test_deadlines_are_in_order_and_in_the_readers_language(world: Any, received: Any) -> None:
    world.walk("submit")
    found = deadlines_of(world.intake)
    assert [one.due_at for one in found] == sorted(one.due_at for one in found)
    assert len(found) == 2
    with translation.override("en"):
        assert deadlines_of(world.intake)[0].what == "Examine the application"
