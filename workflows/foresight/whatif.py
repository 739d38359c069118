"""What would happen to the open limits if the calendar or the limits were others; in memory, nothing is written.

`load` reads columns once. A question counts each distinct term once with `counting.count`, the one due-date function:
a paused term in working days is first brought to the equal one without pauses (from its last resumption, with the days
that were left then), so a million clocks are a few thousand terms.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qualification.regions import calendars
from qualification.regions.calendars import SpecialDay, WorkCalendar
from workflows.clocks import recalc
from workflows.clocks.counting import Pause, Term, count
from workflows.clocks.enums import OPEN_STATES, Unit
from workflows.foresight import columns
from workflows.foresight.days import Days, DayTable
from workflows.foresight.history import CODES

UNITS = (Unit.WORKING, Unit.CALENDAR, Unit.MONTHS)
WORKING = UNITS.index(Unit.WORKING)
# A day that is none: a paused clock has no last day.
NONE = 0
# Room for a day, a limit and an extension in one number by which equal terms are found.
DAYS, LIMITS = 1 << 20, 1 << 15
Mask = NDArray[np.bool_]

_CHOSEN = {
    "pk": ("c.id", "int8"),
    "authority": ("c.authority_id", "int4"),
    "code": (columns.position("c.code", CODES), "int4"),
    "unit": (columns.position("c.unit", tuple(UNITS)), "int4"),
    "started": (columns.day("c.started_on"), "int4"),
    "budget": ("c.budget", "int4"),
    "extension": ("COALESCE(e.days, 0)", "int4"),
    "due": (columns.day("((c.due_at - interval '1 microsecond') AT TIME ZONE 'Asia/Shanghai')::date"), "int4"),
    "breached": ("(c.breached_at IS NOT NULL)::int", "int4"),
    "edition": ("c.calendar_edition", "int8"),
    "paused": (columns.day_of("p.paused_at"), "int4"),
    "resumed": (columns.day_of("p.resumed_at"), "int4"),
    "pause": ("COALESCE(p.id, 0)", "int8"),
}
_FROM = """
    FROM clocks_clock c
    LEFT JOIN clocks_clockextension e ON e.clock_id = c.id
    LEFT JOIN clocks_clockinterval p ON p.clock_id = c.id AND p.superseded_at IS NULL
    WHERE c.state IN ({states}) AND c.until IS NULL AND NOT c.is_trial {where}
"""


@dataclass(frozen=True)
class Clocks:
    """Open limits as columns; a day is its ordinal. `owner` says to which clock each pause belongs, in order."""

    pk: Days
    authority: Days
    code: Days
    unit: Days
    started: Days
    budget: Days
    extension: Days
    due: Days
    breached: Mask
    edition: Days
    owner: Days
    paused: Days
    resumed: Days
    calendars: Mapping[int, WorkCalendar]
    newest: int

    def __len__(self) -> int:
        return len(self.pk)


@dataclass(frozen=True)
class Effect:
    """The last days before and after, clock by clock; 0 where the clock is paused."""

    clocks: Clocks
    before: Days
    after: Days

    @property
    def moved(self) -> Mask:
        """Clocks whose last day is another."""
        return self.before != self.after

    def overdue(self, days: Days, today: dt.date) -> Mask:
        """Clocks whose last day is over."""
        return (days != NONE) & (days < today.toordinal())

    def newly_overdue(self, today: dt.date) -> Mask:
        """Clocks that would be over, and are not."""
        return self.overdue(self.after, today) & ~self.overdue(self.before, today)

    def saved(self, today: dt.date) -> Mask:
        """Clocks that are over, and would not be."""
        return self.overdue(self.before, today) & ~self.overdue(self.after, today)


def load(authority_ids: Iterable[int] | None = None) -> Clocks:
    """The open limits of these authorities (None: of all) in one streaming query."""
    where = "" if authority_ids is None else f"AND c.authority_id IN ({columns.numbers(list(authority_ids))})"
    states = ", ".join(f"'{state}'" for state in OPEN_STATES)
    rows = columns.read(_CHOSEN, _FROM.format(states=states, where=where))
    # Sorted here, in memory: the database would do it on disk.
    order = np.lexsort((rows["pause"], rows["paused"], rows["pk"]))
    rows = {name: column[order] for name, column in rows.items()}
    fresh = np.diff(rows["pk"], prepend=-1) != 0
    first, owner, has = np.flatnonzero(fresh), np.cumsum(fresh) - 1, rows["paused"] > 0
    one = {name: rows[name][first] for name in rows}
    known = calendars.current()
    places = np.unique(one["authority"]).tolist()
    return Clocks(
        pk=one["pk"], authority=one["authority"], code=one["code"], unit=one["unit"], started=one["started"],
        budget=one["budget"], extension=one["extension"], due=one["due"],
        breached=one["breached"] == 1, edition=one["edition"], owner=owner[has], paused=rows["paused"][has],
        resumed=rows["resumed"][has], calendars={place: known.of(place) for place in places}, newest=recalc.right_since(),
    )  # fmt: skip


def unchanged(clocks: Clocks) -> Effect:
    """Every clock counted again under today's calendar: equal to what is stored."""
    return _effect(clocks, clocks.calendars, np.ones(len(clocks), dtype=bool))


def moved_holiday(
    clocks: Clocks,
    *,
    off: Iterable[dt.date] = (),
    working: Iterable[dt.date] = (),
    authority_ids: Iterable[int] | None = None,
) -> Effect:
    """If these days were days off, and those working days, in these authorities (None: in all).

    Only clocks whose count meets a changed day can move. A limit already missed stays as it was recorded.
    """
    days = {day: SpecialDay(day, True) for day in off} | {day: SpecialDay(day, False) for day in working}
    where = set(clocks.calendars) if authority_ids is None else set(authority_ids)
    changed = {
        place: replace(known, special={**known.special, **days}) if place in where else known
        for place, known in clocks.calendars.items()
    }
    if not days:
        return _effect(clocks, changed, np.zeros(len(clocks), dtype=bool))
    first, last = min(days).toordinal(), max(days).toordinal()
    # A clock that a newer calendar has not reached yet is counted whatever its stored day.
    is_near = (clocks.due >= first) | (clocks.due == NONE)
    touched = (clocks.started < last) & is_near & np.isin(clocks.authority, list(where))
    return _effect(clocks, changed, touched | (clocks.edition < clocks.newest))


def extended(clocks: Clocks, *, days: int, codes: Iterable[str] | None = None) -> Effect:
    """If every open limit of these stages (None: of all) had so many more days; those in months stay."""
    chosen = np.isin(clocks.code, [CODES.index(code) for code in codes if code in CODES]) if codes else True
    more = np.where(chosen & (clocks.unit != UNITS.index(Unit.MONTHS)), max(0, days), 0)
    return _lengthened(clocks, more)


def doubled(clocks: Clocks) -> Effect:
    """If every extension that was granted were twice as long."""
    return _lengthened(clocks, clocks.extension)


def _lengthened(clocks: Clocks, more: Days) -> Effect:
    longer = replace(clocks, extension=clocks.extension + more)
    found = _effect(longer, clocks.calendars, more > 0)
    return Effect(clocks, found.before, found.after)


def _effect(clocks: Clocks, known: Mapping[int, WorkCalendar], touched: Mask) -> Effect:
    """Count the touched clocks; the others, and those already missed, keep their day."""
    after = clocks.due.copy()
    chosen = np.flatnonzero(touched & ~clocks.breached)
    after[chosen] = _counted(clocks, known, chosen)
    return Effect(clocks, clocks.due, after)


def _counted(clocks: Clocks, known: Mapping[int, WorkCalendar], chosen: Days) -> Days:
    """The last day of each chosen clock under the calendars: each distinct term is counted once."""
    if not len(chosen):
        return chosen
    distinct, place_of = _distinct(known)
    start, budget, extension, is_open = _plain(clocks, known, chosen)
    place = np.array([place_of.get(pk, 0) for pk in range(max(place_of, default=0) + 1)])[clocks.authority[chosen]]
    key = (((place * len(UNITS) + clocks.unit[chosen]) * DAYS + start) * LIMITS + budget) * LIMITS + extension
    own = _paused_otherwise(clocks, chosen)
    found = np.zeros(len(chosen), dtype=np.int64)
    usual = ~own & ~is_open
    _keys, first, back = np.unique(key[usual], return_index=True, return_inverse=True)
    at = np.flatnonzero(usual)[first]
    terms = zip(start[at].tolist(), budget[at].tolist(), extension[at].tolist(), clocks.unit[chosen][at].tolist(), place[at].tolist(), strict=True)  # fmt: skip
    last = [
        _last_day(Term(dt.date.fromordinal(s), b, UNITS[u], extensions=(e,) if e else ()), distinct[p])
        for s, b, e, u, p in terms
    ]
    found[usual] = np.array(last, dtype=np.int64)[back] if last else 0
    for n in np.flatnonzero(own).tolist():
        found[n] = _last_day(_whole_term(clocks, int(chosen[n])), distinct[place[n]])
    return found


def _last_day(term: Term, calendar: WorkCalendar) -> int:
    day = count(term, calendar).last_day
    return NONE if day is None else day.toordinal()


def _distinct(known: Mapping[int, WorkCalendar]) -> tuple[list[WorkCalendar], dict[int, int]]:
    """The calendars that differ, and which of them each authority has: most have the national one."""
    found: list[WorkCalendar] = []
    place_of: dict[int, int] = {}
    for place, calendar in known.items():
        if calendar not in found:
            found.append(calendar)
        place_of[place] = found.index(calendar)
    return found, place_of


def _paused_otherwise(clocks: Clocks, chosen: Days) -> Mask:
    """Paused clocks that do not count working days: few, and counted one by one."""
    has_pause = np.zeros(len(clocks), dtype=bool)
    has_pause[clocks.owner] = True
    found: Mask = has_pause[chosen] & (clocks.unit[chosen] != WORKING)
    return found


def _whole_term(clocks: Clocks, n: int) -> Term:
    mine = np.flatnonzero(clocks.owner == n)
    pauses = tuple(
        Pause(dt.date.fromordinal(a), dt.date.fromordinal(b) if b else None)
        for a, b in zip(clocks.paused[mine].tolist(), clocks.resumed[mine].tolist(), strict=True)
    )
    days = int(clocks.extension[n])
    started = dt.date.fromordinal(int(clocks.started[n]))
    return Term(started, int(clocks.budget[n]), UNITS[clocks.unit[n]], pauses, (days,) if days else ())


def _plain(clocks: Clocks, known: Mapping[int, WorkCalendar], chosen: Days) -> tuple[Days, Days, Days, Mask]:
    """Each clock's term without pauses: start, budget, extension; and which are paused before they would end."""
    plain = _Plain(clocks, known, chosen)
    for nth in _rounds(clocks.owner):
        plain.take(nth)
    return plain.start[chosen], plain.budget[chosen], plain.extension[chosen], plain.is_open[chosen]


class _Plain:
    """Terms in working days, freed of their pauses one after the other.

    The days before a pause are used, the days in it are not; from the resumption on, what is left is counted like any
    limit. A pause that begins when the limit has run out changes nothing.
    """

    def __init__(self, clocks: Clocks, known: Mapping[int, WorkCalendar], chosen: Days) -> None:
        self.clocks = clocks
        self.start, self.budget, self.extension = clocks.started.copy(), clocks.budget.copy(), clocks.extension.copy()
        self.is_open = np.zeros(len(clocks), dtype=bool)
        self.goes_on = np.zeros(len(clocks), dtype=bool)
        self.goes_on[chosen] = clocks.unit[chosen] == WORKING
        self.tables = {place: DayTable(calendar) for place, calendar in known.items()} if len(clocks.owner) else {}

    def take(self, pauses: Days) -> None:
        """Take the next pause of each clock, at most one of each."""
        clocks = self.clocks
        pauses = pauses[self.goes_on[clocks.owner[pauses]]]
        mine = clocks.owner[pauses]
        used = _between(self.tables, clocks.authority[mine], self.start[mine], clocks.paused[pauses])
        left = self.budget[mine] + self.extension[mine] - used
        self.goes_on[mine[left <= 0]] = False
        is_open = (left > 0) & (clocks.resumed[pauses] == 0)
        self.is_open[mine[is_open]] = True
        self.goes_on[mine[is_open]] = False
        resumes = (left > 0) & ~is_open
        mine = mine[resumes]
        self.start[mine], self.budget[mine] = clocks.resumed[pauses[resumes]], left[resumes]
        self.extension[mine] = 0


def _rounds(owner: Days) -> list[Days]:
    """The first pause of every clock, then the second of those that have one, and so on."""
    if not len(owner):
        return []
    begins = np.flatnonzero(np.diff(owner, prepend=-1))
    nth = np.arange(len(owner)) - np.repeat(begins, np.diff(np.append(begins, len(owner))))
    return [np.flatnonzero(nth == n) for n in range(int(nth.max()) + 1)]


def _between(tables: Mapping[int, DayTable], place: Days, after: Days, through: Days) -> Days:
    found = np.zeros(len(place), dtype=np.int64)
    for one, table in tables.items():
        mine = place == one
        found[mine] = table.between(after[mine], through[mine])
    return found


def by_week(days: Days, today: dt.date, weeks: int) -> list[int]:
    """How many last days fall into this week and each of the next; the last number is everything later."""
    monday = today.toordinal() - today.weekday()
    place = np.clip((days[days >= monday] - monday) // 7, 0, weeks)
    return [int(n) for n in np.bincount(place, minlength=weeks + 1)]


def by_stage(clocks: Clocks, chosen: Any) -> dict[str, int]:
    """How many of the chosen clocks there are of each stage."""
    counts = np.bincount(clocks.code[chosen], minlength=len(CODES)).tolist()
    return {code: n for code, n in zip(CODES, counts, strict=True) if n}
