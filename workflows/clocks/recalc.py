"""Open clocks worked out again after a change of calendar.

One `CalendarPass` per change goes through the open clocks in the order of their numbers, a chunk per transaction, and
keeps its place: killed, it goes on where it was. Only clocks whose count can meet a changed day are looked at, each
distinct term is counted once, and only rows whose dates differ are written. A clock that is being worked on just then
is left and taken up again; the pass has finished when none is left, and only then are people told, each once.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction
from django.db.models import QuerySet

from qualification.regions import calendars
from workflows.clocks import changes, executors
from workflows.clocks.models import CalendarPass, Clock, ClockQuerySet
from workflows.clocks.reckoning import Reckoning

CHUNK = 10_000
# Where the cursor stands before the first clock, and after the last.
NOT_BEGUN, AT_END = -1, 2**62


def finished() -> QuerySet[CalendarPass]:
    """Passes that are over, the newest edition first: the dates of all open clocks are right under it."""
    return CalendarPass.objects.filter(finished_at__isnull=False).order_by("-edition")


def right_since() -> int:
    """Clocks written under an older edition than this may have dates of an older calendar; 0: there are none such."""
    newest = calendars.newest_edition()
    return 0 if finished().filter(edition__gte=newest).exists() else newest


def in_hand() -> CalendarPass | None:
    """The pass that is going on, for whoever shows how far it is."""
    return CalendarPass.objects.filter(finished_at=None).order_by("pk").first()


def reproject(now: dt.datetime) -> int:
    """Count the open clocks again that a newer calendar can move; pauses and extensions stay.

    Returns how many moved in this run; the people concerned are told when all have been looked at. A limit already
    missed stays as it was recorded, and clocks that have ended are not touched. Does nothing while another worker is at
    it; what it cannot finish is gone on with by the next sweep.
    """
    run: _Run | None = None
    moved = 0
    while True:
        with transaction.atomic():
            one = _taken(now)
            if one is None:
                return moved
            if run is None or run.edition != one.edition:
                run = _Run(one)
            before = one.moved
            goes_on = run.go_on(one, now)
            one.save()
            moved += one.moved - before
        if not goes_on:
            return moved


def _taken(now: dt.datetime) -> CalendarPass | None:
    """The pass to the newest calendar, locked; None if there is nothing to do or another worker has it."""
    newest = calendars.newest_edition()
    if newest == 0 or finished().filter(edition__gte=newest).exists():
        return None
    CalendarPass.objects.bulk_create(
        [CalendarPass(edition=newest, started_at=now, cursor=NOT_BEGUN)], ignore_conflicts=True
    )
    rows = CalendarPass.objects.select_for_update(of=("self",), skip_locked=True)
    one = rows.filter(finished_at=None).order_by("pk").first()
    if one is not None and (one.edition != newest or one.cursor == NOT_BEGUN):
        _begin(one, newest)
    return one


def _begin(one: CalendarPass, newest: int) -> None:
    """Set the pass to its start. A calendar that changes again meanwhile begins it anew; what has moved is kept."""
    one.edition, one.cursor, one.checked, one.held_up = newest, 0, 0, []
    one.waits_for = sorted(_writers())
    one.total = _concerned(newest).count() if one.waits_for else 0


def _concerned(newest: int) -> ClockQuerySet:
    """Open clocks that the changes since the last finished pass can move."""
    since = finished().values_list("edition", flat=True).first()
    clocks = Clock.objects.open().filter(breached_at=None, until=None)
    return clocks if since is None else clocks.filter(changes.can_move(since, newest))


def _writers() -> set[int]:
    """Numbers of the transactions that other sessions of this database have open and have locked or written in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT backend_xid::text::bigint FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_xid IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return {number for (number,) in cursor.fetchall()}


class _Run:
    """One worker's work on a pass: which clocks it goes through, and the terms it has counted so far."""

    def __init__(self, one: CalendarPass) -> None:
        self.edition = one.edition
        self.reckoning: Reckoning | None = None

    def go_on(self, one: CalendarPass, now: dt.datetime) -> bool:
        """Do the next piece; whether another follows at once."""
        if one.waits_for:
            # A step that read the old calendar may not have written its clock yet: not before it has ended.
            one.waits_for = sorted(_writers().intersection(one.waits_for))
            if one.waits_for:
                return False
        if self.reckoning is None:
            self.reckoning = Reckoning(_concerned(one.edition))
            one.total = one.total if one.cursor else self.reckoning.total
        if one.cursor < AT_END:
            self._next_chunk(one, self.reckoning)
            return True
        if one.held_up:
            one.held_up = self._write(one, self.reckoning, self.reckoning.lock_these(one.held_up))
        if one.held_up:
            return False
        if one.moved:
            executors.notify_moved(one, now)
        one.finished_at = now
        return False

    def _next_chunk(self, one: CalendarPass, reckoning: Reckoning) -> None:
        # A crash that loses the last chunks sets the cursor back with them: the disk need not be waited for. A chunk's
        # clocks are found by their numbers and lie together.
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off; SET LOCAL random_page_cost = 1.1")
        last = reckoning.upto(one.cursor, CHUNK)
        upto = AT_END if last is None else last
        one.held_up += self._write(one, reckoning, reckoning.lock(one.cursor, upto))
        one.cursor = upto

    def _write(self, one: CalendarPass, reckoning: Reckoning, busy: list[int]) -> list[int]:
        one.checked += reckoning.held
        one.moved += reckoning.write(one)
        return busy
