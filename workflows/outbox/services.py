"""Hand messages on to the ways out, send them, try again, send again by hand; mark as read."""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
from enum import Enum, auto
from typing import TYPE_CHECKING

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils.translation import gettext as _

from qualification import door
from workflows.outbox import mailing
from workflows.outbox.enums import Channel, DeliveryState
from workflows.outbox.models import Delivery, Message

if TYPE_CHECKING:
    from qualification.accounts.models import User

logger = logging.getLogger(__name__)

# Tries until a delivery is given up; with the delays below about a day and a half.
MAX_ATTEMPTS = 12
FIRST_DELAY = dt.timedelta(minutes=1)
LONGEST_DELAY = dt.timedelta(hours=6)
# The server itself does not answer: the rest of the run would only fail as well.
UNREACHABLE = (ConnectionError, TimeoutError, smtplib.SMTPConnectError, smtplib.SMTPServerDisconnected)


class ReplayRefused(Exception):
    """A delivery cannot be sent again; the sentence says why."""


def dispatch(*, now: dt.datetime, limit: int = 500) -> int:
    """Make the deliveries of messages that have none yet; returns how many messages were looked at.

    Only active people with an address get mail; the message itself stays in everybody's list.
    """
    with transaction.atomic():
        rows = Message.objects.filter(is_dispatched=False).select_related("recipient").order_by("pk")
        messages = list(rows.select_for_update(of=("self",), skip_locked=True, no_key=True)[:limit])
        Delivery.objects.bulk_create(
            Delivery(message=message, channel=Channel.MAIL, address=message.recipient.email, next_try_at=now)
            for message in messages
            if message.recipient.email and message.recipient.is_active
        )
        Message.objects.filter(pk__in=[message.pk for message in messages]).update(is_dispatched=True)
    return len(messages)


class Outcome(Enum):
    """What became of one try."""

    NOTHING_DUE = auto()
    SENT = auto()
    FAILED = auto()
    UNREACHABLE = auto()


def send_due(*, now: dt.datetime, limit: int = 200) -> int:
    """Send what is due, each in a transaction of its own; returns how many left.

    A failure is written on its row and tried again later. When the server itself does not answer, the run ends.
    """
    mail_connection = get_connection()
    sent = 0
    try:
        for _number in range(limit):
            outcome = _send_next(mail_connection, now)
            sent += outcome is Outcome.SENT
            if outcome in {Outcome.NOTHING_DUE, Outcome.UNREACHABLE}:
                break
    finally:
        mail_connection.close()
    return sent


def _send_next(connection: BaseEmailBackend, now: dt.datetime) -> Outcome:
    with transaction.atomic():
        due = Delivery.objects.due(now).select_for_update(of=("self",), skip_locked=True, no_key=True)
        delivery = due.select_related(*_FOR_MAIL).first()
        if delivery is None:
            return Outcome.NOTHING_DUE
        return _try(delivery, connection, now)


_FOR_MAIL = (
    "message__recipient", "message__authority", "message__log__by",
    "message__application__laboratory", "message__application__authority",
)  # fmt: skip


def _try(delivery: Delivery, connection: BaseEmailBackend, now: dt.datetime) -> Outcome:
    delivery.attempts += 1
    try:
        # A savepoint: a query that fails while the words are made must not undo what is written of the failure.
        with transaction.atomic():
            connection.open()
            mailing.send(delivery, connection)
    except Exception as error:
        _keep_failure(delivery, error, now)
        return Outcome.UNREACHABLE if isinstance(error, UNREACHABLE) else Outcome.FAILED
    delivery.state, delivery.sent_at = DeliveryState.SENT, now
    delivery.next_try_at, delivery.last_error = None, ""
    delivery.save()
    return Outcome.SENT


def _keep_failure(delivery: Delivery, error: Exception, now: dt.datetime) -> None:
    delivery.last_error = f"{type(error).__name__}: {error}"[:2000]
    if delivery.attempts >= MAX_ATTEMPTS:
        delivery.state, delivery.next_try_at = DeliveryState.FAILED, None
        logger.error(
            "Delivery %s is given up after %s tries: %s", delivery.uuid, delivery.attempts, delivery.last_error
        )
    else:
        delivery.next_try_at = now + delay(delivery.attempts)
        logger.warning("Delivery %s failed, try %s: %s", delivery.uuid, delivery.attempts, delivery.last_error)
    delivery.save()


def delay(attempts: int) -> dt.timedelta:
    """How long to wait after a number of failed tries: a minute, then doubled, at most six hours."""
    return min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)


def replay(*, delivery: Delivery, by: User | None, now: dt.datetime) -> Delivery:
    """Send again, with all tries anew, to the address the reader has today; who asked is kept.

    `by` None is the command line. Raises door.Refused for who may not, and ReplayRefused when it is already waiting to
    be sent or its reader can no longer be reached.
    """
    with transaction.atomic():
        rows = Delivery.objects.select_for_update(of=("self",), no_key=True).select_related("message__recipient")
        fresh = rows.get(pk=delivery.pk)
        if by is not None and not door.may(by, "replay", fresh):
            raise door.Refused(door.reasons.of(door.permission_of(fresh, "replay")))
        if fresh.state == DeliveryState.PENDING:
            raise ReplayRefused(_("This message is already waiting to be sent."))
        reader = fresh.message.recipient
        if not (reader.email and reader.is_active):
            raise ReplayRefused(_("%s has no e-mail address or is no longer active.") % reader)
        fresh.state, fresh.attempts, fresh.next_try_at = DeliveryState.PENDING, 0, now
        fresh.address, fresh.replayed_at, fresh.replayed_by = reader.email, now, by
        fresh.save()
    return fresh


def mark_read(*, message: Message, now: dt.datetime) -> None:
    """The reader has opened it; the first time counts."""
    Message.objects.filter(pk=message.pk, read_at__isnull=True).update(read_at=now)


def mark_all_read(*, user: User, now: dt.datetime) -> int:
    """The reader has seen all of them; returns how many were unread."""
    return Message.objects.filter(recipient=user).unread().update(read_at=now)
