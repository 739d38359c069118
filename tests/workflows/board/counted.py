"""The board's numbers counted in Python, clock by clock, from what the words on the page mean."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from workflows.board.queries import Board
from workflows.clocks.models import Clock

SHANGHAI = ZoneInfo("Asia/Shanghai")


def numbers(board: Board) -> dict[str, Any]:
    """Everything a board says, without its zeros."""
    return {
        "stages": {line.code: {**_some(line.counts), "risk": line.at_risk} for line in board.stages},
        "kinds": {line.code.replace("none", ""): {**_some(line.counts), "risk": line.at_risk} for line in board.kinds},
        "regions": {
            line.code: {**_some(line.counts), "risk": line.at_risk} for line in board.regions if line.total
        },
        "weeks": {str(w.monday): (_some(w.counts), w.provisional) for w in board.weeks if w.total},
        "months": {str(m.first)[:7]: _some(m.counts) for m in board.months if any(m.counts.values())},
    }  # fmt: skip


def _some(counts: dict[str, int]) -> dict[str, int]:
    return {key: number for key, number in counts.items() if number}


def count(
    clocks: Iterable[Clock], now: dt.datetime, *, code: str = "", kind: str | None = None, person: int | None = None
) -> dict[str, Any]:
    """The same of a heap of clocks at a moment."""
    mine = [c for c in clocks if not c.is_trial and code in ("", c.code) and _is_wanted(c, kind, person)]
    open_ = [c for c in mine if c.state in ("running", "paused")]
    kinds = [(one, c) for c in open_ for one in c.kinds.split(",") if kind in (None, one)]
    return {
        "stages": _table((c.code, c) for c in open_)(now),
        "kinds": _table(kinds)(now),
        "regions": _table((c.authority.code, c) for c in open_)(now),
        "weeks": _weeks([c for c in open_ if c.state == "running"], now),
        "months": _months(mine, now),
    }


def _is_wanted(clock: Clock, kind: str | None, person: int | None) -> bool:
    return (kind is None or kind in clock.kinds.split(",")) and (person is None or person == (clock.holder_id or 0))


def _table(pairs: Iterable[tuple[str, Clock]]) -> Any:
    listed = list(pairs)

    def at(now: dt.datetime) -> dict[str, dict[str, int]]:
        table: dict[str, Counter[str]] = {}
        for key, clock in listed:
            row = table.setdefault(key, Counter(risk=0))
            row[_tone(clock, now)] += 1
            is_warned = clock.state == "running" and clock.warn_at is not None and clock.warn_at <= now
            row["risk"] += int(is_warned and clock.due_at is not None and clock.due_at > now)
        return {key: dict(row) for key, row in table.items()}

    return at


def _tone(clock: Clock, now: dt.datetime) -> str:
    if clock.due_at is not None and clock.due_at <= now:
        return "overdue"
    if clock.state == "paused" or clock.due_at is None:
        return "paused"
    last, today = _last_day(clock.due_at), now.astimezone(SHANGHAI).date()
    if last == today:
        return "today"
    return "week" if _monday(last) == _monday(today) else "later"


def _last_day(due: dt.datetime) -> dt.date:
    return (due - dt.timedelta(microseconds=1)).astimezone(SHANGHAI).date()


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _weeks(running: list[Clock], now: dt.datetime) -> dict[str, Any]:
    first = _monday(now.astimezone(SHANGHAI).date())
    weeks: dict[str, tuple[Counter[str], list[int]]] = {}
    for clock in running:
        if clock.due_at is None or clock.due_at <= now:
            continue
        monday = _monday(_last_day(clock.due_at))
        if (monday - first).days // 7 >= 12:
            continue
        counts, provisional = weeks.setdefault(str(monday), (Counter(), []))
        counts[clock.code] += 1
        if clock.is_provisional:
            provisional.append(1)
    return {monday: (dict(counts), len(provisional)) for monday, (counts, provisional) in weeks.items()}


def _months(clocks: list[Clock], now: dt.datetime) -> dict[str, dict[str, int]]:
    today = now.astimezone(SHANGHAI).date()
    months: dict[str, Counter[str]] = {}
    for clock in clocks:
        if clock.breached_at is not None:
            day, outcome = _last_day(clock.breached_at), "excused" if clock.excused_at else "missed"
        elif clock.state in ("stopped", "expired") and clock.stopped_at is not None:
            day = clock.stopped_at.astimezone(SHANGHAI).date()
            outcome = "kept" if clock.state == "stopped" else "run_out"
        else:
            continue
        if 0 <= (today.year - day.year) * 12 + today.month - day.month < 12:
            months.setdefault(f"{day:%Y-%m}", Counter())[outcome] += 1
    return {month: dict(counts) for month, counts in months.items()}
