"""Limits as they stood on a day: what had ended, and how long it took; what was open, and how much of it was used.

The same reading serves tonight and any day of the past, so a hit rate can be counted for a year that was not watched.
Nothing that happened after the day is looked at.
"""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np

from qualification.applications.enums import Kind
from qualification.regions import calendars
from workflows.clocks.enums import Unit
from workflows.clocks.policy import POLICY
from workflows.foresight import columns
from workflows.foresight.days import Days, DayTable
from workflows.foresight.enums import HISTORY_DAYS, LONGEST, WAY

CODES: tuple[str, ...] = tuple(policy.code for policy in POLICY)
KINDS: tuple[str, ...] = tuple(Kind.values)
# The place of a limit on the way; -1 beside it.
RANK: Days = np.array([WAY.index(code) if code in WAY else -1 for code in CODES])
END = -1
NOT_YET = 10**7


@dataclass(frozen=True)
class Samples:
    """Ended limits, equal ones counted together.

    `net` are the days of the limit's own unit without pauses, `gross` the working days from the beginning of the stage to
    its end with them; `then` the limit that followed on the way, or END.
    """

    code: Days
    kinds: Days
    authority: Days
    net: Days
    gross: Days
    then: Days
    limit: Days
    count: Days

    @classmethod
    def of(cls, *values: Days) -> Samples:
        """Count equal rows together; the order of the rows does not matter."""
        rows, counts = np.unique(np.stack(values, axis=1), axis=0, return_counts=True)
        columns_of: Any = [*rows.T, counts]
        return cls(*columns_of)

    def pack(self) -> bytes:
        """As bytes for a row of the database."""
        table = np.stack([getattr(self, field.name) for field in fields(self)], axis=1)
        return zlib.compress(table.astype("<i4").tobytes())

    @classmethod
    def unpack(cls, data: Any) -> Samples:
        """What `pack` has written."""
        table = np.frombuffer(zlib.decompress(bytes(data)), dtype="<i4").reshape(-1, len(fields(cls)))
        return cls(*(table[:, n].astype(np.int64) for n in range(table.shape[1])))


@dataclass(frozen=True)
class Standing:
    """Open limits on a day: which, of which group, and how far."""

    pk: Days
    code: Days
    kinds: Days
    authority: Days
    used: Days
    gone: Days
    limit: Days


@dataclass(frozen=True)
class Moment:
    """History and present of one day."""

    samples: Samples
    open: Standing


def kinds_mask(column: str) -> str:
    """SQL: the kinds of a case as bits."""
    bits = (f"(position(',{kind},' in ',' || {column} || ',') > 0)::int * {1 << n}" for n, kind in enumerate(KINDS))
    return " + ".join(bits)


@cache
def _chosen() -> dict[str, tuple[str, str]]:
    return {
        "pk": ("c.id", "int8"),
        "case_pk": ("COALESCE(c.application_id, 0)", "int8"),
        "authority": ("c.authority_id", "int4"),
        "code": (columns.position("c.code", CODES), "int4"),
        "kinds": (kinds_mask("c.kinds"), "int4"),
        "calendar": (f"(c.unit = '{Unit.CALENDAR}')::int", "int4"),
        "budget": ("c.budget", "int4"),
        "started": (columns.day("c.started_on"), "int4"),
        # A stage may be dated back by the law; the case entered it when the step was made.
        "entered": (f"GREATEST({columns.day_of('l.at')}, {columns.day('c.started_on')})", "int4"),
        "stopped": (columns.day_of("c.stopped_at"), "int4"),
        "missed": ("((c.state = 'expired' OR c.breached_at IS NOT NULL) AND c.excused_at IS NULL)::int", "int4"),
        "extension": ("COALESCE(e.days, 0)", "int4"),
        "extended": (columns.day_of("e.granted_at"), "int4"),
        "paused": (columns.day_of("p.paused_at"), "int4"),
        "resumed": (columns.day_of("p.resumed_at"), "int4"),
    }


_FROM = """
    FROM clocks_clock c
    LEFT JOIN qualification_transitionlog l ON l.id = c.start_log_id
    LEFT JOIN clocks_clockextension e ON e.clock_id = c.id
    LEFT JOIN clocks_clockinterval p ON p.clock_id = c.id AND p.superseded_at IS NULL
    WHERE {where}
    ORDER BY c.id, p.paused_at, p.id
"""


@dataclass
class Rows:
    """One row for each limit and, beside them, one for each pause (`owner` is the place of its limit)."""

    one: dict[str, Days]
    owner: Days
    paused: Days
    resumed: Days

    @classmethod
    def read(cls, where: str) -> Rows:
        """Limits with their pauses; `where` is SQL of ours."""
        known = (
            f"c.unit <> '{Unit.MONTHS}' AND c.until IS NULL AND NOT c.is_trial AND c.code = ANY(ARRAY[{_words(CODES)}])"
        )
        rows = columns.read(_chosen(), _FROM.format(where=f"{known} AND {where}"))
        first = np.flatnonzero(np.diff(rows["pk"], prepend=-1))
        owner = np.cumsum(np.diff(rows["pk"], prepend=-1) != 0) - 1
        has = rows["paused"] > 0
        resumed = np.where(rows["resumed"] == 0, NOT_YET, rows["resumed"])
        return cls({name: rows[name][first] for name in rows}, owner[has], rows["paused"][has], resumed[has])


def _words(texts: tuple[str, ...]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def of_now(today: dt.date) -> Moment:
    """History and present as they are at this moment."""
    since = today - dt.timedelta(days=HISTORY_DAYS)
    return at(Rows.read(f"(c.stopped_at IS NULL OR c.stopped_at >= '{since}')"), today, through_today=True)


def of_case(application_id: int, today: dt.date) -> Standing:
    """The open limits of one case at this moment."""
    return at(Rows.read(f"c.application_id = {int(application_id)}"), today, through_today=True).open


def at(rows: Rows, day: dt.date, *, through_today: bool = False) -> Moment:
    """What of the rows was known at the beginning of a day, or by its end: ended before then, or open."""
    one, today = rows.one, day.toordinal()
    known = today + through_today
    stopped = np.where(one["stopped"] == 0, NOT_YET, one["stopped"])
    is_ended = (stopped < known) & (stopped >= today - HISTORY_DAYS)
    is_open = (one["entered"] < known) & (stopped >= known)
    measure = _Measure(rows, np.minimum(stopped, today), known)
    then = _then(one, one["entered"] < known)
    ended = _ended(one, measure, then, is_ended)
    standing = Standing(
        **{name: one[name][is_open] for name in ("pk", "code", "kinds", "authority")},
        used=measure.net[is_open], gone=measure.gross[is_open], limit=measure.limit[is_open],
    )  # fmt: skip
    return Moment(ended, standing)


class _Measure:
    """Days used of each limit up to a day: net of pauses in its own unit, and gross in working days."""

    def __init__(self, rows: Rows, until: Days, known: int) -> None:
        one = rows.one
        all_calendars = calendars.current()
        places = np.unique(one["authority"]).tolist()
        tables = {place: DayTable(all_calendars.of(place)) for place in places}
        self.net, self.gross = np.zeros_like(until), np.zeros_like(until)
        for place, table in tables.items():
            mine = one["authority"] == place
            self.gross[mine] = table.between(one["entered"][mine], until[mine])
            self.net[mine] = self._used(table, one, mine, until)
        paused = self._paused(rows, tables, until)
        self.net -= np.bincount(rows.owner, weights=paused, minlength=len(until)).astype(np.int64)
        self.net = np.maximum(self.net, 0)
        in_force = (one["extended"] > 0) & (one["extended"] < known)
        self.limit = one["budget"] + np.where(in_force, one["extension"], 0)

    @staticmethod
    def _used(table: DayTable, one: dict[str, Days], mine: Any, until: Days) -> Days:
        working = table.between(one["started"][mine], until[mine])
        plain = np.maximum(until[mine] - one["started"][mine], 0)
        found: Days = np.where(one["calendar"][mine] == 1, plain, working)
        return found

    @staticmethod
    def _paused(rows: Rows, tables: dict[int, DayTable], until: Days) -> Days:
        """Days of each pause, as far as it was known: those after the pausing day up to the resuming one."""
        end = np.minimum(rows.resumed, until[rows.owner])
        begin = np.minimum(rows.paused, end)
        lost = np.where(rows.one["calendar"][rows.owner] == 1, end - begin, 0)
        for place, table in tables.items():
            mine = (rows.one["authority"][rows.owner] == place) & (rows.one["calendar"][rows.owner] == 0)
            lost[mine] = table.between(begin[mine], end[mine])
        return lost


def _then(one: dict[str, Days], is_known: Any) -> Days:
    """The limit that followed each on its case's way; END where none did."""
    rank = RANK[one["code"]]
    on_way = np.flatnonzero((rank >= 0) & is_known & (one["case_pk"] > 0))
    order = on_way[np.lexsort((rank[on_way], one["case_pk"][on_way]))]
    then = np.full(len(rank), END)
    same = (one["case_pk"][order][1:] == one["case_pk"][order][:-1]) & (rank[order][1:] > rank[order][:-1])
    then[order[:-1][same]] = one["code"][order[1:][same]]
    return then


def _ended(one: dict[str, Days], measure: _Measure, then: Days, is_ended: Any) -> Samples:
    """A missed limit was used beyond its last day, whatever days off the end fell on; a kept one was not."""
    limit = measure.limit
    kept = np.minimum(measure.net, np.where(one["calendar"] == 1, measure.net, limit))
    net = np.where(one["missed"] == 1, np.maximum(measure.net, limit + 1), kept)
    parts = (
        one["code"],
        one["kinds"],
        one["authority"],
        np.minimum(net, LONGEST),
        np.minimum(measure.gross, LONGEST),
        then,
        limit,
    )
    return Samples.of(*(part[is_ended] for part in parts))
