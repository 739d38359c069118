"""What-if of people: an assessor who is away. Which offers, visits and reviews slip, and which limits that costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qualification.assessments.models import Visit
from qualification.assessors.enums import SeatRole
from qualification.assessors.models import Assessor, Offer, Seat
from qualification.regions import calendars
from workflows.clocks.counting import DAY, day_of
from workflows.clocks.models import Clock
from workflows.foresight import columns, history
from workflows.foresight.chances import History
from workflows.foresight.days import DayTable
from workflows.foresight.history import Rows

# Limits in which the work of one person of the team can stand still; the last two are the leader's alone.
REVIEW, OFFER = "technical_review", "offer"
LEADERS = ("file_review", "verification")


@dataclass(frozen=True, slots=True)
class Affected:
    """One limit that the absence touches. `slip` in working days; chances are None where history is too thin."""

    clock: Clock
    what: str | Promise
    day_before: dt.date | None
    day_after: dt.date | None
    slip: int
    is_lost: bool
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Away:
    """Who is away, from when through when, as of today."""

    assessor: Assessor
    from_on: dt.date
    to_on: dt.date
    today: dt.date

    @property
    def back_on(self) -> dt.date:
        """The day after the last day away."""
        return self.to_on + DAY


def people(authorities: Collection[int]) -> QuerySet[Assessor]:
    """Assessors with a seat or an open offer in an open review of these authorities."""
    open_review = Clock.objects.open().filter(code=REVIEW, authority__in=authorities, is_trial=False)
    seats = Seat.objects.filter(
        assessor=OuterRef("pk"), assessment__application__in=open_review.values("application_id")
    )
    offers = Offer.objects.filter(assessor=OuterRef("pk"), state="sent", application__authority__in=authorities)
    found = Assessor.objects.filter(Q(Exists(seats)) | Q(Exists(offers)))
    return found.select_related("user", "home").order_by("user__name", "pk")


def affected(away: Away, authorities: Collection[int], past: History | None) -> list[Affected]:
    """The limits that the absence touches, the lost ones first; reads only."""
    clocks = list(_clocks(away, authorities))
    used = _used(clocks, away.today)
    visits = {v.application_id: v for v in _visits(away, [c.application_id for c in clocks if c.application_id])}
    leads = set(_seats(away).filter(role=SeatRole.LEADER).values_list("assessment__application_id", flat=True))
    known = calendars.current()
    found = []
    for clock in clocks:
        table = DayTable(known.of(clock.authority_id))
        one = _one(away, clock, table, visits.get(clock.application_id or 0), clock.application_id in leads)
        if one is not None:
            found.append(_with_chances(one, used.get(clock.pk), past))
    return sorted(
        found, key=lambda one: (not one.is_lost, -(one.after or 0) + (one.before or 0), one.clock.due_at, one.clock.pk)
    )


def _seats(away: Away) -> QuerySet[Seat]:
    return Seat.objects.filter(assessor=away.assessor).order_by("pk")


def _clocks(away: Away, authorities: Collection[int]) -> QuerySet[Clock]:
    seated = Q(code__in=(REVIEW, *LEADERS), application__assessment__in=_seats(away).values("assessment_id"))
    offers = Offer.objects.filter(assessor=away.assessor, state="sent")
    offered = Q(code=OFFER, subject_type=Offer._meta.label, subject_id__in=offers.values("pk"))
    clocks = Clock.objects.open().filter(seated | offered, authority__in=authorities, is_trial=False)
    return clocks.filter(due_at__isnull=False).select_related("application__laboratory", "authority").order_by("pk")


def _visits(away: Away, cases: list[int]) -> QuerySet[Visit]:
    rows = Visit.objects.filter(application__in=cases, state__in=["proposed", "agreed"])
    return rows.filter(from_on__lte=away.to_on, to_on__gte=max(away.from_on, away.today)).order_by("pk")


def _one(away: Away, clock: Clock, table: DayTable, visit: Visit | None, is_leader: bool) -> Affected | None:
    due = clock.due_on
    assert due is not None
    if clock.code == OFFER:
        return _offer(away, clock, due)
    if clock.code == REVIEW and visit is not None:
        return _visit(away, clock, visit, table, due)
    standstill = _standstill(away, table)
    if not is_leader or not standstill or away.from_on > due:
        return None
    what = (
        _("the leader's work on the report stands still")
        if clock.code == REVIEW
        else _("the leader's work stands still")
    )
    return Affected(clock, what, None, None, standstill, _covers(away, table, due), None, None)


def _offer(away: Away, clock: Clock, due: dt.date) -> Affected | None:
    """An offer is answered in time by whoever is there on any day up to its last."""
    if away.from_on > max(away.today, day_of(clock.started_at)) or away.to_on < due:
        return None
    return Affected(clock, _("nobody answers the offer; the next candidate is asked"), due, None, 0, True, None, None)


def _visit(away: Away, clock: Clock, visit: Visit, table: DayTable, due: dt.date) -> Affected:
    """The visit is moved, as long as it was, to the first working day after the absence."""
    length = int(table.between((visit.from_on - DAY).toordinal(), visit.to_on.toordinal()))
    first = dt.date.fromordinal(table.ahead(away.to_on.toordinal(), 1))
    last = dt.date.fromordinal(table.ahead(away.to_on.toordinal(), max(length, 1)))
    slip = int(table.between(visit.from_on.toordinal(), first.toordinal()))
    return Affected(clock, _("the visit is moved"), visit.from_on, first, slip, last > due, None, None)


def _standstill(away: Away, table: DayTable) -> int:
    begin = max(away.from_on, away.today)
    return int(table.between((begin - DAY).toordinal(), away.to_on.toordinal()))


def _covers(away: Away, table: DayTable, due: dt.date) -> bool:
    """Whether no working day is left to the limit outside the absence."""
    left = int(table.between((away.today - DAY).toordinal(), due.toordinal()))
    begin, end = max(away.from_on, away.today), min(away.to_on, due)
    return left <= int(table.between((begin - DAY).toordinal(), end.toordinal()))


def _used(clocks: list[Clock], today: dt.date) -> dict[int, tuple[Any, ...]]:
    """Group, days used and limit of each clock."""
    ids = columns.numbers([clock.pk for clock in clocks])
    now = history.at(Rows.read(f"c.id IN ({ids})"), today, through_today=True).open
    rows = zip(
        *(getattr(now, name).tolist() for name in ("pk", "code", "kinds", "authority", "used", "limit")), strict=True
    )
    return {pk: ((code, kinds, authority), used, limit) for pk, code, kinds, authority, used, limit in rows}


def _with_chances(one: Affected, used: tuple[Any, ...] | None, past: History | None) -> Affected:
    """A limit is missed with the slip if its work would have ended that many days before its end, or later."""
    if used is None or past is None:
        return one
    group, days, limit = used
    before = past.chance(group, days, limit).chance
    after = 1.0 if one.is_lost else past.chance(group, days, limit - one.slip).chance
    return Affected(
        one.clock,
        one.what,
        one.day_before,
        one.day_after,
        one.slip,
        one.is_lost,
        before,
        after if before is not None else None,
    )
