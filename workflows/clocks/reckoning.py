"""Many clocks counted again at once, inside the database: each distinct term once, and only what differs is written.

A run keeps tables in its session: `concerned`, the clocks it goes through; `held`, those of the chunk that are locked;
`keyed`, the same with all that their dates follow from; `term`, every term counted so far, with its dates. Python sees a
clock only where its term is new.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

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

# What of a clock its dates and its next rung follow from, beside its pauses, its extension and the rungs that have fired.
_FACTS = ("authority_id", "code", "unit", "budget", "started_on", "state")
_KEYS = (*_FACTS, "days", "pauses", "fired")
_KEY = ", ".join(_KEYS)
_SAME = " AND ".join(f"term.{name} = keyed.{name}" for name in _KEYS)
_DATES = ("can_be", "due_at", "warn_at", "next_rung_at", "is_provisional", "ladder")
_NULL = r"\N"

_TABLES = """
    DROP TABLE IF EXISTS pg_temp.concerned, pg_temp.held, pg_temp.keyed, pg_temp.counted, pg_temp.term;
    CREATE TEMPORARY TABLE concerned (id bigint PRIMARY KEY);
    CREATE TEMPORARY TABLE held (
        id bigint, due_at timestamptz, authority_id bigint, code text, unit text, budget integer, started_on date,
        state text);
    CREATE TEMPORARY TABLE keyed (LIKE held, days integer, pauses text, fired text);
    CREATE TEMPORARY TABLE counted (
        id bigint, can_be boolean, due_at timestamptz, warn_at timestamptz, next_rung_at timestamptz,
        is_provisional boolean, ladder jsonb);
    CREATE TEMPORARY TABLE term (LIKE keyed);
    ALTER TABLE pg_temp.term DROP COLUMN id, DROP COLUMN due_at, ADD COLUMN can_be boolean, ADD COLUMN due_at timestamptz,
        ADD COLUMN warn_at timestamptz, ADD COLUMN next_rung_at timestamptz, ADD COLUMN is_provisional boolean,
        ADD COLUMN ladder jsonb
"""

_HOLD = f"""
    INSERT INTO pg_temp.held SELECT id, due_at, {", ".join(_FACTS)}
    FROM ({{free}}) AS free (id, due_at, {", ".join(_FACTS)})
"""  # noqa: S608 - names of our own columns

# Read when the clocks are locked: nobody adds a pause, an extension or a rung to them any more. Pauses count in days.
_READ = f"""
    INSERT INTO pg_temp.keyed
    SELECT held.*, coalesce(extension.days, 0), coalesce(pauses.days, ''), coalesce(rungs.names, '')
    FROM pg_temp.held AS held
    LEFT JOIN {ClockExtension._meta.db_table} AS extension ON extension.clock_id = held.id
    LEFT JOIN (
        SELECT clock_id, string_agg(
            (paused_at AT TIME ZONE 'Asia/Shanghai')::date || '/'
            || coalesce(((resumed_at AT TIME ZONE 'Asia/Shanghai')::date)::text, ''), ' ' ORDER BY paused_at, id) AS days
        FROM {ClockInterval._meta.db_table}
        WHERE superseded_at IS NULL AND clock_id IN (SELECT id FROM pg_temp.held) GROUP BY clock_id
    ) AS pauses ON pauses.clock_id = held.id
    LEFT JOIN (
        SELECT clock_id, string_agg(name, ' ' ORDER BY name) AS names
        FROM {Rung._meta.db_table} WHERE clock_id IN (SELECT id FROM pg_temp.held) GROUP BY clock_id
    ) AS rungs ON rungs.clock_id = held.id
"""  # noqa: S608 - names of our own tables

_NEW = f"""
    SELECT min(id) FROM pg_temp.keyed AS keyed
    WHERE NOT EXISTS (SELECT FROM pg_temp.term AS term WHERE {_SAME}) GROUP BY {_KEY} ORDER BY 1
"""  # noqa: S608

_LEARN = f"""
    INSERT INTO pg_temp.term ({_KEY}, {", ".join(_DATES)})
    SELECT {_KEY}, {", ".join(f"counted.{name}" for name in _DATES)}
    FROM pg_temp.counted AS counted JOIN pg_temp.keyed AS keyed USING (id);
    ANALYZE pg_temp.term
"""  # noqa: S608

_WRITE = f"""
    WITH written AS (
        UPDATE {Clock._meta.db_table} AS clock
        SET due_at = term.due_at, is_provisional = term.is_provisional, warn_at = term.warn_at, ladder = term.ladder,
            next_rung_at = term.next_rung_at, calendar_edition = %(edition)s
        FROM pg_temp.keyed AS keyed JOIN pg_temp.term AS term ON {_SAME}
        WHERE clock.id = keyed.id AND term.can_be AND (
            clock.due_at IS DISTINCT FROM term.due_at OR clock.is_provisional <> term.is_provisional
            OR clock.warn_at IS DISTINCT FROM term.warn_at OR clock.ladder <> term.ladder)
        RETURNING clock.id, keyed.due_at AS due_before, clock.due_at AS due_after
    )
    INSERT INTO {ClockMove._meta.db_table} (calendar_pass_id, clock_id, due_before, due_after)
    SELECT %(pass)s, id, due_before, due_after FROM written WHERE due_before IS DISTINCT FROM due_after
    ON CONFLICT (calendar_pass_id, clock_id) DO UPDATE SET due_after = excluded.due_after
"""  # noqa: S608


class Reckoning:
    """One run through many clocks: counts terms under today's calendars and keeps what it has counted.

    `lock` and `write` belong into one transaction, `held` is how many clocks are locked in it. The run's tables last as
    long as the connection.
    """

    def __init__(self, clocks: ClockQuerySet) -> None:
        """Note which clocks there are to go through."""
        self._clocks = clocks
        self._places: dict[int, Place] = {}
        self.held = 0
        sql, params = clocks.order_by("pk").values_list("pk").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(_TABLES)
            cursor.execute(f"INSERT INTO pg_temp.concerned {sql}", params)
            self.total = int(cursor.rowcount)
            cursor.execute("ANALYZE pg_temp.concerned")

    def upto(self, after: int, limit: int) -> int | None:
        """The last of the next `limit` clocks after a number; None where fewer are left."""
        last = _numbers(
            "SELECT id FROM pg_temp.concerned WHERE id > %s ORDER BY id LIMIT 1 OFFSET %s", after, limit - 1
        )
        return last[0] if last else None

    def lock(self, after: int, upto: int) -> list[int]:
        """Lock the clocks of this range that nobody is working on; returns those that somebody has, to be taken later."""
        return self._hold("SELECT id FROM pg_temp.concerned WHERE id > %s AND id <= %s", after, upto)

    def lock_these(self, numbers: list[int]) -> list[int]:
        """Lock these clocks, as far as nobody is working on them; returns those that somebody has."""
        return self._hold("SELECT unnest(%s::bigint[])", numbers)

    def _hold(self, which: str, *values: Any) -> list[int]:
        # Asked again of each clock: it may have ended, or been counted by a step, since the run began.
        concerned = self._clocks.filter(pk__in=RawSQL(which, values)).order_by("pk")  # noqa: S611 - our own words
        free = concerned.select_for_update(of=("self",), no_key=True, skip_locked=True)
        sql, params = free.values_list("pk", "due_at", *_FACTS).query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE pg_temp.held, pg_temp.keyed, pg_temp.counted")
            cursor.execute(_HOLD.format(free=sql), params)
            self.held = int(cursor.rowcount)
        if self.held == _numbers(f"SELECT count(*) FROM ({which}) AS wanted", *values)[0]:  # noqa: S608 - our own words
            return []
        locked = RawSQL("SELECT id FROM pg_temp.held", ())
        return list(concerned.exclude(pk__in=locked).values_list("pk", flat=True))

    def write(self, one: CalendarPass) -> int:
        """Set the dates of the locked clocks where they differ, and note whose due moment has moved; returns how many."""
        with connection.cursor() as cursor:
            cursor.execute(_READ)
            if new := _numbers(_NEW):
                # The lines first: counting asks the database, which hears nothing else while it copies.
                lines = "".join(self._lines(new))
                with cursor.copy("COPY pg_temp.counted FROM STDIN") as copy:
                    copy.write(lines)
                cursor.execute(_LEARN)
            cursor.execute(_WRITE, {"edition": one.edition, "pass": one.pk})
            return int(cursor.rowcount)

    def _lines(self, numbers: list[int]) -> list[str]:
        """Count each new term by one clock that has it, as COPY takes it."""
        clocks = Clock.objects.filter(pk__in=numbers).order_by("pk").select_related("extension")
        return [self._line(clock) for clock in clocks.prefetch_related("intervals", "rungs")]

    def _line(self, clock: Clock) -> str:
        place = self._places.get(clock.authority_id)
        if place is None:
            place = self._places[clock.authority_id] = ledger.place_of(clock.authority_id)
        fired = [rung.name for rung in clock.rungs.all()]
        try:
            ledger.project(clock, ledger.count_of(clock, place.calendar), place, fired)
        except Exception as error:
            logger.exception("Clock %s cannot be counted again; its dates stay.", clock.pk)
            Clock.objects.filter(pk=clock.pk).update(last_error=f"{type(error).__name__}: {error}"[:2000])
            return _line(clock.pk, False, *[None] * 5)
        moments = (clock.due_at, clock.warn_at, clock.next_rung_at)
        return _line(clock.pk, True, *moments, clock.is_provisional, json.dumps(clock.ladder))


def _line(*values: Any) -> str:
    """A line for COPY; no value of ours has a tab, a line break or a backslash of its own."""
    return "\t".join(_NULL if value is None else str(value) for value in values) + "\n"


def _numbers(sql: str, *values: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [number for (number,) in cursor.fetchall()]
