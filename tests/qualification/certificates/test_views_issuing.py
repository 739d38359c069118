"""The issuer's pages and the certificates of an authority."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from documents.papers.models import Paper
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.certificates.models import Certificate, NumberCounter
from tests.factories.cases import World

Enter = Callable[[User], Client]


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def enter() -> Enter:
    def client(user: User) -> Client:
        found = Client(headers={"accept-language": "en"})
        found.force_login(user)
        return found

    return client


def url(name: str, application: Application) -> str:
    return reverse(f"certificates:{name}", args=[application.uuid])


def in_force(world: World) -> Certificate:
    """A certificate of which only the paper's file is missing."""
    world.walk("issue")
    certificate = Certificate.objects.get()
    Certificate.objects.filter(pk=certificate.pk).update(state="valid", activated_at=world.moments())
    return Certificate.objects.get()


def test_the_question_says_number_validity_and_grants_and_takes_nothing(world: World, enter: Enter) -> None:
    application = world.walk("release").application
    page = enter(world.issuer).get(url("issue", application))
    preview = page.context["preview"]
    assert preview.number == f"{preview.valid_from.year % 100:02d}0312050001"
    assert preview.valid_until.year == preview.valid_from.year + 6
    assert [(g["authority"], [(s, n) for s, n in g["sites"]]) for g in preview.grants] == [
        (world.lead, [(world.sites[0], 2)]), (world.other, [(world.sites[1], 2)]),
    ]  # fmt: skip
    assert preview.number in page.content.decode()
    assert (Certificate.objects.count(), NumberCounter.objects.count()) == (0, 0)


def test_issue_once(world: World, enter: Enter) -> None:
    application = world.walk("release").application
    client = enter(world.issuer)
    assert client.post(url("issue", application), {"confirm": "yes"}).status_code == 302
    assert client.post(url("issue", application), {"confirm": "yes"}).status_code == 409
    assert Certificate.objects.count() == 1
    page = client.get(url("issue", application))
    assert "being made and signed" in page.content.decode()
    part = client.get(url("issue", application), headers={"HX-Request": "true"}).content.decode()
    assert ("<html" in part, 'hx-trigger="every 3s"' in part) == (False, True)


def test_who_may_not_issue(world: World, enter: Enter) -> None:
    application = world.walk("release").application
    assert enter(world.decider).post(url("issue", application)).status_code == 403
    assert enter(world.user(Role.ISSUER, world.other)).post(url("issue", application)).status_code == 403
    assert enter(world.user(Role.ISSUER, world.far)).post(url("issue", application)).status_code == 404
    world.decider.memberships.create(role=Role.ISSUER, authority=world.lead)
    assert enter(world.decider).post(url("issue", application)).status_code == 403
    assert Certificate.objects.count() == 0


def test_used_up_numbers_are_told_and_nothing_is_issued(world: World, enter: Enter) -> None:
    application = world.walk("release").application
    NumberCounter.objects.create(year=world.moments().year, authority=world.lead, last_serial=9999)
    answer = enter(world.issuer).post(url("issue", application))
    assert (answer.status_code, Certificate.objects.count()) == (422, 0)
    assert "used up" in answer.content.decode()


def test_a_paper_that_failed_says_why_and_is_tried_again(world: World, enter: Enter) -> None:
    application = world.walk("issue").application
    Paper.objects.filter(kind="certificate").update(state="failed", last_error="KeyMissing: 02", attempts=3)
    client = enter(world.issuer)
    page = client.get(url("issue", application)).content.decode()
    assert ("KeyMissing: 02" in page, "3 tries so far." in page) == (True, True)
    before = Paper.objects.get(kind="certificate").next_try_at
    assert client.post(url("retry", application)).status_code == 302
    assert Paper.objects.get(kind="certificate").next_try_at != before
    assert enter(world.user(Role.ISSUER, world.far)).post(url("retry", application)).status_code == 404


def test_the_list_is_of_the_authorities_with_a_grant(world: World, enter: Enter) -> None:
    certificate = in_force(world)
    address = reverse("certificates:list")

    def rows(user: User, **query: str) -> list[Certificate]:
        return list(enter(user).get(address, query).context["listing"].page)

    assert rows(world.decider) == rows(world.other_decider) == rows(world.user(Role.NATIONAL_VIEWER)) == [certificate]
    assert rows(world.user(Role.DECISION, world.far)) == []
    assert (rows(world.decider, state="valid"), rows(world.decider, state="expired")) == ([certificate], [])
    assert rows(world.decider, ends="90") == []
    assert enter(world.manager).get(address).status_code == 403
    export = enter(world.decider).get(address, {"export": "csv"}).getvalue().decode()
    assert certificate.number in export


def test_a_certificate_past_its_last_day_is_listed_as_expired(world: World, enter: Enter) -> None:
    certificate = in_force(world)
    Certificate.objects.update(valid_from="2019-01-01", valid_until="2025-01-01")
    page = enter(world.decider).get(reverse("certificates:list"), {"state": "expired"}).context["listing"].page
    assert [(c, c.badge["label"]) for c in page] == [(certificate, "expired")]


def test_end_a_certificate(world: World, enter: Enter) -> None:
    certificate = in_force(world)
    address = reverse("certificates:end", args=[certificate.uuid])
    client = enter(world.decider)
    assert client.get(reverse("certificates:detail", args=[certificate.uuid])).context["may_end"] is True
    typed = client.post(address, {"verb": "revoke", "reason": "提供虚假材料", "article": ""})
    assert typed.status_code == 422
    assert "提供虚假材料" in typed.content.decode()
    data = {"verb": "revoke", "reason": "提供虚假材料", "article": "行政许可法第六十九条"}
    assert client.post(address, data).status_code == 302
    assert client.post(address, data).status_code == 409
    certificate.refresh_from_db()
    assert (certificate.state, certificate.end_reason) == ("revoked", "提供虚假材料")


def test_only_the_issuing_authority_ends_it(world: World, enter: Enter) -> None:
    certificate = in_force(world)
    address = reverse("certificates:end", args=[certificate.uuid])
    data = {"verb": "cancel", "reason": "申请注销", "article": "行政许可法第七十条"}
    assert enter(world.other_decider).post(address, data).status_code == 403
    assert enter(world.issuer).post(address, data).status_code == 403
    assert (
        enter(world.other_decider).get(reverse("certificates:detail", args=[certificate.uuid])).context["may_end"]
        is False
    )
    certificate.refresh_from_db()
    assert certificate.state == "valid"
