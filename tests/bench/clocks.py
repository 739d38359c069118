"""A million open clocks among five million: what is due, one rung, a changed calendar, the board, what if.

Builds its own database. `--open 100000` makes everything smaller (as does BENCH_OPEN for `make bench clocks`), four
clocks that have ended for each open one. Each line has its target beside it and says whether it is met; ratios come
from the same run, the two things in turns. The exit code is 1 where a target is missed. The targets are those of the
full size.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"

import django

django.setup()

from django.db import connection, transaction
from django.db.models import Q
from django.test.utils import setup_databases, teardown_databases
from viewflow.workflow.timers import fire_due_timers

from qualification.accounts.enums import Role
from qualification.applications.models import Application
from qualification.regions import calendars
from qualification.regions.calendars import SpecialDay, YearFile
from tests.bench.flows import TimedFlow
from tests.factories.cases import World
from tests.workflows.board.counted import numbers
from workflows.board import queries, raw, tallies
from workflows.board.figures import Bounds, Scope
from workflows.clocks import counting, ledger, recalc, sweep
from workflows.clocks.counting import Pause, Term
from workflows.clocks.models import CalendarPass, Clock
from workflows.clocks.policy import BY_CODE
from workflows.foresight import whatif

NOW = dt.datetime(2026, 11, 20, 10, tzinfo=counting.ZONE)
NEW_DAY_OFF = dt.date(2026, 11, 23)
CODES = {
    "acceptance": 5, "supplement": 30, "technical_review": 30, "file_review": 5, "verification": 5, "decision": 10,
    "issue": 7,
}  # fmt: skip
# Pauses of technical reviews: days after the start, and how long.
PAUSES: tuple[tuple[tuple[int, int], ...], ...] = ((), (), ((3, 4),), ((5, 6),), ((2, 3), (10, 5)))
CASES_PER = 10
PIECE = 500_000
DUE = 1000
TIMERS, BATCHES = 40, 20
# What a clock takes on disk with its indexes, its rungs and the write-ahead log, and what is free besides.
BYTES_EACH, BYTES_FREE = 2_500, 4 << 30


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement; with a target it says whether that is met."""

    what: str
    measured: str
    target: str = ""
    is_met: bool | None = None


Lines = list[Line]


def timed(what: str, value: float, unit: str, most: float, digits: int = 2) -> Line:
    """A measurement that must not be above a number."""
    return Line(what, f"{value:.{digits}f} {unit}", f"<= {most:g} {unit}", value <= most)


def say(text: str) -> None:
    """How far it is, with the seconds since the start."""
    print(f"[{time.perf_counter() - STARTED:4.0f} s] {text}", file=sys.stderr, flush=True)


STARTED = time.perf_counter()


def clocked(act: Callable[[], Any]) -> float:
    """Milliseconds of one run."""
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


def median(act: Callable[[], Any], runs: int) -> float:
    """Median milliseconds of many runs."""
    return statistics.median(clocked(act) for _ in range(runs))


def run(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall()) if cursor.description else []


# The clocks ---------------------------------------------------------------------------------------------------------


def terms(world: World) -> Iterator[tuple[Clock, tuple[Pause, ...]]]:
    """Every distinct open term of the bench, worked out by the ledger, not saved."""
    for authority in world.authorities.values():
        place = ledger.place_of(authority.pk)
        for code, budget in CODES.items():
            for back in range(1, 61):
                day = NOW.date() - dt.timedelta(days=back)
                for shape in PAUSES if code == "technical_review" else ((),):
                    pauses = tuple(Pause(day + dt.timedelta(days=a), day + dt.timedelta(days=a + n)) for a, n in shape)
                    clock = a_clock(authority.pk, code, budget, day)
                    term = Term(day, budget, clock.policy.unit, pauses)
                    ledger.project(clock, counting.count(term, place.calendar), place)
                    # What a service would carry out is not measured here: none of it comes due.
                    margin = dt.timedelta(days=5 if clock.policy.executor else 0)
                    if clock.due_at is not None and clock.due_at > NOW + margin:
                        yield clock, pauses


def a_clock(authority_id: int, code: str, budget: int, day: dt.date) -> Clock:
    """A running clock, not saved."""
    return Clock(
        authority_id=authority_id, code=code, subject_type=BY_CODE[code].subject, budget=budget,
        unit=BY_CODE[code].unit, started_on=day, started_at=dt.datetime.combine(day, dt.time(9), counting.ZONE),
        edition="163-2021",
    )  # fmt: skip


_TERM = """
    CREATE TEMPORARY TABLE bench_term (term serial, authority_id bigint, code text, subject_type text, budget int,
        unit text, started_on date, started_at timestamptz, due_at timestamptz, is_provisional boolean,
        calendar_edition bigint, next_rung_at timestamptz, warn_at timestamptz, ladder jsonb, pauses jsonb)
"""
_OPEN = """
    INSERT INTO clocks_clock (uuid, application_id, authority_id, code, subject_type, subject_id, edition, budget, marks,
        unit, started_at, started_on, due_at, is_provisional, calendar_edition, next_rung_at, warn_at, ladder, kinds,
        is_trial, state, excuse, last_error)
    SELECT gen_random_uuid(), %s + n %% %s, t.authority_id, t.code, t.subject_type, n, '163-2021', t.budget, '{}',
        t.unit, t.started_at, t.started_on, t.due_at, t.is_provisional, t.calendar_edition, t.next_rung_at, t.warn_at,
        t.ladder, 'first', false, 'running', '', ''
    FROM generate_series(%s, %s) AS n JOIN bench_term t ON t.term = 1 + (n::bigint * 7919) %% %s
"""
_ENDED = """
    INSERT INTO clocks_clock (uuid, application_id, authority_id, code, subject_type, subject_id, edition, budget, marks,
        unit, started_at, started_on, due_at, is_provisional, calendar_edition, warn_at, ladder, kinds, is_trial, state,
        stopped_at, breached_at, excuse, last_error)
    SELECT gen_random_uuid(), %s + n %% %s, t.authority_id, t.code, t.subject_type, n, '163-2021', t.budget, '{}',
        t.unit, b.begun, b.begun::date, b.begun + interval '14 days', false, t.calendar_edition,
        b.begun + interval '11 days', t.ladder, 'first', false, 'stopped',
        b.begun + CASE WHEN n %% 20 = 0 THEN interval '16 days' ELSE interval '9 days' END,
        CASE WHEN n %% 20 = 0 THEN b.begun + interval '14 days' END, '', ''
    FROM generate_series(%s, %s) AS n JOIN bench_term t ON t.term = 1 + (n::bigint * 7919) %% %s
    CROSS JOIN LATERAL (SELECT %s::timestamptz - interval '40 days' - (n %% 700) * interval '1 day' AS begun) AS b
"""
_FIRED = """
    INSERT INTO clocks_rung (clock_id, name, due_at, fired_at, is_silent)
    SELECT c.id, step ->> 0, (step ->> 1)::timestamptz, (step ->> 1)::timestamptz, false
    FROM clocks_clock c, jsonb_array_elements(c.ladder) AS step
    WHERE c.state = 'running' AND (step ->> 1)::timestamptz <= %s
"""
_PAUSED = """
    INSERT INTO clocks_clockinterval (clock_id, cause, reason, article, paused_at, resumed_at{more})
    SELECT c.id, 'bench', '', '', ((p ->> 0) || ' 10:00+08')::timestamptz, ((p ->> 1) || ' 10:00+08')::timestamptz{values}
    FROM clocks_clock c
    JOIN bench_term t ON t.term = 1 + (c.subject_id * 7919) %% (SELECT count(*) FROM bench_term)
    CROSS JOIN LATERAL jsonb_array_elements(t.pauses) AS p
    WHERE c.state = 'running' AND c.code = 'technical_review'
"""


def build(open_clocks: int, ended: int) -> World:
    """Cases, open and ended clocks, pauses, and the rungs that have fired; no trigger looks on."""
    world = World(joint=False, moments=lambda: NOW)
    for authority in world.authorities.values():
        for role in (Role.INTAKE, Role.COORDINATOR, Role.DECISION, Role.ISSUER, Role.SLA_ADMIN):
            world.user(role, authority)
    first, cases = _cases(world, max(100, open_clocks // CASES_PER))
    run("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
    count = _terms(world)
    with without_indexes("clocks_clock"):
        for begun in range(0, ended, PIECE):
            upto = min(ended, begun + PIECE)
            run(_ENDED, first, cases, begun + 1, upto, count, NOW)
            say(f"{upto:,} of {ended:,} ended clocks")
        for begun in range(0, open_clocks, PIECE):
            upto = min(open_clocks, begun + PIECE)
            run(_OPEN, first, cases, begun + 1, upto, count)
            say(f"{upto:,} of {open_clocks:,} open clocks")
    say("the indexes are there again")
    run(_FIRED, NOW)
    _pauses()
    run("RESET session_replication_role; RESET maintenance_work_mem; RESET work_mem")
    say("rungs and pauses")
    run("VACUUM ANALYZE")
    newest = calendars.newest_edition()
    CalendarPass.objects.create(edition=newest, started_at=NOW, finished_at=NOW, cursor=0)
    tallies.rebuild()
    run("VACUUM ANALYZE board_tally, board_delta, clocks_calendarpass")
    run("CHECKPOINT")
    say("tallies")
    return world


@contextmanager
def without_indexes(table: str) -> Iterator[None]:
    """The indexes of a table, but for its key, are made when its rows are there: one sort instead of many searches."""
    kept = run(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname, pg_get_constraintdef(c.oid)"
        " FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'"
        " WHERE i.indrelid = %s::regclass AND NOT i.indisprimary",
        table,
    )
    for index, _definition, constraint, _unique in kept:
        run(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {index}")
    yield
    for _index, definition, constraint, unique in kept:
        run(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {unique}" if constraint else definition)


def _cases(world: World, number: int) -> tuple[int, int]:
    """So many cases, alike but for their addresses; the first one's number."""
    one = Application.objects.create(
        laboratory=world.laboratory, authority=world.lead, kinds=["first"], created_by=world.manager
    )
    table = Application._meta.db_table
    fields = [field.column for field in Application._meta.local_concrete_fields if not field.primary_key]
    own = {"uuid": "gen_random_uuid()", "reference": "'B' || n"}
    chosen = ", ".join(own.get(name, f'"{name}"') for name in fields)
    names = ", ".join(f'"{name}"' for name in fields)
    rows = run(
        f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {table}, generate_series(1, %s) AS n WHERE id = %s RETURNING id",
        number, one.pk,
    )  # fmt: skip
    return min(pk for (pk,) in rows), number


def _terms(world: World) -> int:
    run(_TERM)
    found = list(terms(world))
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY bench_term (authority_id, code, subject_type, budget, unit, started_on, started_at, due_at, is_provisional,"
            " calendar_edition, next_rung_at, warn_at, ladder, pauses) FROM STDIN"
        ) as copy,
    ):
        for clock, pauses in found:
            ahead = [moment for _name, moment in clock.ladder if dt.datetime.fromisoformat(moment) > NOW]
            days = [[str(pause.paused_on), str(pause.resumed_on)] for pause in pauses]
            copy.write_row((
                clock.authority_id, clock.code, clock.subject_type, clock.budget, str(clock.unit), clock.started_on,
                clock.started_at, clock.due_at, clock.is_provisional, clock.calendar_edition, ahead[0], clock.warn_at,
                json.dumps(clock.ladder), json.dumps(days),
            ))  # fmt: skip
    return len(found)


def _pauses() -> None:
    """The ledger's rows; whatever else a row must have is empty."""
    given = {"id", "clock_id", "cause", "reason", "article", "paused_at", "resumed_at"}
    found = run(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'clocks_clockinterval'"
        " AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'"
    )
    more = sorted({name for (name,) in found} - given)
    run(_PAUSED.format(more="".join(f", {name}" for name in more), values=", ''" * len(more)))


# The measurements ---------------------------------------------------------------------------------------------------


def due_query(now: dt.datetime) -> Callable[[], Any]:
    """What a sweep asks for its first batch."""
    rows = sweep._due(now, sweep._batchable(now)).values_list("pk", flat=True)[: sweep.BATCH]
    return lambda: list(rows.all())


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is done inside is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def find_due() -> Lines:
    """The due ones by the partial index, by a scan, and with the other indexes only."""
    (moment,) = run(
        "SELECT next_rung_at FROM clocks_clock WHERE next_rung_at IS NOT NULL ORDER BY 1 OFFSET %s LIMIT 1", DUE
    )[0]
    act = due_query(moment)
    act()
    ours = median(act, 20)
    with undone():
        run("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexonlyscan = off")
        scan = median(act, 3)
    with undone():
        run("DROP INDEX clock_rungs")
        without = median(act, 3)
    return [
        timed("finding the due ones, a batch of them", ours, "ms", 2),
        Line("  a plain scan", f"{scan:.0f} ms = {scan / ours:.0f} x"),
        Line("  without the partial index", f"{without:.0f} ms = {without / ours:.0f} x"),
    ]


def idle() -> Lines:
    """A sweep with nothing to do."""
    assert sweep.run(NOW).fired == 0
    return [timed("idle tick", median(lambda: sweep.run(NOW), 200), "ms", 0.3)]


def change_calendar() -> Lines:
    """A day off more: the open clocks worked out again, and everybody told."""
    year = calendars.CalendarYear.objects.filter(year=NEW_DAY_OFF.year, authority=None).order_by("-edition")[0]
    days = [SpecialDay(d.date, d.is_off, d.name) for d in year.days.all()]
    file = YearFile(year.year, "", tuple(sorted([*days, SpecialDay(NEW_DAY_OFF, True, "")], key=lambda d: d.date)))
    calendars.load_year(file, authority=None, now=NOW)
    seconds = clocked(lambda: recalc.reproject(NOW)) / 1000
    one = CalendarPass.objects.order_by("-pk")[0]
    assert one.finished_at is not None
    return [
        timed(f"changed calendar: {one.checked:,} counted, {one.moved:,} moved", seconds, "s", 60, 1),
        Line("  for each", f"{seconds / max(1, one.checked) * 1e6:.0f} us"),
    ]


def fire() -> Lines:
    """Batches of rungs and viewflow's own sweep of timers, in turns."""
    (moment,) = run(
        "SELECT next_rung_at FROM clocks_clock WHERE next_rung_at IS NOT NULL ORDER BY 1 OFFSET %s LIMIT 1",
        min(BATCHES * sweep.BATCH, Clock.objects.with_rung_due(dt.datetime.max.replace(tzinfo=dt.UTC)).count() - 1),
    )[0]
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(BATCHES):
        for _number in range(TIMERS):
            TimedFlow.start.run()
        result = sweep.Result()
        spent = clocked(lambda result=result: sweep.fire_next(moment, result, Q()))  # type: ignore[misc]
        if result.fired:
            assert not result.failed
            ours.append(spent / result.fired)
        fired: list[int] = []
        theirs.append(clocked(lambda fired=fired: fired.append(fire_due_timers())) / TIMERS)  # type: ignore[misc]
        assert fired == [TIMERS]
    one, other = statistics.median(ours), statistics.median(theirs)
    return [
        timed(f"one rung with log and message, of {len(ours)} batches", one, "ms", 0.5, 3),
        Line("  viewflow's own timer sweep, each", f"{other:.2f} ms = {other / one:.0f} x"),
    ]


def board(world: World) -> Lines:
    """The board's query, with what the last minutes have added and folded, and its figures against a raw count."""
    bounds, places = Bounds.at(NOW), list(world.authorities.values())
    scope = Scope(tuple(place.pk for place in places))
    of_kind = replace(scope, kind="first")

    def figures(which: Scope) -> Any:
        return numbers(queries.summed(queries.rows_of(which, bounds), places, bounds))

    counted: list[Any] = []
    seconds = clocked(lambda: counted.extend(list(raw.rows_of(which, bounds)) for which in (scope, of_kind))) / 2000
    truth = [numbers(queries.summed(rows, places, bounds)) for rows in counted]
    before = [figures(which) for which in (scope, of_kind)]
    (waiting,) = run("SELECT count(*) FROM board_delta")[0]
    unfolded = median(lambda: queries.rows_of(scope, bounds), 5)
    spent = clocked(_fold) / 1000
    after = [figures(which) for which in (scope, of_kind)]
    return [
        timed("board's figures", median(lambda: queries.rows_of(scope, bounds), 20), "ms", 10, 1),
        timed("  narrowed to a kind", median(lambda: queries.rows_of(of_kind, bounds), 20), "ms", 10, 1),
        Line(f"  with {waiting:,} changes not folded in", f"{unfolded:.1f} ms"),
        Line("  folding them in", f"{spent:.1f} s"),
        Line("  a raw count", f"{seconds:.1f} s"),
        Line("  equal to the raw count", "yes" if truth == before == after else "NO", "yes", truth == before == after),
    ]


def _fold() -> None:
    while tallies.fold():
        pass
    run("VACUUM ANALYZE board_tally, board_delta")


def what_if() -> Lines:
    """A moved holiday, asked in memory."""
    loaded: list[whatif.Clocks] = []
    seconds = clocked(lambda: loaded.append(whatif.load())) / 1000
    answer = median(lambda: whatif.moved_holiday(loaded[0], off=[dt.date(2026, 12, 1)]), 3) / 1000
    return [
        Line("what if: read into memory", f"{seconds:.1f} s"),
        timed("what if: a holiday moved", answer, "s", 1),
    ]


def has_room(clocks: int) -> bool:
    """Whether the database's disk has room, where it is a disk of this machine; says what is needed."""
    (folder,) = run("SHOW data_directory")[0]
    needed = clocks * BYTES_EACH + BYTES_FREE
    free = shutil.disk_usage(folder).free if Path(folder).is_dir() else None
    (pages,) = run("SHOW shared_buffers")[0]
    told = "on another machine" if free is None else f"{free >> 30} GB free"
    say(f"needs {needed >> 30} GB of disk ({told}) and 2 GB of memory besides the database's {pages}")
    return free is None or free > needed


def main(open_clocks: int, ended: int) -> int:
    """Build, measure, and print the table; returns how many targets are missed."""
    if not has_room(open_clocks + ended):
        print("The disk has too little room; BENCH_OPEN=100000 makes everything smaller.", file=sys.stderr)
        return 1
    run("SET statement_timeout = 0")
    seconds = clocked(lambda: worlds.append(build(open_clocks, ended))) / 1000
    (size,) = run("SELECT pg_size_pretty(pg_database_size(current_database()))")[0]
    print(
        f"PostgreSQL {connection.pg_version}; {open_clocks:,} open among {open_clocks + ended:,} clocks, {size},"
        f" built in {seconds:.0f} s"
    )
    print(f"{'what':<60}{'measured':>22}  {'target':<12}met", flush=True)
    missed = 0
    for measure in (find_due, idle, lambda: board(worlds[0]), what_if, change_calendar, fire, lambda: board(worlds[0])):
        for line in measure():
            met = "" if line.is_met is None else "yes" if line.is_met else "NO"
            missed += line.is_met is False
            print(f"{line.what:<60}{line.measured:>22}  {line.target:<12}{met}".rstrip(), flush=True)
    print(
        f"{missed} targets missed." if missed else "Every target is met.",
        f"{time.perf_counter() - STARTED:.0f} s in all.",
    )
    return missed


worlds: list[World] = []


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", type=int, default=int(os.environ.get("BENCH_OPEN", "1000000")))
    parser.add_argument("--ended", type=int, default=None)
    chosen = parser.parse_args()
    # The tables as the models are; going through every migration would only take longer.
    connection.settings_dict["TEST"]["MIGRATE"] = False
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        code = min(1, main(chosen.open, 4 * chosen.open if chosen.ended is None else chosen.ended))
    finally:
        teardown_databases(databases, verbosity=0)
    sys.exit(code)
