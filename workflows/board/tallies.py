"""The tallies' own SQL: the triggers that append deltas, the fold, the comparison with the clocks, the repair.

facts     what one clock counts for: (authority, code, kinds, holder, measure, moment, n)
explode   the facts by every dimension and grain in which the tallies keep them
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from workflows.board.enums import Dim, Measure

# A whole count of the clocks may take long, and sorts in memory what it can.
_AT_LENGTH = "SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '256MB'"
# Only one process at a time changes the tallies; writers of clocks never wait for it.
LOCK = 0x_C10C
FOLDED_AT_ONCE = 20_000
ZONE = "Asia/Shanghai"
NEVER = "9999-12-27 00:00+08"
FACT = "authority_id, code, kinds, holder, measure, moment"
KEY = "dim, grain, authority_id, period, code, kind, holder, moment"
COUNTS = ", ".join(Measure.values)

# A paused clock without a due moment counts at NEVER. "At risk" begins at the warning and ends at the due moment.
# An outcome counts in the month of its last day: a limit of 31 October is missed at 00:00 of 1 November.
_LAST = f"coalesce(c.breached_at - interval '1 microsecond', c.stopped_at) AT TIME ZONE '{ZONE}'"
_OUTCOME = """CASE WHEN c.breached_at IS NULL THEN CASE c.state WHEN 'stopped' THEN 'kept' ELSE 'run_out' END
    WHEN c.excused_at IS NULL THEN 'missed' ELSE 'excused' END"""
_WARNED = "c.state = 'running' AND c.warn_at < c.due_at"
# Measure, moment, how many, and of which clocks.
_FACTS = (
    ("c.state", f"coalesce(c.due_at, '{NEVER}'::timestamptz)", 1, "c.state IN ('running', 'paused')"),
    ("'provisional'", "c.due_at", 1, "c.state = 'running' AND c.is_provisional"),
    ("'risk'", "c.warn_at", 1, _WARNED),
    ("'risk'", "c.due_at", -1, _WARNED),
    (
        _OUTCOME, f"date_trunc('month', {_LAST}) AT TIME ZONE '{ZONE}'", 1,
        "(c.breached_at IS NOT NULL OR c.state IN ('stopped', 'expired'))",
    ),
)  # fmt: skip

# Each dimension: its name, and what it keeps of a fact; "*" and -1 are what it sums up.
_DIMS = (
    ("stage", "code", "'*'", "-1", "TRUE"),
    ("kind", "'*'", "kind", "-1", "TRUE"),
    ("kind_stage", "code", "kind", "-1", "TRUE"),
    ("person", "'*'", "'*'", "holder", "TRUE"),
    ("nobody", "code", "'*'", "0", "holder = 0"),
    ("nobody_kind", "'*'", "kind", "0", "holder = 0"),
)
_BY_KIND = "unnest(CASE WHEN kinds = '' THEN ARRAY[''] ELSE string_to_array(kinds, ',') END) AS k (kind)"
_OPEN = "('running', 'paused', 'provisional', 'risk')"


def facts(table: str, sign: str = "1") -> str:
    """SQL of what the clocks of a table count for, each clock read once; `sign` is a number or a column of theirs."""
    found = ", ".join(f"({where}, {measure}, {moment}, {number})" for measure, moment, number, where in _FACTS)
    return (
        f"SELECT c.authority_id, c.code, c.kinds, coalesce(c.holder_id, 0) AS holder, f.measure, f.moment,"  # noqa: S608
        f" f.n * {sign} AS n FROM {table} c"
        f" CROSS JOIN LATERAL (VALUES {found}) AS f (counts, measure, moment, n) WHERE NOT c.is_trial AND f.counts"
    )


def _each(template: str, between: str = ", ") -> str:
    return between.join(template.format(measure) for measure in Measure.values)


_COUNTED = _each("coalesce(sum(n) FILTER (WHERE measure = '{0}'), 0)::int AS {0}")


def _of_dim(source: str, dim: str, code: str, kind: str, holder: str, where: str) -> str:
    table = f"{source}, {_BY_KIND}" if kind == "kind" else source
    return (
        f"SELECT '{dim}' AS dim, authority_id, {code} AS code, {kind} AS kind, {holder} AS holder, moment,"  # noqa: S608
        f" measure IN {_OPEN} AS is_open, {_COUNTED} FROM {table} WHERE {where} GROUP BY 2, 3, 4, 5, 6, 7"
    )


def explode(source: str, only: Collection[str] = frozenset(Dim.values)) -> str:
    """SQL of facts by dimension (all, or some only) and grain; `source` is the name of their table."""
    dims = " UNION ALL ".join(_of_dim(source, *dim) for dim in _DIMS if dim[0] in only)
    return f"""
        SELECT d.dim, g.grain, d.authority_id, g.period, d.code, d.kind, d.holder, g.moment, {COUNTS}
        FROM ({dims}) AS d
        CROSS JOIN LATERAL (
            SELECT date_trunc('week', (d.moment - interval '1 microsecond') AT TIME ZONE '{ZONE}') AS monday
        ) AS w
        CROSS JOIN LATERAL (
            SELECT 'week' AS grain, w.monday::date AS period,
                (w.monday + interval '7 days') AT TIME ZONE '{ZONE}' AS moment WHERE d.is_open
            UNION ALL SELECT 'moment', w.monday::date, d.moment WHERE d.is_open
            UNION ALL SELECT 'month', (d.moment AT TIME ZONE '{ZONE}')::date, d.moment WHERE NOT d.is_open
        ) AS g
    """  # noqa: S608


PENDING = explode("board_delta")


def _append(facts_of_rows: str) -> str:
    return (
        f"INSERT INTO board_delta ({FACT}, n) SELECT {FACT}, sum(n) FROM ({facts_of_rows}) AS all_facts"  # noqa: S608
        f" GROUP BY {FACT} HAVING sum(n) <> 0;"
    )


# Of an update both sides, and of rows that count alike only how many more or fewer there are.
_SEEN_OF = (
    "is_trial, authority_id, code, kinds, holder_id, state, due_at, warn_at, is_provisional, breached_at, excused_at,"
    " stopped_at"
)
_CHANGED = (
    f"(SELECT {_SEEN_OF}, sum(sign) AS sign FROM (SELECT {_SEEN_OF}, 1 AS sign FROM new_rows UNION ALL"  # noqa: S608
    f" SELECT {_SEEN_OF}, -1 FROM old_rows) AS sides GROUP BY {_SEEN_OF} HAVING sum(sign) <> 0)"
)


_FUNCTION = f"""
CREATE OR REPLACE FUNCTION board_count() RETURNS trigger LANGUAGE plpgsql AS $board$
BEGIN
    IF TG_OP = 'INSERT' THEN {_append(facts("new_rows"))}
    ELSIF TG_OP = 'UPDATE' THEN {_append(facts(_CHANGED, "c.sign"))}
    ELSIF TG_OP = 'DELETE' THEN {_append(facts("old_rows", "-1"))}
    ELSE DELETE FROM board_delta; DELETE FROM board_tally;
    END IF;
    RETURN NULL;
END
$board$;
"""  # noqa: S608
_SEEN = {
    "insert": "REFERENCING NEW TABLE AS new_rows", "delete": "REFERENCING OLD TABLE AS old_rows",
    "update": "REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows", "truncate": "",
}  # fmt: skip
_TRIGGERS = "".join(
    f"CREATE OR REPLACE TRIGGER board_{event} AFTER {event.upper()} ON clocks_clock {rows}"
    " FOR EACH STATEMENT EXECUTE FUNCTION board_count();\n"
    for event, rows in _SEEN.items()
)
# Whatever changes how clocks are counted or kept makes `install` count anew.
_VERSION = hashlib.sha256((_FUNCTION + _TRIGGERS + PENDING).encode()).hexdigest()
_INSTALLED = """
    SELECT to_regclass('clocks_clock') IS NOT NULL AND to_regclass('board_tally') IS NOT NULL,
           obj_description(to_regprocedure('board_count()'), 'pg_proc') = %s AND (
               SELECT count(*) FROM pg_trigger
               WHERE tgrelid = to_regclass('clocks_clock') AND tgfoid = to_regprocedure('board_count()')) = %s
"""


def install(**kwargs: Any) -> bool:
    """Put the triggers on the clocks where they are missing or old, and count anew; returns whether it had to.

    Called after every `migrate`, and so in tests without migrations, too.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INSTALLED, [_VERSION, len(_SEEN)])
        has_tables, is_current = cursor.fetchone()
        if not has_tables or is_current:
            return False
        cursor.execute(_FUNCTION + _TRIGGERS)
        cursor.execute(f"COMMENT ON FUNCTION board_count() IS '{_VERSION}'")
        rebuild()
    return True


@contextmanager
def _alone() -> Iterator[Any]:
    """A transaction in which nobody else changes the tallies; its statements may take long."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_AT_LENGTH)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield cursor


_SUMMED = _each("sum({0})::int AS {0}")
_SOME = _each("sum({0}) <> 0", " OR ")
_ADD = f"ON CONFLICT ({KEY}) DO UPDATE SET {_each('{0} = board_tally.{0} + excluded.{0}')}"
_FOLD = f"""
    WITH taken AS (
        DELETE FROM board_delta WHERE id IN (SELECT id FROM board_delta ORDER BY id LIMIT %s) RETURNING {FACT}, n
    ), summed AS MATERIALIZED (SELECT {FACT}, sum(n) AS n FROM taken GROUP BY {FACT} HAVING sum(n) <> 0),
    added AS (
        INSERT INTO board_tally ({KEY}, {COUNTS})
        SELECT {KEY}, {_SUMMED} FROM ({explode("summed")}) AS parts GROUP BY {KEY} HAVING {_SOME} {_ADD}
    )
    SELECT count(*) FROM taken
"""  # noqa: S608


def fold() -> int:
    """Move the deltas there are into the tallies, in one statement at a time; returns how many were moved.

    Readers see each change once, before as a delta or after in a tally; two folds take turns.
    """
    moved = FOLDED_AT_ONCE
    total = 0
    while moved == FOLDED_AT_ONCE:
        with _alone() as cursor:
            cursor.execute(_FOLD, [FOLDED_AT_ONCE])
            moved = int(cursor.fetchone()[0])
        total += moved
    return total


_PRUNE = f"DELETE FROM board_tally WHERE {_each('{0} = 0', ' AND ')}"  # noqa: S608


def prune() -> int:
    """Remove tallies that have become zero; returns how many."""
    with _alone() as cursor:
        cursor.execute(_PRUNE)
        return int(cursor.rowcount)


# One statement, one snapshot: what the clocks say, less what tallies and deltas say.
_DIFFERENCES = f"""
    WITH truth AS MATERIALIZED (
        SELECT {FACT}, sum(n) AS n FROM ({facts("clocks_clock")}) AS raw GROUP BY {FACT}
    )
    SELECT {KEY}, {_SUMMED} FROM (
        {explode("truth")}
        UNION ALL SELECT {KEY}, {_each("-{0}")} FROM board_tally
        UNION ALL SELECT {KEY}, {_each("-{0}")} FROM ({PENDING}) AS pending
    ) AS both_sides GROUP BY {KEY} HAVING {_SOME}
"""  # noqa: S608


def differences() -> list[tuple[Any, ...]]:
    """Tallies that differ from a raw count of the clocks: their key, and of each measure by how many they are too low."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_AT_LENGTH)
        cursor.execute(f"{_DIFFERENCES} ORDER BY {KEY}")
        return list(cursor.fetchall())


def rebuild() -> int:
    """Correct every tally that differs from the clocks, while others write; returns how many differed."""
    with _alone() as cursor:
        cursor.execute(f"INSERT INTO board_tally ({KEY}, {COUNTS}) {_DIFFERENCES} {_ADD}")
        return int(cursor.rowcount)


def findings() -> list[str]:
    """The differences as sentences."""
    return [_sentence(row) for row in differences()]


def _sentence(row: tuple[Any, ...]) -> str:
    dim, grain, authority, period, code, kind, holder, moment, *counts = row
    wrong = ", ".join(f"{measure} {-n:+d}" for measure, n in zip(Measure.values, counts, strict=True) if n)
    return (
        f"board: the tally by {dim} ({grain}) of authority {authority}, {period}, code {code}, kind {kind}, person {holder},"
        f" {moment:%Y-%m-%d %H:%M} is wrong by {wrong}."
    )
