"""Answers to what-if questions as the page shows them: numbers before and after, by stage and by week, and the cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from qualification.pages.dates import say_date
from qualification.pages.exports import LIMIT
from workflows.clocks.models import Clock
from workflows.clocks.policy import BY_CODE
from workflows.foresight import whatif
from workflows.foresight.absence import Affected
from workflows.foresight.days import Days

SHOWN, WEEKS, CHUNK = 50, 8, 1000


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage before and after."""

    label: str
    clocks: int
    moved: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Week:
    """Last days in one week before and after; `short` is the label under a picture."""

    label: str
    short: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Line:
    """One limit before and after."""

    clock: Clock
    before: dt.date | None
    after: dt.date | None
    is_overdue: bool
    is_provisional: bool

    @property
    def url(self) -> str:
        """The case's page."""
        return case_url(self.clock)

    @property
    def days(self) -> int:
        """Days by which the last day moves; 0 where it has none before or after."""
        return (self.after - self.before).days if self.before and self.after else 0


def case_url(clock: Clock) -> str:
    """The page of the clock's case, or of the clock itself."""
    if clock.application is None:
        return reverse("clocks:why", args=[clock.uuid])
    return reverse("inbox:case", args=[clock.application.uuid])


class Moved:
    """The answer to a question about days or limits."""

    heads = (
        gettext_lazy("Case"),
        gettext_lazy("Laboratory"),
        gettext_lazy("Stage"),
        gettext_lazy("Last day now"),
        gettext_lazy("Last day then"),
        gettext_lazy("Days"),
    )

    def __init__(self, effect: whatif.Effect, today: dt.date) -> None:
        self.effect, self.today = effect, today

    @cached_property
    def tiles(self) -> list[dict[str, Any]]:
        """The whole in four numbers."""
        effect, today = self.effect, self.today
        late, saved = int(effect.newly_overdue(today).sum()), int(effect.saved(today).sum())
        return [
            _tile(_("Open limits"), "clock", "neutral", len(effect.clocks)),
            _tile(_("Would move"), "calendar-event", "info", int(effect.moved.sum())),
            _tile(_("Would become overdue"), "clock-exclamation", "bad" if late else "neutral", late),
            _tile(_("Would no longer be overdue"), "check", "good" if saved else "neutral", saved),
        ]

    @cached_property
    def stages(self) -> list[Stage]:
        """Each stage with open limits."""
        effect, today, clocks = self.effect, self.today, self.effect.clocks
        every = whatif.by_stage(clocks, np.ones(len(clocks), dtype=bool))
        moved = whatif.by_stage(clocks, effect.moved)
        before = whatif.by_stage(clocks, effect.overdue(effect.before, today))
        after = whatif.by_stage(clocks, effect.overdue(effect.after, today))
        return [
            Stage(str(BY_CODE[code].label), n, moved.get(code, 0), before.get(code, 0), after.get(code, 0))
            for code, n in every.items()
        ]

    @cached_property
    def weeks(self) -> list[Week]:
        """Last days by week."""
        before = whatif.by_week(self.effect.before, self.today, WEEKS)
        after = whatif.by_week(self.effect.after, self.today, WEEKS)
        return _weeks(self.today, list(before), list(after))

    @cached_property
    def lines(self) -> list[Line]:
        """The limits most affected: those that become overdue first, then the widest moves."""
        effect = self.effect
        late = effect.newly_overdue(self.today)
        width = np.where(effect.after > 0, np.abs(effect.after - effect.before), 0)
        order = np.lexsort((effect.clocks.pk, effect.before, -width, ~late))
        return self._lines(order[effect.moved[order]][:SHOWN])

    @property
    def count(self) -> int:
        """How many limits move."""
        return int(self.effect.moved.sum())

    def rows(self) -> Iterator[list[Any]]:
        """Every limit that moves, for a spreadsheet; at most as many as a list may have."""
        chosen = np.flatnonzero(self.effect.moved)[:LIMIT]
        for begin in range(0, len(chosen), CHUNK):
            for line in self._lines(chosen[begin : begin + CHUNK]):
                yield [*_names(line.clock), line.before, line.after, line.days]

    def _lines(self, places: Days) -> list[Line]:
        effect, late = self.effect, self.effect.newly_overdue(self.today)
        pks = effect.clocks.pk[places].tolist()
        clocks = Clock.objects.select_related("application__laboratory").in_bulk(pks)
        return [
            self._line(clocks[pk], n, is_overdue=bool(late[n]))
            for pk, n in zip(pks, places.tolist(), strict=True)
            if pk in clocks
        ]

    def _line(self, clock: Clock, place: int, *, is_overdue: bool) -> Line:
        after = _day(self.effect.after[place])
        calendar = self.effect.clocks.calendars[clock.authority_id]
        is_provisional = after is not None and calendar.is_provisional(after)
        return Line(clock, _day(self.effect.before[place]), after, is_overdue, is_provisional)


class Slips:
    """The answer to the question about somebody who is away."""

    heads = (gettext_lazy("Case"), gettext_lazy("Laboratory"), gettext_lazy("Stage"), gettext_lazy("What follows from it"), gettext_lazy("Planned"), gettext_lazy("Then"), gettext_lazy("Working days"), gettext_lazy("Due"),
             gettext_lazy("Chance to miss now"), gettext_lazy("Chance to miss then"))  # fmt: skip

    def __init__(self, found: list[Affected], today: dt.date) -> None:
        self.found, self.today = found, today

    @property
    def count(self) -> int:
        """How many limits are touched."""
        return len(self.found)

    @cached_property
    def tiles(self) -> list[dict[str, Any]]:
        """The whole in three numbers."""
        lost = sum(one.is_lost for one in self.found)
        moved = sum(one.day_after is not None for one in self.found)
        return [
            _tile(_("Limits touched"), "clock", "info", len(self.found)),
            _tile(_("Visits moved"), "calendar-event", "info" if moved else "neutral", moved),
            _tile(_("Cannot be kept"), "clock-exclamation", "bad" if lost else "neutral", lost),
        ]

    @cached_property
    def stages(self) -> list[dict[str, Any]]:
        """Each stage: limits touched, and how many of them are likely to be missed before and after."""
        found: dict[str, dict[str, Any]] = {}
        for one in self.found:
            label = str(one.clock.policy.label)
            line = found.setdefault(label, {"label": label, "clocks": 0, "before": 0.0, "after": 0.0, "lost": 0})
            line["clocks"] += 1
            line["before"] += one.before or 0
            line["after"] += one.after if one.after is not None else float(one.is_lost)
            line["lost"] += one.is_lost
        return list(found.values())

    @cached_property
    def weeks(self) -> list[Week]:
        """Limits likely to be missed, by the week in which they are due."""
        before, after = [0.0] * (WEEKS + 1), [0.0] * (WEEKS + 1)
        monday = self.today - dt.timedelta(days=self.today.weekday())
        for one in self.found:
            due = one.clock.due_on or self.today
            place = min(max((due - monday).days // 7, 0), WEEKS)
            before[place] += one.before or 0
            after[place] += one.after if one.after is not None else float(one.is_lost)
        return _weeks(self.today, before, after)

    def rows(self) -> Iterator[list[Any]]:
        """Every limit touched, for a spreadsheet."""
        for one in self.found:
            yield [
                *_names(one.clock),
                str(one.what),
                one.day_before,
                one.day_after,
                one.slip,
                one.clock.due_on,
                one.before,
                one.after,
            ]


def _tile(label: str, icon: str, tone: str, value: int) -> dict[str, Any]:
    return {"label": label, "icon": icon, "tone": tone, "value": value}


def _names(clock: Clock) -> list[str]:
    case = clock.application
    return [case.reference if case else "", case.laboratory.name if case else "", str(clock.policy.label)]


def _day(ordinal: Any) -> dt.date | None:
    return dt.date.fromordinal(int(ordinal)) if ordinal else None


def _weeks(today: dt.date, before: list[Any], after: list[Any]) -> list[Week]:
    monday = today - dt.timedelta(days=today.weekday())
    mondays = [monday + dt.timedelta(weeks=n) for n in range(WEEKS)]
    labels = [*(_("from %(day)s") % {"day": say_date(day)} for day in mondays), _("later")]
    short = [*(f"{day:%m-%d}" for day in mondays), _("later")]
    return [Week(*row) for row in zip(labels, short, before, after, strict=True)]
