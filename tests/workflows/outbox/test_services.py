"""Mail leaves after the commit, once, and is never lost; what is given up is shown and can be sent again."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.core import mail
from django.db import connection, transaction

from qualification import door
from qualification.accounts.models import User
from tests.factories.regions import authority
from tests.workflows.outbox.conftest import World
from workflows.outbox import services, tasks
from workflows.outbox.models import Delivery, Message

DOWN = "tests.workflows.outbox.backends.Down"
CHOOSY = "tests.workflows.outbox.backends.Choosy"


def accepted(world: World) -> None:
    """Two messages to the laboratory, one to the coordinator."""
    world.tell("applications.Application", "accept", by=world["hebei.intake"])


def recipients() -> list[str]:
    return sorted(address for sent in mail.outbox for address in sent.to)


ALL = ["hebei.coordinator@example.cn", "lab.manager@example.cn", "lab.member@example.cn"]


def test_mail_goes_to_those_told_and_to_nobody_else(world: World) -> None:
    accepted(world)
    assert mail.outbox == []
    assert services.dispatch(now=world.now) == 3
    assert services.dispatch(now=world.now) == 0
    assert services.send_due(now=world.now) == 3
    assert services.send_due(now=world.now) == 0
    assert recipients() == ALL
    assert set(Delivery.objects.values_list("state", "attempts", "sent_at")) == {("sent", 1, world.now)}


def test_the_mail_speaks_the_readers_language_plain_and_html(world: World) -> None:
    User.objects.filter(pk=world["lab.manager"].pk).update(language="en")
    accepted(world)
    services.dispatch(now=world.now)
    services.send_due(now=world.now)
    sent = next(m for m in mail.outbox if m.to == ["lab.manager@example.cn"])
    delivery = Delivery.objects.get(address="lab.manager@example.cn")
    assert sent.subject == "[冀20260001] Application accepted"
    assert "Dear lab.manager,\n\nHebei Administration for Market Regulation has accepted" in sent.body
    assert f"/messages/{delivery.message.uuid}/" in sent.body
    [html] = [part.content for part in sent.alternatives if part.mimetype == "text/html"]
    assert "<h1" in str(html)
    assert "Application accepted" in str(html)
    assert str(delivery.uuid) in sent.extra_headers["Message-ID"]


def test_a_name_that_is_html_stays_text(world: World) -> None:
    laboratory = world.case.laboratory
    laboratory.name = "<b>甲</b>"
    laboratory.save()
    accepted(world)
    services.dispatch(now=world.now)
    services.send_due(now=world.now)
    sent = next(m for m in mail.outbox if m.to == ["lab.manager@example.cn"])
    assert "<b>甲</b>" in sent.body
    assert "&lt;b&gt;甲&lt;/b&gt;" in str(sent.alternatives[0].content)


def test_without_an_address_or_inactive_the_message_stays_in_the_list_alone(world: World) -> None:
    User.objects.filter(pk=world["lab.manager"].pk).update(email="")
    accepted(world)
    User.objects.filter(pk=world["lab.member"].pk).update(is_active=False)
    assert services.dispatch(now=world.now) == 3
    assert list(Delivery.objects.values_list("address", flat=True)) == ["hebei.coordinator@example.cn"]
    assert Message.objects.filter(is_dispatched=False).count() == 0


def test_a_server_that_is_down_loses_nothing(world: World, settings: object) -> None:
    settings.EMAIL_BACKEND = DOWN  # type: ignore[attr-defined]
    accepted(world)
    services.dispatch(now=world.now)
    assert services.send_due(now=world.now) == 0
    tried = Delivery.objects.get(attempts=1)
    assert (tried.state, tried.last_error) == ("pending", "ConnectionRefusedError: no mail server")
    assert tried.next_try_at == world.now + dt.timedelta(minutes=1)
    assert Delivery.objects.filter(attempts=0, state="pending").count() == 2
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # type: ignore[attr-defined]
    assert services.send_due(now=world.now + dt.timedelta(minutes=1)) == 3
    assert recipients() == ALL


def test_one_refused_address_holds_up_nobody_and_is_given_up_in_the_end(world: World, settings: object) -> None:
    settings.EMAIL_BACKEND = CHOOSY  # type: ignore[attr-defined]
    accepted(world)
    services.dispatch(now=world.now)
    moment, sent = world.now, 0
    for _try in range(services.MAX_ATTEMPTS):
        sent += services.send_due(now=moment)
        moment += services.LONGEST_DELAY
    assert sent == 2
    [given_up] = Delivery.objects.failed()
    assert (given_up.address, given_up.attempts) == ("lab.manager@example.cn", services.MAX_ATTEMPTS)
    assert given_up.next_try_at is None
    assert "no such mailbox" in given_up.last_error
    assert services.send_due(now=moment + dt.timedelta(days=9)) == 0


def test_the_delay_doubles_up_to_six_hours() -> None:
    minutes = [services.delay(attempts) / dt.timedelta(minutes=1) for attempts in range(1, 12)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]


def test_the_sweep_hands_on_and_sends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "DISPATCH_LIMIT", 2)
    accepted(world)
    assert tasks.sweep() == 3
    assert recipients() == ALL


def failed_delivery(world: World) -> Delivery:
    accepted(world)
    services.dispatch(now=world.now)
    delivery = Delivery.objects.get(address="lab.manager@example.cn")
    Delivery.objects.filter(pk=delivery.pk).update(
        state="failed", attempts=12, next_try_at=None, last_error="SMTPRecipientsRefused"
    )
    return delivery


def test_sent_again_it_goes_to_the_address_of_today(world: World) -> None:
    delivery = failed_delivery(world)
    User.objects.filter(pk=world["lab.manager"].pk).update(email="new@example.cn")
    again = services.replay(delivery=delivery, by=world["hebei.sla_admin"], now=world.now)
    assert (again.state, again.attempts, again.replayed_by) == ("pending", 0, world["hebei.sla_admin"])
    services.send_due(now=world.now)
    assert recipients() == ["hebei.coordinator@example.cn", "lab.member@example.cn", "new@example.cn"]
    services.replay(delivery=delivery, by=None, now=world.now)
    assert services.send_due(now=world.now) == 1


@pytest.mark.parametrize("name", ["shanxi.sla_admin", "tianjin.region_admin", "hebei.intake", "lab.manager"])
def test_others_send_nothing_again(world: World, name: str) -> None:
    delivery = failed_delivery(world)
    with pytest.raises(door.Refused):
        services.replay(delivery=delivery, by=world[name], now=world.now)
    assert Delivery.objects.failed().count() == 1


def test_what_waits_or_cannot_arrive_is_not_sent_again(world: World) -> None:
    delivery = failed_delivery(world)
    services.replay(delivery=delivery, by=None, now=world.now)
    with pytest.raises(services.ReplayRefused):
        services.replay(delivery=delivery, by=None, now=world.now)
    User.objects.filter(pk=world["lab.manager"].pk).update(email="")
    Delivery.objects.filter(pk=delivery.pk).update(state="failed", next_try_at=None)
    with pytest.raises(services.ReplayRefused):
        services.replay(delivery=delivery, by=None, now=world.now)


def test_read_is_read_once(world: World) -> None:
    accepted(world)
    message = Message.objects.get(recipient=world["lab.manager"])
    services.mark_read(message=message, now=world.now)
    services.mark_read(message=message, now=world.now + dt.timedelta(hours=1))
    message.refresh_from_db()
    assert message.read_at == world.now
    assert services.mark_all_read(user=world["lab.manager"], now=world.now) == 0
    assert Message.objects.unread().count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_once(now: dt.datetime) -> None:
    from tests.factories.accounts import UserFactory

    hebei = authority("03")
    people = UserFactory.create_batch(12)
    Message.objects.bulk_create(
        Message(
            recipient=one, authority=hebei, kind="pool_empty", subject_type="assessments.Assessment", subject_id=0,
            created_at=now,
        )
        for one in people
    )  # fmt: skip
    barrier, sent = threading.Barrier(2), []

    def work() -> None:
        try:
            barrier.wait(timeout=10)
            services.dispatch(now=now)
            sent.append(services.send_due(now=now))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)
    sent.append(services.send_due(now=now))
    assert sum(sent) == 12
    assert recipients() == sorted(one.email for one in people)


@pytest.mark.django_db(transaction=True)
def test_a_row_another_worker_holds_is_left_to_it(now: dt.datetime) -> None:
    from tests.factories.accounts import UserFactory

    Message.objects.create(
        recipient=UserFactory.create(), authority=authority("03"), kind="pool_empty",
        subject_type="assessments.Assessment", subject_id=0, created_at=now,
    )  # fmt: skip
    services.dispatch(now=now)
    sent: list[int] = []

    def work() -> None:
        try:
            sent.append(services.send_due(now=now))
        finally:
            connection.close()

    with transaction.atomic():
        Delivery.objects.select_for_update(of=("self",), no_key=True).get()
        worker = threading.Thread(target=work)
        worker.start()
        worker.join(timeout=30)
    assert sent == [0]
    assert services.send_due(now=now) == 1
