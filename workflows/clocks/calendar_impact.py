"""What a changed calendar would do to the open clocks, without writing anything.

Clocks with the same facts are counted once: a hundred thousand open clocks are a few thousand counts.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from django.db import connection

from qualification.regions import calendar_drafts, calendars
from qualification.regions.calendar_difference import differences
from qualification.regions.calendars import Calendars
from qualification.regions.models import Authority, CalendarDraft
from workflows.clocks import counting, ledger, policy
from workflows.clocks.counting import Count, Term
from workflows.clocks.enums import OPEN_STATES
from workflows.clocks.models import Clock, ClockExtension, ClockInterval

CHUNK = 1000
# What of a term decides its last day; the days of reminders do not.
COUNTED = tuple(one.name for one in fields(Term) if one.name != "marks")
# What a count follows from: everything `ledger.term_of` reads, and the due moment as it stands.
GROUPS = f"""
    WITH touched AS MATERIALIZED (
        SELECT id, authority_id, code, edition, unit, budget, until, started_on, due_at, is_provisional
        FROM {Clock._meta.db_table}
        WHERE state = ANY(%(open)s) AND breached_at IS NULL AND NOT is_trial
          AND started_on < %(last)s AND due_at > %(first)s
          AND (%(authority)s::bigint IS NULL OR authority_id = %(authority)s)
    ), pauses AS (
        SELECT i.clock_id, string_agg(concat((i.paused_at AT TIME ZONE 'Asia/Shanghai')::date, '/',
            (i.resumed_at AT TIME ZONE 'Asia/Shanghai')::date), ',' ORDER BY i.paused_at, i.id) AS days
        FROM {ClockInterval._meta.db_table} i JOIN touched t ON t.id = i.clock_id
        GROUP BY i.clock_id
    )
    SELECT min(t.id), count(*), count(*) FILTER (WHERE t.is_provisional)
    FROM touched t
    LEFT JOIN pauses p ON p.clock_id = t.id
    LEFT JOIN {ClockExtension._meta.db_table} e ON e.clock_id = t.id
    GROUP BY t.authority_id, t.code, t.edition, t.unit, t.budget, t.until, t.started_on, t.due_at, e.days, p.days
    ORDER BY 1
"""  # noqa: S608 - names of our own tables


class Group(NamedTuple):
    """Clocks with the same facts: one of them, how many, and how many of them are provisional."""

    clock_id: int
    clocks: int
    provisional: int


@dataclass
class Tally:
    """How many open clocks of one stage in one authority are touched. `past`: the new last day is over already."""

    earlier: int = 0
    later: int = 0
    past: int = 0
    final: int = 0

    @property
    def moved(self) -> int:
        """Clocks whose due moment changes."""
        return self.earlier + self.later

    def add(self, other: Tally) -> None:
        """Take another tally's numbers in."""
        self.earlier += other.earlier
        self.later += other.later
        self.past += other.past
        self.final += other.final


@dataclass
class Impact:
    """The open clocks that a change would touch, by stage and authority."""

    examined: int = 0
    cells: dict[tuple[str, int], Tally] = field(default_factory=lambda: defaultdict(Tally))

    @property
    def total(self) -> Tally:
        """All stages and authorities together."""
        total = Tally()
        for tally in self.cells.values():
            total.add(tally)
        return total

    @property
    def authorities(self) -> list[Authority]:
        """The authorities with clocks that are touched."""
        touched = {place for (_code, place), tally in self.cells.items() if tally.moved or tally.final}
        return list(Authority.objects.filter(pk__in=touched).order_by("code"))

    def rows(self, authorities: list[Authority]) -> list[tuple[str, list[Tally], Tally]]:
        """Stage, its numbers in each authority, and in all, in the order of the policy."""
        found = []
        for code, one in policy.BY_CODE.items():
            cells = [self.cells.get((code, authority.pk), Tally()) for authority in authorities]
            total = Tally()
            for cell in cells:
                total.add(cell)
            if total.moved or total.final:
                found.append((str(one.label), cells, total))
        return found


def of_draft(draft: CalendarDraft, now: dt.datetime) -> Impact:
    """What applying a draft now would do."""
    file, known = calendar_drafts.file_of(draft), calendars.current()
    after = known.replaced(file, draft.authority_id, is_official=draft.is_official)
    return of_change(known, after, draft, now)


def of_change(before: Calendars, after: Calendars, draft: CalendarDraft, now: dt.datetime) -> Impact:
    """Count every group of touched clocks under the calendars that would be."""
    impact = Impact()
    span = _span(before, after, draft)
    if span is None:
        return impact
    groups = _groups(*span, draft.authority_id)
    counts: dict[tuple[Any, ...], Count] = {}
    for start in range(0, len(groups), CHUNK):
        chunk = groups[start : start + CHUNK]
        clocks = Clock.objects.select_related("extension").prefetch_related("intervals")
        known = clocks.in_bulk([group.clock_id for group in chunk])
        for group in chunk:
            if group.clock_id in known:
                _weigh(impact, group, known[group.clock_id], _counted(known[group.clock_id], after, counts), now)
    return impact


def _span(before: Calendars, after: Calendars, draft: CalendarDraft) -> tuple[dt.date, dt.date] | None:
    """First and last day that is said otherwise, all of the year where it becomes official; None for nothing."""
    old, new = before.of(draft.authority_id), after.of(draft.authority_id)
    changed = differences(old.special.values(), new.special.values())
    dates = [change.date for change in changed if change.counts_otherwise]
    if old.official_years != new.official_years:
        dates += [dt.date(draft.year, 1, 1), dt.date(draft.year, 12, 31)]
    return (min(dates), max(dates)) if dates else None


def _groups(first: dt.date, last: dt.date, authority_id: int | None) -> list[Group]:
    with connection.cursor() as cursor:
        cursor.execute(
            GROUPS,
            {"open": list(OPEN_STATES), "first": counting.start_of(first), "last": last, "authority": authority_id},
        )
        return [Group._make(row) for row in cursor.fetchall()]


def _counted(clock: Clock, after: Calendars, counts: dict[tuple[Any, ...], Count]) -> Count:
    """The clock's count under the calendars that would be; the same term in the same calendar is counted once."""
    calendar = after.of(clock.authority_id)
    term = ledger.term_of(clock)
    key = (*(getattr(term, name) for name in COUNTED), id(calendar))
    if key not in counts:
        counts[key] = counting.count(term, calendar)
    return counts[key]


def _weigh(impact: Impact, group: Group, clock: Clock, counted: Count, now: dt.datetime) -> None:
    impact.examined += group.clocks
    tally = impact.cells[clock.code, clock.authority_id]
    if not counted.is_provisional:
        tally.final += group.provisional
    if counted.due_at is None or clock.due_at is None or counted.due_at == clock.due_at:
        return
    if counted.due_at < clock.due_at:
        tally.earlier += group.clocks
    else:
        tally.later += group.clocks
    if counted.due_at <= now < clock.due_at:
        tally.past += group.clocks
