"""Pages of the acts on a clock: each shows what it does, then does it; who may not finds no page."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.certificates.models import Certificate
from tests.factories.cases import World
from tests.factories.regions import promise
from tests.workflows.clocks.conftest import at
from workflows.clocks import sweep
from workflows.clocks.models import BudgetCorrection, Clock, ClockExtension, Contest
from workflows.clocks.services import start_certificate_clocks
from workflows.outbox.models import Message

pytestmark = pytest.mark.django_db
NOW = at("2026-03-10 10:00")


@pytest.fixture
def keeper(world: World) -> User:
    return world.user(Role.SLA_ADMIN, world.lead)


def page(client: Client, user: User, url: str, data: dict[str, str] | None = None, now: dt.datetime = NOW) -> str:
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    with time_machine.travel(now, tick=False):
        answer = client.get(url) if data is None else client.post(url, data, follow=True)
    assert answer.status_code in {200, 422}, answer.status_code
    return answer.content.decode()


def status(client: Client, user: User, url: str) -> int:
    client.force_login(user)
    with time_machine.travel(NOW, tick=False):
        return client.get(url).status_code


def clock(code: str) -> Clock:
    return Clock.objects.order_by("-pk").filter(code=code)[0]


def test_the_decision_is_extended_after_a_look_at_the_new_date(client: Client, world: World) -> None:
    world.walk("hand_in_report")
    decision = clock("decision")
    url = reverse("clocks:extend", args=[decision.uuid])
    now = decision.started_at + dt.timedelta(days=1)
    asked = page(client, world.decider, url, {"days": "10", "reason": "a hearing is held"}, now)
    assert "Last day then" in asked and not ClockExtension.objects.exists()
    page(client, world.decider, url, {"days": "10", "reason": "a hearing is held", "confirm": "yes"}, now)
    assert ClockExtension.objects.get().reason == "a hearing is held"
    assert Message.objects.filter(kind="clock_extended", recipient=world.manager).exists()
    text = page(client, world.manager, decision.get_absolute_url(), now=now)
    assert "a hearing is held" in text and url not in text
    assert text.count("extended by 10 working days") == 2


@pytest.mark.parametrize(("days", "says"), [("11", "At most 10 days"), ("0", "greater than or equal to 1")])
def test_an_extension_out_of_bounds_is_told(client: Client, world: World, days: str, says: str) -> None:
    world.walk("hand_in_report")
    url = reverse("clocks:extend", args=[clock("decision").uuid])
    now = clock("decision").started_at + dt.timedelta(days=1)
    assert says in page(client, world.decider, url, {"days": days, "reason": "x", "confirm": "yes"}, now)
    assert not ClockExtension.objects.exists()


def test_who_may_not_finds_no_page(client: Client, world: World, keeper: User) -> None:
    world.walk("accept")
    review = clock("technical_review")
    for name, user in (("extend", keeper), ("extend", world.manager), ("add_pause", world.decider)):
        assert status(client, user, reverse(f"clocks:{name}", args=[review.uuid])) == 404
    assert status(client, keeper, reverse("clocks:add_pause", args=[review.uuid])) == 200


def test_a_pause_is_entered_and_shown_with_who_and_when(client: Client, world: World, keeper: User) -> None:
    world.walk("accept")
    review = clock("technical_review")
    url = reverse("clocks:add_pause", args=[review.uuid])
    data = {
        "paused_at": "2026-03-04T09:00", "resumed_at": "2026-03-06T09:00", "reason": "the power was cut",
        "article": "article 45",
    }  # fmt: skip
    asked = page(client, keeper, url, data)
    assert "Last day then" in asked and ">the power was cut<" in asked and not review.intervals.exists()
    shown = page(client, keeper, url, {**data, "confirm": "yes"})
    assert "the power was cut" in shown and "entered afterwards on" in shown and "article 45" in shown
    again = page(client, keeper, url, {**data, "confirm": "yes"})
    assert "overlaps the pause" in wrong_entry(again, "paused_at")
    assert review.intervals.count() == 1


@pytest.mark.parametrize(
    ("since", "until", "field", "says"),
    [
        ("2026-03-06T09:00", "2026-03-04T09:00", "resumed_at", "before it begins"),
        ("2026-03-04T09:00", "2099-03-04T09:00", "resumed_at", "in the future"),
        ("2025-03-04T09:00", "2026-03-04T09:00", "paused_at", "before the limit started"),
    ],
)
def test_a_wrong_pause_is_told_under_its_entry_and_what_was_typed_stays(
    client: Client, world: World, keeper: User, since: str, until: str, field: str, says: str
) -> None:
    world.walk("accept")
    url = reverse("clocks:add_pause", args=[clock("technical_review").uuid])
    data = {"paused_at": since, "resumed_at": until, "reason": "the power was cut", "article": "article 45"}
    text = page(client, keeper, url, data)
    assert says in wrong_entry(text, field)
    assert all(value in text for value in data.values())


def wrong_entry(text: str, field: str) -> str:
    """What the page says under an entry of the form."""
    found = re.search(rf'id="id_{field}_error">(.*?)</div>', text, re.DOTALL)
    return found[1] if found else ""


def test_a_wrong_entry_is_corrected_after_a_look_at_what_moves(client: Client, world: World, keeper: User) -> None:
    entry = promise(world.lead, "acceptance_days", 2, since=dt.date(2026, 3, 1))
    walk = world.walk("submit")
    url = reverse("clocks:correct_limit", args=[entry.pk])
    now = at("2026-03-03 10:00")
    asked = page(client, keeper, url, {"value": "4", "reason": "a slip"}, now)
    assert str(walk.application) in asked and not BudgetCorrection.objects.exists()
    page(client, keeper, url, {"value": "4", "reason": "a slip", "confirm": "yes"}, now)
    assert clock("acceptance").budget == 4
    assert "a slip" in page(client, world.manager, clock("acceptance").get_absolute_url(), now=now)
    assert status(client, world.intake, url) == 404


def test_an_outcome_is_contested_and_answered_on_its_pages(client: Client, world: World, keeper: User) -> None:
    walk = world.walk("submit")
    supervisor = world.user(Role.SUPERVISOR, world.lead)
    now = at("2026-03-12 09:00")
    sweep.run(now)
    acceptance = clock("acceptance")
    why = page(client, supervisor, acceptance.get_absolute_url(), now=now)
    url = reverse("clocks:contest_new", args=[acceptance.uuid])
    assert url in why and status(client, keeper, url) == 404
    page(client, supervisor, url, {"reason": "the portal was down", "confirm": "yes"}, now)
    contest = Contest.objects.get()
    assert Message.objects.filter(kind="contest_asked", recipient=world.decider).exists()
    data = {"verb": "set_aside", "text": "agreed"}
    assert "Deemed accepted by law" in page(client, world.decider, contest.get_absolute_url(), now=now)
    asked = page(client, world.decider, contest.get_absolute_url(), data, now)
    assert "marked as excused" in asked
    page(client, world.decider, contest.get_absolute_url(), {**data, "confirm": "yes"}, now)
    assert Contest.objects.get().state == "set_aside"
    told = page(client, world.manager, contest.get_absolute_url(), now=now)
    assert "the portal was down" in told and "agreed" in told
    case = page(client, supervisor, reverse("inbox:case", args=[walk.application.uuid]), now=now)
    assert contest.get_absolute_url() in case


def test_the_page_of_a_certificates_clock(client: Client, world: World) -> None:
    certificate = Certificate.objects.create(
        number="200301210001", laboratory=world.laboratory, authority=world.lead, valid_from=dt.date(2020, 5, 23),
        valid_until=dt.date(2026, 5, 22), numbered_at=at("2020-05-23 10:00"),
    )  # fmt: skip
    door.perform(certificate, "activate", by=None, now=at("2020-05-23 11:00"))
    Clock.objects.open().of_subject(certificate).delete()
    assert (start_certificate_clocks(), start_certificate_clocks()) == (1, 0)
    text = page(client, world.manager, clock("renewal").get_absolute_url())
    assert "counted backward from" in text and certificate.number in text
    assert status(client, world.user(Role.LAB_MANAGER, None), clock("renewal").get_absolute_url()) == 404
    text = page(client, world.decider, reverse("certificates:detail", args=[certificate.uuid]))
    assert clock("renewal").get_absolute_url() in text


def test_a_closed_clock_is_explained_too(client: Client, world: World) -> None:
    world.walk("accept")
    text = page(client, world.manager, clock("acceptance").get_absolute_url())
    assert "The count as a calendar" in text and "Edition of the calendar" in text and "163-2021" in text
