"""One mail a day to an administrator of time limits: once a person and day, at the hour of the region."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.core import mail
from django.db import connections

from qualification.accounts.enums import Role
from qualification.regions.models import Profile
from tests.factories.accounts import MembershipFactory
from tests.factories.regions import authority
from tests.workflows.outbox.conftest import World
from workflows.clocks.models import Clock
from workflows.outbox import digest, services
from workflows.outbox.models import Digest, Message
from workflows.outbox.rendering import render

HOUR = dt.timedelta(hours=1)


def limit(world: World, code: str, due_at: dt.datetime, **facts: object) -> Clock:
    """A running limit of the Hebei case."""
    values = {
        "application": world.case, "authority": world.case.authority, "code": code, "subject_type": "x",
        "subject_id": Clock.objects.count() + 1, "edition": "x", "budget": 5, "unit": "working",
        "started_at": world.now - dt.timedelta(days=30), "started_on": dt.date(2026, 10, 20), "due_at": due_at,
    }  # fmt: skip
    return Clock.objects.create(**values | facts)


@pytest.fixture
def limits(world: World) -> World:
    """One overdue, one due tonight, one at risk, and four that are no business of a digest."""
    tonight = world.now.replace(hour=0) + dt.timedelta(days=1)
    limit(world, "decision", world.now - dt.timedelta(days=2), holder=world.people["hebei.decision"])
    limit(world, "issue", tonight, is_provisional=True)
    limit(world, "technical_review", tonight + dt.timedelta(days=3), warn_at=world.now - HOUR)
    limit(world, "verification", tonight + dt.timedelta(days=3), warn_at=world.now + HOUR)
    limit(world, "supplement", world.now - dt.timedelta(days=1))
    limit(world, "decision", world.now - dt.timedelta(days=2), is_trial=True)
    ended = {"state": "stopped", "stopped_at": world.now}
    limit(world, "issue", world.now - dt.timedelta(days=2), **ended)
    return world


def readers() -> list[str]:
    return [m.recipient.name for m in Message.objects.order_by("pk").select_related("recipient")]


@pytest.mark.django_db
def test_the_lists_of_the_day_with_links(limits: World) -> None:
    assert digest.make(now=limits.now) == 1
    assert readers() == ["hebei.sla_admin"]
    rendered = render(Message.objects.get(), "en")
    link = f"/cases/{limits.case.uuid}/"
    assert [line.split(" http")[0] for line in rendered.text.splitlines() if line] == [
        "This is how the time limits of the law that you watch over stand.",
        "Overdue: 1",
        "冀20260001 冀津检测有限公司, Decision: last day Wed 18 Nov 2026, with hebei.decision",
        "Due today: 1",
        "冀20260001 冀津检测有限公司, Issue of the certificate: last day Fri 20 Nov 2026 (provisional)",
        "At risk: 1",
        "冀20260001 冀津检测有限公司, Technical review: last day Mon 23 Nov 2026",
        "A last day ends at 24:00 Beijing time (UTC+8).",
        "See to it that these people act. The board shows every limit:",
    ]
    assert rendered.text.count(link) == 3


@pytest.mark.django_db
def test_once_a_day_and_again_tomorrow(limits: World) -> None:
    assert [digest.make(now=limits.now + hours * HOUR) for hours in (0, 1, 24)] == [1, 0, 1]


@pytest.mark.django_db
def test_not_before_the_hour_of_the_region(limits: World) -> None:
    early = limits.now.replace(hour=8, minute=29)
    assert digest.make(now=early) == 0
    assert not Digest.objects.exists()
    assert digest.make(now=early + dt.timedelta(minutes=1)) == 1


@pytest.mark.django_db
def test_a_region_sets_its_own_hour(limits: World) -> None:
    Profile.objects.filter(authority=authority("03")).delete()
    Profile.objects.create(authority=authority("03"), values={"digest_at": "11:00"})
    assert digest.make(now=limits.now) == 0
    assert digest.make(now=limits.now + HOUR) == 1


@pytest.mark.django_db
def test_who_has_nothing_to_read_gets_nothing_that_day(world: World) -> None:
    assert digest.make(now=world.now) == 0
    limit(world, "decision", world.now - dt.timedelta(days=2))
    assert digest.make(now=world.now + HOUR) == 0
    assert digest.make(now=world.now + 24 * HOUR) == 1


@pytest.mark.django_db
def test_one_mail_for_all_the_regions_of_a_person(limits: World) -> None:
    MembershipFactory.create(user=limits["hebei.sla_admin"], role=Role.SLA_ADMIN, authority=authority("02"))
    limit(limits, "concurrence", limits.now - dt.timedelta(days=1), authority=authority("02"))
    assert digest.make(now=limits.now) == 2
    facts = {
        m.recipient.name: m.facts["overdue"]["count"]
        for m in Message.objects.select_related("recipient").order_by("pk")
    }
    assert facts == {"hebei.sla_admin": 2, "tianjin.sla_admin": 1}


@pytest.mark.django_db
def test_a_long_list_names_the_first_and_says_how_many(limits: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "NAMED", 1)
    limit(limits, "issue", limits.now - dt.timedelta(days=1))
    digest.make(now=limits.now)
    text = render(Message.objects.get(), "en").text
    assert "Overdue: 2" in text
    assert "… and 1 more." in text


@pytest.mark.django_db
def test_it_leaves_as_a_mail(limits: World) -> None:
    digest.make(now=limits.now)
    services.dispatch(now=limits.now)
    assert services.send_due(now=limits.now) == 1
    assert mail.outbox[0].to == ["hebei.sla_admin@example.cn"]
    assert "UTC+8" in str(mail.outbox[0].body)


@pytest.mark.django_db(transaction=True)
def test_three_workers_at_once_make_one(limits: World) -> None:
    barrier, made = threading.Barrier(3), []

    def one() -> None:
        try:
            barrier.wait(timeout=10)
            made.append(digest.make(now=limits.now))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(made) == [0, 0, 1]
    assert readers() == ["hebei.sla_admin"]
