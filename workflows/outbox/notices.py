"""Notices of the clocks: reminders, missed limits, escalations, moved and extended limits.

Everything is told in batches: who is meant is read once for all the clocks of a batch, however many they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Count, F, OuterRef, Q, Value, When, Window
from django.db.models.functions import Cast, Concat, RowNumber

from qualification.accounts.enums import Role
from qualification.applications.models import Application
from qualification.assessors.models import Seat
from workflows.clocks.executors import CORRECTED, EXTENDED, MOVED, Notice
from workflows.clocks.models import CalendarPass, Clock, ClockMove
from workflows.clocks.policy import RungName
from workflows.outbox import writing
from workflows.outbox.enums import Kind
from workflows.outbox.recipients import (
    LAB,
    LEADER,
    Asked,
    Asker,
    Crowd,
    Group,
    Laboratory,
    National,
    OfferedAssessor,
    Scene,
    Team,
    asked,
    at,
)
from workflows.outbox.writing import Line

# Whose act each limit waits for.
RESPONSIBLE: dict[str, tuple[Group, ...]] = {
    "acceptance": (at(Role.INTAKE),),
    "acceptance_after_supplement": (at(Role.INTAKE),),
    "supplement": (LAB,),
    "offer": (OfferedAssessor(),),
    "file_review": (LEADER,),
    "technical_review": (at(Role.COORDINATOR), LEADER),
    "rectification": (LAB,),
    "verification": (LEADER,),
    "concurrence": (asked(Role.DECISION),),
    "decision": (at(Role.DECISION),),
    "issue": (at(Role.ISSUER),),
    "commitment_decision": (at(Role.DECISION),),
    "commitment_issue": (at(Role.ISSUER),),
    "commitment_check": (at(Role.COORDINATOR), LEADER),
    "commitment_check_at_once": (at(Role.COORDINATOR), LEADER),
    "renewal": (LAB,),
    "validity": (LAB,),
}
WATCHERS: tuple[Group, ...] = (at(Role.SLA_ADMIN),)
JOINT_MEETING = National(frozenset({Role.JOINT_MEETING}))

KIND_OF: dict[str, Kind] = {
    RungName.REMIND: Kind.CLOCK_REMINDER,
    RungName.WARN: Kind.CLOCK_REMINDER,
    RungName.LAST_DAY: Kind.CLOCK_REMINDER,
    RungName.EXPIRE: Kind.CLOCK_OVERDUE,
    RungName.ESCALATE: Kind.CLOCK_ESCALATED,
    MOVED: Kind.CLOCK_MOVED,
    EXTENDED: Kind.CLOCK_EXTENDED,
    CORRECTED: Kind.CLOCK_CORRECTED,
}

CLOCK, CALENDAR_PASS = Clock._meta.label, CalendarPass._meta.label
# How many moved limits a message names; it says how many there are in all.
NAMED = 50
CHUNK = 10_000


class Moved(NamedTuple):
    """A moved limit. Of those whose scene is the same it is one of the first; `place` says which, `alike` how many."""

    pk: int
    code: str
    application_id: int | None
    authority_id: int
    subject_type: str
    subject_id: int
    is_trial: bool
    due_before: dt.datetime | None
    due_after: dt.datetime | None
    move: int
    place: int
    alike: int
    of_laboratory: int | None
    of_lead: int | None
    of_subject: int | None

    @property
    def scene(self) -> Scene | None:
        """Where it runs, where nothing more must be read for it."""
        if self.of_subject is not None or self.of_lead is None:
            return None
        return Scene(self.application_id, self.of_laboratory or 0, self.of_lead, None)

    @property
    def order(self) -> tuple[bool, dt.datetime, int]:
        """The first due first, those without a due moment last."""
        return (self.due_after is None, self.due_after or dt.datetime.max.replace(tzinfo=dt.UTC), self.move)


Concern = Clock | Moved


def happened(notices: Sequence[Notice], now: dt.datetime) -> None:
    """Tell whom these happenings concern; runs in the transaction of whoever fired them.

    Raises KeyError for a name or a clock code this table does not know: nobody told is an error.
    """
    concerned = [(notice, _groups(notice.clock, notice.name)) for notice in notices]
    concerned = [(notice, groups) for notice, groups in concerned if groups]
    if not concerned:
        return
    scenes = _scenes([notice.clock for notice, _of in concerned])
    crowd = Crowd([(scenes[notice.clock.pk], groups) for notice, groups in concerned])
    writing.write((line for notice, groups in concerned for line in _lines(notice, groups, scenes, crowd)), now)


def _lines(notice: Notice, groups: Sequence[Group], scenes: dict[int, Scene], crowd: Crowd) -> Iterator[Line]:
    clock, scene = notice.clock, scenes[notice.clock.pk]
    # The administrators' mail of escalations is the digest of the day.
    in_digest = crowd.of(scene, _watchers(clock)) if notice.name == RungName.ESCALATE else {}
    for user_id, authority_id in crowd.of(scene, groups).items():
        yield Line(
            recipient_id=user_id, authority_id=authority_id, kind=KIND_OF[notice.name],
            application_id=clock.application_id, subject_type=CLOCK, subject_id=clock.pk,
            facts={"code": clock.code, "event": notice.name}, is_dispatched=user_id in in_digest,
        )  # fmt: skip


def _groups(clock: Concern, name: str) -> Sequence[Group]:
    responsible = RESPONSIBLE[clock.code]
    if name == RungName.EXPIRE:
        # Where the law itself acts at the end, the message of that act tells more.
        return () if isinstance(clock, Clock) and clock.policy.executor else responsible
    if name == RungName.ESCALATE:
        return (*_watchers(clock), *_superiors(clock))
    if name in (EXTENDED, CORRECTED):
        return (LAB, *responsible)
    if name == MOVED:
        return (*responsible, *_watchers(clock))
    if name not in KIND_OF:
        raise KeyError(name)
    return responsible


def _watchers(clock: Concern) -> tuple[Group, ...]:
    return (asked(Role.SLA_ADMIN),) if clock.code == "concurrence" else WATCHERS


def _superiors(clock: Concern) -> tuple[Group, ...]:
    """An authority that does not answer another one is the joint meeting's business; a trial is nobody's."""
    return (JOINT_MEETING,) if clock.code == "concurrence" and not clock.is_trial else ()


def _scenes(clocks: Sequence[Concern]) -> dict[int, Scene]:
    """Where each clock runs, by the clock's number: one query for the cases, one for each kind of subject needed."""
    wanted = {clock.application_id for clock in clocks if clock.application_id is not None}
    rows = Application._base_manager.filter(pk__in=wanted).order_by("pk")
    cases = {pk: place for pk, *place in rows.values_list("pk", "laboratory_id", "authority_id")} if wanted else {}
    subjects = _subjects(clocks)
    found: dict[int, Scene] = {}
    for clock in clocks:
        subject: Any = subjects.get((clock.subject_type, clock.subject_id))
        if clock.application_id is not None:
            laboratory_id, lead_id = cases[clock.application_id]
        else:
            laboratory_id, lead_id = subject.laboratory_id, subject.authority_id
        found[clock.pk] = Scene(clock.application_id, laboratory_id, lead_id, subject)
    return found


def _subjects(clocks: Iterable[Concern]) -> dict[tuple[str, int], Any]:
    """What the clocks are about, where the people meant follow from it. Raises LookupError for one that is gone."""
    wanted: dict[str, set[int]] = {}
    for clock in clocks:
        if clock.application_id is None or _asks_subject(clock.code):
            wanted.setdefault(clock.subject_type, set()).add(clock.subject_id)
    found: dict[tuple[str, int], Any] = {}
    for label, keys in wanted.items():
        rows = apps.get_model(label)._base_manager.in_bulk(sorted(keys))
        if missing := keys - set(rows):
            raise LookupError(f"{label} {sorted(missing)} of a clock does not exist: nobody can be told of it.")
        found.update({(label, key): row for key, row in rows.items()})
    return found


def _asks_subject(code: str) -> bool:
    return any(isinstance(group, OfferedAssessor | Asked | Asker) for group in RESPONSIBLE[code])


def _codes(*kinds: type) -> list[str]:
    """The clocks that wait for people of these kinds of group."""
    return [code for code, groups in RESPONSIBLE.items() if any(isinstance(group, kinds) for group in groups)]


# A changed calendar ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class News:
    """What one person is told of one change: how many limits, and the first of them."""

    authority_id: int
    count: int = 0
    found: list[Moved] = field(default_factory=list)

    def add(self, move: Moved) -> None:
        """One of the first limits of a scene, and with the very first how many there are."""
        self.count += move.alike if move.place == 1 else 0
        self.found.append(move)
        if len(self.found) > 20 * NAMED:
            self.found = self.first

    @property
    def first(self) -> list[Moved]:
        """The limits that are named."""
        return sorted(self.found, key=lambda move: move.order)[:NAMED]

    def line(self, user_id: int, calendar_pass: CalendarPass) -> Line:
        """The message: of the limit itself where it is one, else of the change."""
        if self.count == 1:
            move = self.first[0]
            facts: dict[str, Any] = {"code": move.code, "event": MOVED, "before": _iso(move.due_before)}
            subject = (CLOCK, move.pk, move.application_id)
        else:
            facts = {"event": MOVED, "count": self.count, "moves": [self._named(move) for move in self.first]}
            subject = (CALENDAR_PASS, calendar_pass.pk, None)
        return Line(user_id, self.authority_id, Kind.CLOCK_MOVED, *subject, facts)

    def _named(self, move: Moved) -> list[Any]:
        return [move.pk, _iso(move.due_before), _iso(move.due_after)]


def _iso(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def moved(calendar_pass: CalendarPass, now: dt.datetime) -> None:
    """Tell each person once of the limits a changed calendar has moved: how many, and the first by their new dates.

    Limits that concern the same people are counted by the database; only the first of them are read.
    """
    news: dict[int, News] = {}
    moves = _moves(calendar_pass)
    while chunk := list(islice(moves, CHUNK)):
        scenes = {move.pk: scene for move in chunk if (scene := move.scene) is not None}
        scenes |= _scenes([move for move in chunk if move.pk not in scenes])
        concerned = [(move, _groups(move, MOVED)) for move in chunk]
        crowd = Crowd([(scenes[move.pk], groups) for move, groups in concerned])
        for move, groups in concerned:
            for user_id, authority_id in crowd.of(scenes[move.pk], groups).items():
                news.setdefault(user_id, News(authority_id)).add(move)
    writing.write((one.line(user_id, calendar_pass) for user_id, one in sorted(news.items())), now)


def _moves(calendar_pass: CalendarPass) -> Iterator[Moved]:
    """The first moved limits of each scene: who is meant follows from the code, the places and those in the team."""
    rows = ClockMove.objects.filter(calendar_pass=calendar_pass).exclude(due_after=F("due_before"))
    seats = Seat.objects.filter(assessment__application_id=OuterRef("clock__application_id")).order_by("position", "pk")
    holders = seats.values(holder=Concat("role", Value(" "), Cast("assessor_id", CharField())))
    of_subject = Q(clock__code__in=_codes(OfferedAssessor, Asked, Asker)) | Q(clock__application=None)
    rows = rows.annotate(
        of_team=_where(Q(clock__code__in=_codes(Team)), ArraySubquery(holders)),
        of_laboratory=_where(Q(clock__code__in=_codes(Laboratory)), "clock__application__laboratory_id"),
        of_lead=F("clock__application__authority_id"),
        of_subject=_where(of_subject, "clock__subject_id"),
    )
    scene = ["clock__code", "clock__is_trial", "of_team", "of_laboratory", "of_lead", "of_subject"]
    rows = rows.annotate(
        place=Window(RowNumber(), partition_by=scene, order_by=[F("due_after").asc(nulls_last=True), "pk"]),
        alike=Window(Count("pk"), partition_by=scene),
    ).filter(place__lte=NAMED)
    fields = (
        "clock_id", "clock__code", "clock__application_id", "clock__authority_id", "clock__subject_type",
        "clock__subject_id", "clock__is_trial", "due_before", "due_after", "pk", "place", "alike",
        "of_laboratory", "of_lead", "of_subject",
    )  # fmt: skip
    return (Moved(*row) for row in rows.order_by("pk").values_list(*fields).iterator(CHUNK))


def _where(condition: Q, value: str | ArraySubquery) -> Case:
    return Case(When(condition, then=value))
