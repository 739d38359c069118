"""The board: open limits by when they are due, by stage, kind, region and person, the load ahead, and how limits ended.

Its numbers are the sum of exact tallies, or a count of the clocks where filters are combined with a person; either is
the truth at one moment. No trial is counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Case, CharField, Q, QuerySet, Value, When

from qualification.accounts.enums import NATIONAL_ROLES
from qualification.applications.enums import Kind
from qualification.regions.models import Authority
from workflows.board import raw, reading
from workflows.board.enums import BOARD_ROLES, NO_KIND, NO_KIND_LABEL, Dim, Measure, Outcome, Tone
from workflows.board.figures import KINDS, PAST, STAGES, TODAY, TREND, WEEK, Bounds, Row, Scope
from workflows.board.models import Tally
from workflows.clocks.enums import ClockState
from workflows.clocks.models import Clock
from workflows.clocks.policy import POLICY

if TYPE_CHECKING:
    from qualification.accounts.models import User


def is_reader(user: User) -> bool:
    """Whether the person has a board at all."""
    return user.has_role(*BOARD_ROLES, *NATIONAL_ROLES)


def authorities_of(user: User) -> QuerySet[Authority]:
    """Authorities whose board the person sees: the own one of a time-limit administrator or supervisor, all five for
    the joint meeting and national viewers. A trial authority has no board."""
    if user.has_role(*NATIONAL_ROLES):
        return Authority.objects.real().order_by("code")
    return Authority.objects.real().filter(pk__in=user.authority_ids(BOARD_ROLES)).order_by("code")


def clocks_of(user: User) -> QuerySet[Clock]:
    """Open clocks of those authorities."""
    return Clock.objects.open().filter(authority__in=authorities_of(user).values("pk"), is_trial=False)


def with_tone(clocks: QuerySet[Clock], now: dt.datetime) -> QuerySet[Clock]:
    """Each clock's tone. A limit is missed from its due moment on, which is 24:00 of the last day."""
    bounds = Bounds.at(now)
    tone = Case(
        When(due_at__lte=bounds.now, then=Value(Tone.OVERDUE.value)),
        When(state=ClockState.PAUSED, then=Value(Tone.PAUSED.value)),
        When(due_at__lte=bounds.tomorrow, then=Value(Tone.TODAY.value)),
        When(due_at__lte=bounds.next_week, then=Value(Tone.WEEK.value)),
        default=Value(Tone.LATER.value),
        output_field=CharField(),
    )
    return clocks.annotate(tone=tone)


def of_tone(clocks: Any, tone: str) -> QuerySet[Clock]:
    """Clocks of one tone, of those that `with_tone` has given theirs."""
    found: QuerySet[Clock] = clocks.filter(tone=tone)
    return found


def at_risk(clocks: QuerySet[Clock], now: dt.datetime) -> QuerySet[Clock]:
    """Running clocks, not missed, whose warning's moment has come: at least 80 % of the limit is used."""
    return clocks.filter(Q(state=ClockState.RUNNING, warn_at__lte=now, due_at__gt=now))


@dataclass(slots=True)
class Line:
    """A stage, a kind or a region: how many open clocks of each tone."""

    code: str
    label: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Tone.values, 0))
    at_risk: int = 0

    @property
    def total(self) -> int:
        """All open clocks of the line."""
        return sum(self.counts.values())

    @property
    def cells(self) -> list[tuple[Tone, int]]:
        """The counts in the order of the tones."""
        return [(tone, self.counts[tone.value]) for tone in Tone]

    def add(self, row: Row) -> None:
        """Count a row of open clocks in."""
        if row.measure == Measure.RISK:
            self.at_risk += row.n if row.span == PAST else 0
        elif row.measure in {Measure.RUNNING, Measure.PAUSED}:
            self.counts[_tone(row)] += row.n


def _tone(row: Row) -> str:
    if row.span == PAST:
        return Tone.OVERDUE.value
    if row.measure == Measure.PAUSED:
        return Tone.PAUSED.value
    return {TODAY: Tone.TODAY.value, WEEK: Tone.WEEK.value}.get(row.span, Tone.LATER.value)


@dataclass(slots=True)
class Week:
    """How many running limits end in a week (in this one: from now on), by stage; some of them are provisional."""

    monday: dt.date
    counts: dict[str, int] = field(default_factory=dict)
    provisional: int = 0

    @property
    def total(self) -> int:
        """All limits of the week."""
        return sum(self.counts.values())

    @property
    def day(self) -> str:
        """The Monday as addresses spell it."""
        return self.monday.isoformat()


@dataclass(slots=True)
class Month:
    """How the limits of a month ended."""

    first: dt.date
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Outcome.values, 0))

    @property
    def cells(self) -> list[tuple[Outcome, int]]:
        """The counts in the order of the outcomes."""
        return [(outcome, self.counts[outcome.value]) for outcome in Outcome]

    @property
    def total(self) -> int:
        """All limits of the month."""
        return sum(self.counts.values())

    @property
    def share(self) -> float | None:
        """Per cent kept of those kept and missed; None where there are none."""
        return share_kept(self.counts[Outcome.KEPT.value], self.counts[Outcome.MISSED.value])


def share_kept(kept: int, missed: int) -> float | None:
    """Per cent kept, to one digit; 100 only when none was missed, 0 only when none was kept."""
    if not kept + missed:
        return None
    share = round(100 * kept / (kept + missed), 1)
    if missed:
        share = min(share, 99.9)
    return max(share, 0.1) if kept else share


@dataclass(frozen=True, slots=True)
class Board:
    """All numbers of one board, of one moment."""

    stages: list[Line]
    kinds: list[Line]
    regions: list[Line]
    matrix: dict[str, dict[str, Line]]
    weeks: list[Week]
    months: list[Month]

    @property
    def total(self) -> Line:
        """The board as one line."""
        whole = Line("", "")
        for line in self.stages:
            whole.at_risk += line.at_risk
            for tone, count in line.counts.items():
                whole.counts[tone] += count
        return whole

    @property
    def ahead(self) -> list[Line]:
        """The stages of which a limit ends in the weeks ahead."""
        return [line for line in self.stages if any(week.counts.get(line.code) for week in self.weeks)]

    @property
    def has_provisional(self) -> bool:
        """Whether a limit of the weeks ahead may still move."""
        return any(week.provisional for week in self.weeks)

    @property
    def ended(self) -> Month:
        """All months of the trend as one."""
        whole = Month(self.months[0].first)
        for month in self.months:
            for outcome, count in month.counts.items():
                whole.counts[outcome] += count
        return whole


def scope_of(
    user: User, *, region: str = "", code: str = "", kind: str | None = None, person: int | None = None
) -> Scope:
    """The person's whole board, or what filters leave of it; a region that is not theirs leaves nothing."""
    authorities = authorities_of(user)
    if region:
        authorities = authorities.filter(code=region)
    return Scope(tuple(authorities.values_list("pk", flat=True)), code, kind, person)


def board_of(user: User, now: dt.datetime, scope: Scope | None = None) -> Board:
    """The numbers of the person's board, or of a part of it, at a moment."""
    scope = scope_of(user) if scope is None else scope
    return summed(rows_of(scope, Bounds.at(now)), authorities_of(user).filter(pk__in=scope.authorities), Bounds.at(now))


def raw_board_of(user: User, now: dt.datetime, scope: Scope | None = None) -> Board:
    """The same numbers counted from the clocks: what `board_of` must always equal."""
    scope, bounds = scope_of(user) if scope is None else scope, Bounds.at(now)
    return summed(raw.rows_of(scope, bounds), authorities_of(user).filter(pk__in=scope.authorities), bounds)


def rows_of(scope: Scope, bounds: Bounds) -> list[Row]:
    """The board's rows from the cheapest place that knows them."""
    return reading.rows_of(scope, bounds) if scope.is_tallied else raw.rows_of(scope, bounds)


def summed(rows: Iterable[Row], authorities: Iterable[Authority], bounds: Bounds) -> Board:
    """The tables of the board."""
    stages = {policy.code: Line(policy.code, str(policy.label)) for policy in POLICY}
    kinds = {kind.value: Line(kind.value, str(kind.label)) for kind in Kind} | {"": Line(NO_KIND, str(NO_KIND_LABEL))}
    places = {a.pk: Line(a.code, a.region) for a in authorities}
    matrix: dict[str, dict[str, Line]] = {line.code: {} for line in places.values()}
    weeks = {str(monday): Week(monday) for monday in bounds.weeks}
    months = {str(first): Month(first) for first in bounds.months}
    for row in rows:
        if row.section == TREND:
            if row.span in months:
                months[row.span].counts[row.measure] += row.n
        elif row.section == KINDS:
            kinds.setdefault(row.kind, Line(row.kind, row.kind)).add(row)
        elif row.section == STAGES:
            stage = stages.setdefault(row.code, Line(row.code, row.code))
            place = places[row.authority_id]
            own = matrix[place.code].setdefault(row.code, Line(row.code, stage.label))
            for line in (stage, place, own):
                line.add(row)
            _add_to_week(weeks, row, bounds)
    return Board(
        [line for line in stages.values() if line.total], [line for line in kinds.values() if line.total],
        list(places.values()), matrix, list(weeks.values()), list(months.values()),
    )  # fmt: skip


def _add_to_week(weeks: dict[str, Week], row: Row, bounds: Bounds) -> None:
    week = weeks.get(str(bounds.monday) if row.span in {TODAY, WEEK} else row.span)
    if week is None:
        return
    if row.measure == Measure.RUNNING:
        week.counts[row.code] = week.counts.get(row.code, 0) + row.n
    elif row.measure == Measure.PROVISIONAL:
        week.provisional += row.n


def has_clocks(person: int, authorities: Iterable[int]) -> bool:
    """Whether a person has, or had at last, a clock of one of these authorities."""
    places = list(authorities)
    if Clock.objects.open().filter(holder_id=person, authority_id__in=places, is_trial=False).exists():
        return True
    return Tally.objects.filter(dim=Dim.PERSON, holder=person, authority_id__in=places).exists()


def codes() -> list[tuple[str, str]]:
    """The stages by code."""
    return [(policy.code, str(policy.label)) for policy in POLICY]
