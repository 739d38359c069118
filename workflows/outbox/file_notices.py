"""Tell the administrators of files that only a person will mend: lost, altered, or given up by the check.

Each gets one message a day at most, when the numbers have changed, and once a week while they stay as they are.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from documents.care import queries
from documents.care.queries import Trouble
from qualification.accounts.enums import LIMIT_ROLES
from qualification.accounts.models import Membership
from qualification.regions.models import Authority
from workflows.outbox.enums import Kind
from workflows.outbox.models import Message

DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)
NUMBERS = {"lost": Trouble.LOST, "altered": Trouble.ALTERED, "gave_up": Trouble.GAVE_UP}


def sweep() -> int:
    """Write the messages that are due; returns how many."""
    return tell(now=timezone.now())


def tell(*, now: dt.datetime) -> int:
    """Tell every administrator who has not been told of these numbers; returns how many were."""
    found = queries.care(now=now)
    if not found.grave:
        return 0
    numbers = {name: found.numbers.get(trouble.value, 0) for name, trouble in NUMBERS.items()}
    with transaction.atomic():
        # Of two workers, one writes.
        list(Authority.objects.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk"))
        people = _administrators()
        last = {
            message.recipient_id: message
            for message in Message.objects.filter(kind=Kind.FILES_NEED_CARE, recipient__in=people).order_by("pk")
        }
        due = {user: place for user, place in people.items() if _is_due(last.get(user), numbers, now)}
        made = [_message(user, place, numbers, now) for user, place in due.items()]
        return len(Message.objects.bulk_create(made))


def _administrators() -> dict[int, int]:
    rows = Membership.objects.in_force().filter(role__in=LIMIT_ROLES, user__is_active=True, authority__is_trial=False)
    people = rows.order_by("-pk").values_list("user_id", "authority_id")
    return {user_id: authority_id for user_id, authority_id in people if authority_id is not None}


def _is_due(last: Message | None, numbers: dict[str, int], now: dt.datetime) -> bool:
    if last is None:
        return True
    return now - last.created_at >= (WEEK if last.facts == numbers else DAY)


def _message(user_id: int, authority_id: int, numbers: dict[str, int], now: dt.datetime) -> Message:
    return Message(
        recipient_id=user_id, authority_id=authority_id, kind=Kind.FILES_NEED_CARE, created_at=now, facts=numbers,
        subject_type=Authority._meta.label, subject_id=authority_id,
    )  # fmt: skip


def facts(authority: Authority, message: Message) -> dict[str, Any]:
    """What the text asks: how many files of each trouble there were."""
    return {name: message.facts.get(name, 0) for name in NUMBERS}
