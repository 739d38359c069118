"""Open clocks worked out again after a calendar change."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet

from qualification.regions import calendars
from workflows.clocks import executors, ledger
from workflows.clocks.ledger import Place
from workflows.clocks.models import Clock

CHUNK = 1000


def reproject(now: dt.datetime) -> int:
    """Count every open clock again that was counted under an older calendar; pauses and extensions stay.

    Returns how many moved; the people concerned are told. A limit already missed stays as it was recorded, and clocks
    that have ended are not touched. A clock that is just being worked on is taken by the next sweep.
    """
    newest = calendars.newest_edition()
    places: dict[int, Place] = {}
    moved = after = 0
    while True:
        with transaction.atomic():
            clocks = list(_stale(newest).filter(pk__gt=after)[:CHUNK])
            moved += sum(_move(clock, places, now) for clock in clocks)
            Clock.objects.bulk_update(clocks, ledger.PROJECTED)
        if len(clocks) < CHUNK:
            return moved
        after = clocks[-1].pk


def _stale(newest: int) -> QuerySet[Clock]:
    return (
        Clock.objects.open()
        .filter(calendar_edition__lt=newest)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("extension")
        .prefetch_related("intervals", "rungs")
        .order_by("pk")
    )


def _move(clock: Clock, places: dict[int, Place], now: dt.datetime) -> bool:
    """Set the clock's dates, unsaved; whether its due moment has moved."""
    place = places.get(clock.authority_id) or places.setdefault(clock.authority_id, ledger.place_of(clock.authority_id))
    if clock.breached_at is not None:
        clock.calendar_edition = place.calendar_edition
        return False
    before = clock.due_at
    fired = [rung.name for rung in clock.rungs.all()]
    ledger.project(clock, ledger.count_of(clock, place.calendar), place, fired)
    if clock.due_at == before:
        return False
    executors.notify(clock, executors.MOVED, now)
    return True
