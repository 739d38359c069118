"""The board's numbers: open clocks by when they are due, by stage and by region. No trial authority is counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils.timezone import localtime

from qualification.accounts.enums import NATIONAL_ROLES
from qualification.regions.models import Authority
from workflows.board.enums import BOARD_ROLES, Tone
from workflows.clocks import ledger
from workflows.clocks.enums import ClockState
from workflows.clocks.models import Clock, Rung
from workflows.clocks.policy import POLICY, RungName

if TYPE_CHECKING:
    from qualification.accounts.models import User

SHANGHAI = ZoneInfo("Asia/Shanghai")


def authorities_of(user: User) -> QuerySet[Authority]:
    """Authorities whose board the person sees: the own one of a time-limit administrator or supervisor, all five for
    the joint meeting and national viewers. A trial authority has no board."""
    if user.has_role(*NATIONAL_ROLES):
        return Authority.objects.real().order_by("code")
    return Authority.objects.real().filter(pk__in=user.authority_ids(BOARD_ROLES)).order_by("code")


def clocks_of(user: User) -> QuerySet[Clock]:
    """Open clocks of those authorities."""
    own = Clock.objects.open().filter(authority__in=authorities_of(user).values("pk"))
    return own.exclude(application__authority__is_trial=True)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The moments that part the tones: now, the end of today, the end of this week (Sunday 24:00 in Beijing)."""

    now: dt.datetime
    tomorrow: dt.datetime
    next_week: dt.datetime

    @classmethod
    def at(cls, now: dt.datetime) -> Bounds:
        """The bounds at a moment."""
        today = localtime(now, SHANGHAI).date()
        monday = today + dt.timedelta(days=7 - today.weekday())
        return cls(now, _midnight(today + dt.timedelta(days=1)), _midnight(monday))


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, SHANGHAI)


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
    """Running clocks, not missed, of whose limit at least 80 % is used.

    The warning's rung is the fact of it; where no sweep has fired it yet, the clock's own count says whether it is due.
    """
    running = clocks.filter(state=ClockState.RUNNING, due_at__gt=now)
    warned = Exists(Rung.objects.filter(clock=OuterRef("pk"), name=RungName.WARN))
    return running.filter(Q(warned) | Q(pk__in=_unswept(running.filter(~warned), now)))


def _unswept(clocks: QuerySet[Clock], now: dt.datetime) -> list[int]:
    late = list(
        clocks.filter(next_rung_at__lte=now).prefetch_related("intervals").select_related("extension").order_by("pk")
    )
    places = {pk: ledger.place_of(pk) for pk in {clock.authority_id for clock in late}}
    return [clock.pk for clock in late if _is_warned(clock, places[clock.authority_id], now)]


def _is_warned(clock: Clock, place: ledger.Place, now: dt.datetime) -> bool:
    moments = ledger.moments(clock.policy.rungs, ledger.count_of(clock, place.calendar), place.rungs_at)
    return any(rung.name == RungName.WARN and moment <= now for moment, rung in moments)


@dataclass(slots=True)
class Line:
    """A stage or a region: how many open clocks of each tone."""

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


@dataclass(frozen=True, slots=True)
class Board:
    """All numbers of one board; three queries."""

    stages: list[Line]
    regions: list[Line]

    @property
    def total(self) -> Line:
        """The board as one line."""
        whole = Line("", "")
        for line in self.stages:
            whole.at_risk += line.at_risk
            for tone, count in line.counts.items():
                whole.counts[tone] += count
        return whole


def board_of(user: User, now: dt.datetime) -> Board:
    """The numbers of the person's board at a moment."""
    clocks = clocks_of(user)
    stages = {policy.code: Line(policy.code, str(policy.label)) for policy in POLICY}
    regions = {a.pk: Line(a.code, a.region) for a in authorities_of(user)}
    toned: Any = with_tone(clocks, now)
    for row in toned.order_by().values("code", "authority_id", "tone").annotate(count=Count("pk")):
        for line in (stages.setdefault(row["code"], Line(row["code"], row["code"])), regions[row["authority_id"]]):
            line.counts[row["tone"]] += row["count"]
    risky = at_risk(clocks, now).order_by().values("code", "authority_id").annotate(count=Count("pk"))
    for row in risky:
        stages[row["code"]].at_risk += row["count"]
        regions[row["authority_id"]].at_risk += row["count"]
    return Board([line for line in stages.values() if line.total], list(regions.values()))


def codes() -> Iterable[tuple[str, str]]:
    """The stages by code."""
    return [(policy.code, str(policy.label)) for policy in POLICY]


def is_reader(user: User) -> bool:
    """Whether the person has a board at all."""
    return user.has_role(*BOARD_ROLES, *NATIONAL_ROLES)
