"""A calendar put in force: a new edition, the people told, and the open clocks worked out again in the hurry.

The sweep of the clocks works them out in any case; the job only begins at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from qualification.regions import calendar_drafts
from qualification.regions.models import CalendarDraft, CalendarYear
from workflows.clocks.tasks import work_out_again

if TYPE_CHECKING:
    from qualification.accounts.models import User

Listener = Callable[[CalendarYear, dt.datetime], object]
_listeners: list[Listener] = []


def register_listener(listener: Listener) -> None:
    """Add somebody to be told of every edition that comes into force, in the same transaction."""
    if listener not in _listeners:
        _listeners.append(listener)


def apply(
    *, draft: CalendarDraft, reason: str, by: User | None, now: dt.datetime, seen: int | None = None
) -> CalendarYear:
    """Put a draft in force; the open clocks move after the commit. Raises what `calendar_drafts.apply` raises."""
    with transaction.atomic():
        edition = calendar_drafts.apply(draft=draft, reason=reason, by=by, now=now, seen=seen)
        in_force([edition], now)
    return edition


def in_force(editions: Sequence[CalendarYear], now: dt.datetime) -> None:
    """Tell of editions that have just come into force and have the open clocks worked out again; none: nothing.

    In the transaction that wrote them.
    """
    for edition in editions:
        for listener in _listeners:
            listener(edition, now)
    if editions:
        work_out_again.enqueue()
