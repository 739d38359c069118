"""Reads the tallies, and what is not yet folded into them, in one statement and so of one moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from qualification.statements import prepared_cursor
from workflows.board.enums import NOBODY, Dim, Measure, Outcome
from workflows.board.figures import KINDS, LATER, PAST, PEOPLE, STAGES, TODAY, TREND, WEEK, Bounds, Row, Scope
from workflows.board.tallies import explode

_OPEN = "SELECT {wanted} FROM {source} t WHERE t.grain = 'week' AND t.period <> %(monday)s AND {where}"
_THIS_WEEK = "SELECT {wanted} FROM {source} t WHERE t.grain = 'moment' AND t.period = %(monday)s AND {where}"
_MONTHS = "SELECT {wanted} FROM {source} t WHERE t.grain = 'month' AND t.period >= %(first_month)s AND {where}"
# Spans as numbers: they are quicker to group by than words. A whole week before this one has ended by now; one ahead
# ends after the end of this week. Weeks and months are told by their first day, counted from the epoch.
_PAST, _TODAY, _WEEK, _LATER = -1, -2, -3, -4
_NAMES = {_PAST: PAST, _TODAY: TODAY, _WEEK: WEEK, _LATER: LATER}
_EPOCH = dt.date(2000, 1, 1)
_DAY = f"t.period - '{_EPOCH}'::date"
_SPAN = (
    f"CASE WHEN t.moment <= %(now)s THEN {_PAST} WHEN t.moment <= %(tomorrow)s THEN {_TODAY}"
    f" WHEN t.moment <= %(next_week)s THEN {_WEEK} WHEN t.moment <= %({{reach}})s THEN {_DAY} ELSE {_LATER} END"
)
_SECTION = "SELECT '{name}' AS section, {keys}, {span} AS span, {counts} FROM ({union}) AS t GROUP BY {group}"
OPEN = (Measure.RUNNING.value, Measure.PAUSED.value, Measure.PROVISIONAL.value, Measure.RISK.value)
OUTCOMES = tuple(Outcome.values)
# What each section is split by; of the rest it shows only that it is summed up.
_SPLIT = {
    STAGES: ("authority_id", "code"), KINDS: ("kind",), PEOPLE: ("holder",), TREND: ("authority_id",),
}  # fmt: skip
_ALL = {"authority_id": "0", "code": "'*'", "kind": "'*'", "holder": "-1"}


@dataclass(frozen=True, slots=True)
class Section:
    """One table: the dimension it splits by and what it is narrowed to."""

    name: str
    dim: Dim
    narrowed: dict[str, object] = field(default_factory=dict)

    def sql(self, values: dict[str, Any]) -> str:
        """The section's query; its values are added to `values`."""
        where = [f"t.dim = '{self.dim.value}'", "t.authority_id = ANY(%(authorities)s)"]
        for column, value in self.narrowed.items():
            values[f"{self.name}_{column}"] = value
            where.append(f"t.{column} = %({self.name}_{column})s")
        parts = (_MONTHS,) if self.name == TREND else (_OPEN, _THIS_WEEK)
        split = _SPLIT[self.name]
        measures = OUTCOMES if self.name == TREND else OPEN
        wanted = ", ".join(f"t.{column}" for column in (*split, "period", "moment", *measures))
        union = " UNION ALL ".join(
            part.format(wanted=wanted, source=source, where=" AND ".join(where))
            for part in parts
            for source in ("board_tally", "pending")
        )
        span = _DAY if self.name == TREND else _SPAN.format(reach="horizon" if self.name == STAGES else "next_week")
        keys = ", ".join(f"t.{name}" if name in split else nothing for name, nothing in _ALL.items())
        counts = ", ".join(f"sum(t.{measure})" for measure in measures)
        group = ", ".join([*(f"t.{column}" for column in split), span])
        return _SECTION.format(name=self.name, keys=keys, span=span, counts=counts, union=union, group=group)


def sections_of(scope: Scope) -> list[Section]:
    """The tables of the board for a scope that the tallies answer, and the trend of any scope they know."""
    by_code: dict[str, object] = {"code": scope.code} if scope.code else {}
    by_kind: dict[str, object] = {"kind": scope.kind} if scope.kind is not None else {}
    if scope.person == NOBODY:
        stages, kinds = Section(STAGES, Dim.NOBODY), Section(KINDS, Dim.NOBODY_KIND)
    elif by_kind:
        stages = Section(STAGES, Dim.KIND_STAGE, by_kind | by_code)
        kinds = Section(KINDS, Dim.KIND_STAGE if by_code else Dim.KIND, by_kind | by_code)
    else:
        stages = Section(STAGES, Dim.STAGE, by_code)
        kinds = Section(KINDS, Dim.KIND_STAGE if by_code else Dim.KIND, by_code)
    return [stages, kinds, Section(TREND, stages.dim, stages.narrowed)]


def rows_of(scope: Scope, bounds: Bounds) -> list[Row]:
    """The rows of the board."""
    return _read(sections_of(scope), scope, bounds)


def people_of(scope: Scope, bounds: Bounds) -> list[Row]:
    """Open clocks by person."""
    return _read([Section(PEOPLE, Dim.PERSON)], scope, bounds)


def trend_of(scope: Scope, bounds: Bounds) -> list[Row]:
    """The trend of one person over all stages and kinds."""
    return _read([Section(TREND, Dim.PERSON, {"holder": scope.person})], scope, bounds)


def _read(sections: list[Section], scope: Scope, bounds: Bounds) -> list[Row]:
    values: dict[str, Any] = {
        "authorities": list(scope.authorities), "now": bounds.now, "tomorrow": bounds.tomorrow, "monday": bounds.monday,
        "next_week": bounds.next_week, "horizon": bounds.horizon, "first_month": bounds.months[0],
    }  # fmt: skip
    union = " UNION ALL ".join(section.sql(values) for section in sections)
    pending = explode("board_delta", {section.dim.value for section in sections})
    # Planned once: there are few kinds of question, and planning takes longer than the answer.
    with prepared_cursor() as cursor:
        cursor.execute(f"WITH pending AS MATERIALIZED ({pending}) {union}", values)
        return [row for found in cursor.fetchall() for row in _rows(*found)]


def _rows(section: str, authority: int, code: str, kind: str, holder: int, span: int, *counts: int) -> Iterator[Row]:
    name = _NAMES.get(span) or str(_EPOCH + dt.timedelta(days=span))
    for measure, n in zip(OUTCOMES if section == TREND else OPEN, counts, strict=True):
        if n:
            yield Row(section, authority, code, kind, holder, measure, name, n)
