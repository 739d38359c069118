"""A million open clocks among five million: what is due, one rung, a changed calendar, the board, what if.

Builds its own database. `--open 100000` makes everything smaller (as does BENCH_OPEN for `make bench clocks`), four
clocks that have ended for each open one. Each line has its target beside it; ratios come from the same run, the two
things in turns.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
DUE = 1000
TIMERS, BATCHES = 40, 20
Lines = list[tuple[str, str, str]]


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
    FROM generate_series(1, %s) AS n JOIN bench_term t ON t.term = 1 + (n::bigint * 7919) %% %s
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
    FROM generate_series(1, %s) AS n JOIN bench_term t ON t.term = 1 + (n::bigint * 7919) %% %s
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
    run("SET session_replication_role = replica")
    count = _terms(world)
    run(_ENDED, first, cases, ended, count, NOW)
    run(_OPEN, first, cases, open_clocks, count)
    run(_FIRED, NOW)
    _pauses()
    run("SET session_replication_role = DEFAULT")
    for table in ("clocks_clock", "clocks_rung", "clocks_clockinterval", "applications_application"):
        run(f"VACUUM ANALYZE {table}")
    newest = calendars.newest_edition()
    CalendarPass.objects.create(edition=newest, started_at=NOW, finished_at=NOW, cursor=0)
    tallies.rebuild()
    run("VACUUM ANALYZE")
    return world


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
        ("finding the due ones, a batch of them", f"{ours:.2f} ms", "<= 2 ms"),
        ("  a plain scan", f"{scan:.0f} ms = {scan / ours:.0f} x", ""),
        ("  without the partial index", f"{without:.0f} ms = {without / ours:.0f} x", ""),
    ]


def idle() -> Lines:
    """A sweep with nothing to do."""
    assert sweep.run(NOW).fired == 0
    return [("idle tick", f"{median(lambda: sweep.run(NOW), 200):.2f} ms", "<= 0.3 ms")]


def change_calendar() -> Lines:
    """A day off more: the open clocks worked out again, and everybody told."""
    year = calendars.CalendarYear.objects.filter(year=NEW_DAY_OFF.year, authority=None).order_by("-edition")[0]
    days = [SpecialDay(d.date, d.is_off, d.name) for d in year.days.all()]
    file = YearFile(year.year, "", tuple(sorted([*days, SpecialDay(NEW_DAY_OFF, True, "")], key=lambda d: d.date)))
    calendars.load_year(file, authority=None, now=NOW)
    seconds = clocked(lambda: recalc.reproject(NOW)) / 1000
    one = CalendarPass.objects.order_by("-pk")[0]
    assert one.finished_at is not None
    return [(f"changed calendar: {one.checked:,} counted, {one.moved:,} moved", f"{seconds:.1f} s", "<= 60 s")]


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
        (f"one rung with log and message, of {len(ours)} batches", f"{one:.3f} ms", "<= 0.5 ms"),
        ("  viewflow's own timer sweep, each", f"{other:.2f} ms = {other / one:.0f} x", ""),
    ]


def board(world: World) -> Lines:
    """The board's query, with what the last minutes have added and folded, and its figures against a raw count."""
    bounds, places = Bounds.at(NOW), list(world.authorities.values())
    scope = Scope(tuple(place.pk for place in places))
    shown, counted = queries.rows_of(scope, bounds), list(raw.rows_of(scope, bounds))
    lines = [
        ("board's figures, not folded in yet", f"{median(lambda: queries.rows_of(scope, bounds), 5):.1f} ms", ""),
        ("  a raw count", f"{median(lambda: list(raw.rows_of(scope, bounds)), 1):.0f} ms", ""),
    ]
    while tallies.fold():
        pass
    run("VACUUM ANALYZE board_tally, board_delta")
    folded = queries.rows_of(scope, bounds)
    said = [numbers(queries.summed(rows, places, bounds)) for rows in (shown, folded, counted)]
    return [
        *lines,
        ("board's figures", f"{median(lambda: queries.rows_of(scope, bounds), 20):.1f} ms", "<= 10 ms"),
        ("  equal to the raw count", "yes" if said[0] == said[1] == said[2] else "NO", "yes"),
    ]


def what_if() -> Lines:
    """A moved holiday, asked in memory."""
    loaded: list[whatif.Clocks] = []
    seconds = clocked(lambda: loaded.append(whatif.load())) / 1000
    answer = median(lambda: whatif.moved_holiday(loaded[0], off=[dt.date(2026, 12, 1)]), 3) / 1000
    return [
        ("what if: read into memory", f"{seconds:.1f} s", ""),
        ("what if: a holiday moved", f"{answer:.2f} s", "<= 1 s"),
    ]


def main(open_clocks: int, ended: int) -> None:
    """Build, measure, and print the table."""
    seconds = clocked(lambda: worlds.append(build(open_clocks, ended))) / 1000
    print(
        f"PostgreSQL {connection.pg_version}; {open_clocks:,} open among {open_clocks + ended:,} clocks, built in {seconds:.0f} s"
    )
    print(f"{'what':<60}{'measured':>22}  target", flush=True)
    world = worlds[0]
    for measure in (find_due, idle, lambda: board(world), what_if, change_calendar, fire, lambda: board(world)):
        for what, measured, target in measure():
            print(f"{what:<60}{measured:>22}  {target}", flush=True)


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
        main(chosen.open, 4 * chosen.open if chosen.ended is None else chosen.ended)
    finally:
        teardown_databases(databases, verbosity=0)
