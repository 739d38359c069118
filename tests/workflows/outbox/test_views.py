"""Everybody reads their own messages; administrators see the undelivered mail of their own authority."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.workflows.outbox.conftest import World
from workflows.outbox import services
from workflows.outbox.models import Delivery, Message


@pytest.fixture
def told(world: World) -> World:
    world.tell("applications.Application", "accept", by=world["hebei.intake"])
    world.tell("applications.Application", "grant", by=world["hebei.decision"])
    services.dispatch(now=world.now)
    return world


def signed_in(world: World, name: str, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(world[name])
    return client


def titles(response: object) -> list[str]:
    return [row.title for row, _cells in response.context["listing"].lines]  # type: ignore[attr-defined]


def test_the_list_shows_ones_own_unread_first(told: World) -> None:
    granted = Message.objects.get(recipient=told["lab.manager"], kind="granted")
    services.mark_read(message=granted, now=told.now)
    client = signed_in(told, "lab.manager")
    page = client.get(reverse("outbox:inbox"))
    assert titles(page) == ["Application accepted", "Qualification granted"]
    assert titles(signed_in(told, "stranger.manager").get(reverse("outbox:inbox"))) == []
    assert 'id="unread">1<' in page.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("read=no", ["Qualification granted", "Application accepted"]),
        ("read=yes", []),
        ("kind=granted", ["Qualification granted"]),
        ("q=冀2026", ["Qualification granted", "Application accepted"]),
        ("q=冀津", ["Qualification granted", "Application accepted"]),
        ("q=晋", []),
    ],
)
def test_the_list_is_searched_and_filtered(told: World, query: str, expected: list[str]) -> None:
    page = signed_in(told, "lab.manager").get(f"{reverse('outbox:inbox')}?{query}")
    assert titles(page) == expected


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "消息"), ("en", "Messages")])
def test_looking_writes_nothing_and_opening_marks_as_read(told: World, language: str, word: str) -> None:
    client = signed_in(told, "lab.manager", language)
    message = Message.objects.get(recipient=told["lab.manager"], kind="accepted")
    page = client.get(reverse("outbox:message", args=[message.uuid]))
    assert page.status_code == 200
    assert Message.objects.filter(read_at__isnull=False).count() == 0
    assert client.get(reverse("outbox:open", args=[message.uuid])).status_code == 405
    answer = client.post(reverse("outbox:open", args=[message.uuid]))
    assert answer.headers["Location"] == reverse("outbox:message", args=[message.uuid])
    assert list(Message.objects.filter(read_at__isnull=False)) == [message]


def test_to_the_list_and_to_the_case(told: World) -> None:
    client = signed_in(told, "lab.manager")
    url = reverse("outbox:open", args=[Message.objects.get(recipient=told["lab.manager"], kind="accepted").uuid])
    assert client.post(url, {"to": "inbox"}).headers["Location"] == reverse("outbox:inbox")
    assert client.post(url, {"to": "case"}).headers["Location"] == reverse("inbox:case", args=[told.case.uuid])


@pytest.mark.parametrize("name", ["lab.member", "stranger.manager", "hebei.intake"])
def test_anothers_message_is_not_there(told: World, name: str) -> None:
    message = Message.objects.get(recipient=told["lab.manager"], kind="accepted")
    client = signed_in(told, name)
    assert client.get(reverse("outbox:message", args=[message.uuid])).status_code == 404
    assert client.post(reverse("outbox:open", args=[message.uuid])).status_code == 404
    assert Message.objects.filter(read_at__isnull=False).count() == 0


def test_all_of_ones_own_are_marked_as_read(told: World) -> None:
    signed_in(told, "lab.manager").post(reverse("outbox:read_all"))
    assert set(Message.objects.filter(read_at__isnull=False).values_list("recipient__name", flat=True)) == {
        "lab.manager"
    }


def test_strangers_are_sent_to_sign_in(told: World) -> None:
    for name in ("inbox", "deliveries"):
        answer = Client().get(reverse(f"outbox:{name}"))
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, reverse("account_login"))


def test_the_list_costs_the_same_for_one_and_for_many(world: World) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, counts = signed_in(world, "lab.manager"), []
    for verb in ("accept", "grant", "submit"):
        world.tell("applications.Application", verb)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse("outbox:inbox"))
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2]


def given_up(world: World) -> Delivery:
    Delivery.objects.update(state="failed", next_try_at=None, attempts=12, last_error="550 no such mailbox")
    return Delivery.objects.get(message__recipient=world["lab.manager"], message__kind="accepted")


def addresses(page: object) -> list[str]:
    return sorted({row.address for row, _cells in page.context["listing"].lines})  # type: ignore[attr-defined]


def test_administrators_see_the_mail_of_their_own_authority(told: World) -> None:
    given_up(told)
    page = signed_in(told, "hebei.sla_admin").get(reverse("outbox:deliveries"))
    assert addresses(page) == [
        "hebei.coordinator@example.cn", "hebei.issuer@example.cn", "lab.manager@example.cn", "lab.member@example.cn",
    ]  # fmt: skip
    assert "550 no such mailbox" in page.content.decode()
    assert addresses(signed_in(told, "shanxi.sla_admin").get(reverse("outbox:deliveries"))) == []
    assert signed_in(told, "hebei.intake").get(reverse("outbox:deliveries")).status_code == 403


def test_one_button_sends_again(told: World) -> None:
    delivery = given_up(told)
    url = reverse("outbox:send_again", args=[delivery.uuid])
    assert signed_in(told, "shanxi.region_admin").post(url).status_code == 404
    assert signed_in(told, "hebei.region_admin").get(url).status_code == 405
    assert signed_in(told, "hebei.region_admin").post(url).headers["Location"] == reverse("outbox:deliveries")
    assert list(Delivery.objects.filter(state="pending")) == [delivery]
    again = signed_in(told, "hebei.region_admin").post(url, follow=True)
    assert "already waiting to be sent" in again.content.decode()
