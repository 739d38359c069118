"""Who has the limits of an authority: officers, assessors, people of laboratories, and what waits for nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, FloatField, Q
from django.db.models.functions import Extract

from qualification.accounts.enums import LABORATORY_ROLES, STAFF_ROLES, Role
from qualification.accounts.models import Membership, User
from workflows.board import raw, reading
from workflows.board.enums import NO_PERSON, NOBODY, NOBODY_LABEL, Outcome, Side, Tone
from workflows.board.figures import Bounds, Scope
from workflows.board.queries import Line, share_kept
from workflows.clocks.enums import OPEN_STATES
from workflows.clocks.models import Clock

# How far the shares look back.
SHARE_DAYS = 90


class Median(Aggregate):
    """The middle value, as PostgreSQL works it out."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(slots=True)
class Person:
    """One person's open limits, and how theirs have ended lately.

    `used` is the middle of how much of the time up to the limit was used when it ended, in per cent.
    """

    key: int
    line: Line
    kept: int = 0
    missed: int = 0
    used: float | None = None
    side: Side = Side.OFFICER

    @property
    def share(self) -> float | None:
        """Per cent kept of those kept and missed; None where there are none."""
        return share_kept(self.kept, self.missed)

    @property
    def soon(self) -> int:
        """How many end today or later this week."""
        return self.line.counts[Tone.TODAY.value] + self.line.counts[Tone.WEEK.value]


@dataclass(frozen=True, slots=True)
class People:
    """The people of one authority by what they are, the most overdue first, and what waits for nobody."""

    sides: dict[Side, list[Person]] = field(default_factory=dict)
    nobody: Person | None = None


def people_of(scope: Scope, now: dt.datetime) -> People:
    """Everybody who has an open limit of the authorities, or had one that ended in the last 90 days."""
    people: dict[int, Person] = {}
    for row in reading.people_of(scope, Bounds.at(now)):
        people.setdefault(row.holder, Person(row.holder, Line("", ""))).line.add(row)
    for ended in _ended(scope, now):
        person = people.setdefault(ended["holder_id"] or NOBODY, Person(ended["holder_id"] or NOBODY, Line("", "")))
        person.kept, person.missed, person.used = ended["kept"], ended["missed"], ended["used"]
    _name(people)
    nobody = people.pop(NOBODY, None)
    found: dict[Side, list[Person]] = {side: [] for side in Side}
    for person in sorted(people.values(), key=_worst_first):
        found[person.side].append(person)
    return People({side: rows for side, rows in found.items() if rows}, nobody)


def _worst_first(person: Person) -> tuple[int, int, int, str]:
    counts = person.line.counts
    return (-counts["overdue"], -counts["today"] - counts["week"], -person.line.total, person.line.label)


def _ended(scope: Scope, now: dt.datetime) -> Iterable[dict[str, Any]]:
    ended = Clock.objects.exclude(state__in=OPEN_STATES).filter(stopped_at__gt=now - dt.timedelta(days=SHARE_DAYS))
    rows: Any = raw.with_outcome(raw.narrowed(ended.filter(stopped_at__lte=now), scope))
    used = ExpressionWrapper(
        _seconds("stopped_at") * 100.0 / _seconds("due_at"), output_field=FloatField()
    )  # a limit ends after it starts, as the database demands
    has_limit = Q(due_at__gt=F("started_at"))
    return rows.order_by().values("holder_id").annotate(
        kept=Count("pk", filter=Q(outcome=Outcome.KEPT)), missed=Count("pk", filter=Q(outcome=Outcome.MISSED)),
        used=Median(used, filter=has_limit & Q(outcome__in=[Outcome.KEPT, Outcome.MISSED])),
    )  # fmt: skip


def _seconds(until: str) -> Extract:
    return Extract(ExpressionWrapper(F(until) - F("started_at"), output_field=DurationField()), "epoch")


def _name(people: dict[int, Person]) -> None:
    for user in User.objects.filter(pk__in=people).order_by("pk"):
        people[user.pk].line = _named(people[user.pk].line, str(user.pk), str(user))
    if NOBODY in people:
        people[NOBODY].line = _named(people[NOBODY].line, NO_PERSON, str(NOBODY_LABEL))
    memberships = Membership.objects.in_force().filter(user_id__in=people).order_by("pk")
    roles: dict[int, set[str]] = {}
    for user_id, role in memberships.values_list("user_id", "role"):
        roles.setdefault(user_id, set()).add(role)
    for key, person in people.items():
        person.side = _side(roles.get(key, set()))


def _named(line: Line, code: str, label: str) -> Line:
    return Line(code, label, line.counts, line.at_risk)


def _side(roles: set[str]) -> Side:
    if roles & LABORATORY_ROLES:
        return Side.LABORATORY
    return Side.ASSESSOR if Role.ASSESSOR in roles and not roles & STAFF_ROLES else Side.OFFICER
