"""Many clocks counted again at once: each distinct term once, all rows in one statement."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from workflows.clocks import ledger
from workflows.clocks.ledger import Place
from workflows.clocks.models import (
    CalendarPass,
    Clock,
    ClockExtension,
    ClockInterval,
    ClockMove,
    ClockQuerySet,
    Rung,
)

logger = logging.getLogger(__name__)

Days = tuple[dt.date, dt.date | None]


class Row(NamedTuple):
    """What of a clock its dates follow from, beside its pauses and its extension."""

    pk: int
    due_at: dt.datetime | None
    authority_id: int
    code: str
    edition: str
    unit: str
    budget: int
    started_on: dt.date
    until: dt.date | None
    # As text: one that is equal is told from one that is not without reading it.
    marks_text: str


Key = tuple[Any, ...]


def lock(clocks: ClockQuerySet, limit: int) -> list[Row]:
    """The first clocks that nobody is working on, locked."""
    free = clocks.select_for_update(of=("self",), no_key=True, skip_locked=True)
    rows = free.annotate(marks_text=Cast("marks", TextField())).values_list(*Row._fields)
    return [Row(*row) for row in rows[:limit]]


class Reckoning:
    """Counts terms under today's calendars and keeps what it has counted."""

    def __init__(self) -> None:
        self._places: dict[int, Place] = {}
        # What COPY takes for a term, by its number; None where it cannot be counted.
        self._lines: list[str | None] = []
        self._numbers: dict[Key, int] = {}

    def write(self, rows: Sequence[Row], one: CalendarPass) -> int:
        """Set the dates of locked clocks where they differ, and note whose due moment has moved; returns how many."""
        if not rows:
            return 0
        terms = self._terms(rows)
        counted = [(row, term) for row, term in zip(rows, terms, strict=True) if self._lines[term] is not None]
        with connection.cursor() as cursor:
            cursor.execute(_TABLES)
            _copy(cursor, "term", (f"{term}\t{self._lines[term]}" for term in {term for _row, term in counted}))
            _copy(cursor, "mover", (f"{row.pk}\t{row.due_at or _NULL}\t{term}" for row, term in counted))
            cursor.execute(_WRITE, [one.edition, one.pk])
            moved = int(cursor.rowcount)
            cursor.execute("DROP TABLE pg_temp.term, pg_temp.mover")
        return moved

    def _terms(self, rows: Sequence[Row]) -> list[int]:
        """The number of each clock's term."""
        pauses, extensions = _pauses(rows), _extensions(rows)
        keys = [(*row[2:], pauses.get(row.pk), extensions.get(row.pk)) for row in rows]
        first = {key: row.pk for row, key in zip(rows, keys, strict=True) if key not in self._numbers}
        if first:
            self._count(first)
        return [self._numbers[key] for key in keys]

    def _count(self, first: dict[Key, int]) -> None:
        """Count each new term by one clock that has it."""
        clocks = Clock.objects.filter(pk__in=list(first.values())).order_by("pk")
        by_pk = {clock.pk: clock for clock in clocks.select_related("extension").prefetch_related("intervals")}
        for key, pk in first.items():
            self._numbers[key] = len(self._lines)
            self._lines.append(self._line(by_pk[pk]))

    def _line(self, clock: Clock) -> str | None:
        place = self._places.get(clock.authority_id)
        if place is None:
            place = self._places[clock.authority_id] = ledger.place_of(clock.authority_id)
        try:
            ledger.project(clock, ledger.count_of(clock, place.calendar), place)
        except Exception as error:
            logger.exception("Clock %s cannot be counted again; its dates stay.", clock.pk)
            Clock.objects.filter(pk=clock.pk).update(last_error=f"{type(error).__name__}: {error}"[:2000])
            return None
        ladder = json.dumps(clock.ladder)
        moments = (clock.due_at or _NULL, clock.warn_at or _NULL)
        return "\t".join(str(value) for value in (*moments, clock.is_provisional, ladder))


_PAUSES = f"""
    SELECT clock_id, (paused_at AT TIME ZONE 'Asia/Shanghai')::date, (resumed_at AT TIME ZONE 'Asia/Shanghai')::date
    FROM {ClockInterval._meta.db_table} WHERE clock_id = ANY(%s) AND superseded_at IS NULL
    ORDER BY clock_id, paused_at, id
"""  # noqa: S608 - name of our own table
_EXTENSIONS = f"SELECT clock_id, days FROM {ClockExtension._meta.db_table} WHERE clock_id = ANY(%s)"  # noqa: S608


def _pauses(rows: Sequence[Row]) -> dict[int, tuple[Days, ...]]:
    """The pauses of these clocks in days: clocks that paused on the same days count alike."""
    found: dict[int, tuple[Days, ...]] = {}
    for clock_id, paused_on, resumed_on in _of(_PAUSES, rows):
        found[clock_id] = (*found.get(clock_id, ()), (paused_on, resumed_on))
    return found


def _extensions(rows: Sequence[Row]) -> dict[int, int]:
    return dict(_of(_EXTENSIONS, rows))


def _of(sql: str, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [[row.pk for row in rows]])
        return list(cursor.fetchall())


_NULL = r"\N"

_TABLES = """
    CREATE TEMPORARY TABLE term (
        term integer PRIMARY KEY, due_at timestamptz, warn_at timestamptz, is_provisional boolean, ladder jsonb);
    CREATE TEMPORARY TABLE mover (id bigint, due_at timestamptz, term integer)
"""

# The next rung is the first of the new ladder that has not fired; a paused clock has none.
_WRITE = f"""
    WITH written AS (
        UPDATE {Clock._meta.db_table} AS clock
        SET due_at = term.due_at, is_provisional = term.is_provisional, warn_at = term.warn_at, ladder = term.ladder,
            calendar_edition = %s,
            next_rung_at = CASE WHEN clock.state = 'running' THEN (
                SELECT min((step ->> 1)::timestamptz) FROM jsonb_array_elements(term.ladder) AS step
                WHERE step ->> 0 <> ALL (ARRAY(
                    SELECT rung.name::text FROM {Rung._meta.db_table} AS rung WHERE rung.clock_id = clock.id))
            ) END
        FROM pg_temp.mover AS mover JOIN pg_temp.term AS term USING (term)
        WHERE clock.id = mover.id AND (
            clock.due_at IS DISTINCT FROM term.due_at OR clock.is_provisional <> term.is_provisional
            OR clock.warn_at IS DISTINCT FROM term.warn_at OR clock.ladder <> term.ladder)
        RETURNING clock.id, mover.due_at AS due_before, clock.due_at AS due_after
    )
    INSERT INTO {ClockMove._meta.db_table} (calendar_pass_id, clock_id, due_before, due_after)
    SELECT %s, id, due_before, due_after FROM written WHERE due_before IS DISTINCT FROM due_after
    ON CONFLICT (calendar_pass_id, clock_id) DO UPDATE SET due_after = excluded.due_after
"""  # noqa: S608 - names of our own tables


def _copy(cursor: Any, table: str, lines: Iterable[str]) -> None:
    """Fill a temporary table; no value of ours has a tab, a line break or a backslash of its own."""
    with cursor.copy(f"COPY pg_temp.{table} FROM STDIN") as copy:
        copy.write("".join(f"{line}\n" for line in lines))
