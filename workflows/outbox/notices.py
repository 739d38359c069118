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
from django.db.models import F

from qualification.accounts.enums import Role
from qualification.applications.models import Application
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
    National,
    OfferedAssessor,
    Scene,
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
    "commitment_check": (at(Role.COORDINATOR),),
    "commitment_check_at_once": (at(Role.COORDINATOR),),
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
    """A moved limit, as light as a million of them must be."""

    pk: int
    code: str
    application_id: int | None
    authority_id: int
    subject_type: str
    subject_id: int
    is_trial: bool
    due_before: dt.datetime | None
    due_after: dt.datetime | None
    laboratory_id: int | None
    lead_id: int | None

    @property
    def scene(self) -> Scene | None:
        """Where it runs, where nothing more must be read for it."""
        if self.laboratory_id is None or self.lead_id is None or _asks_subject(self.code):
            return None
        return Scene(self.application_id, self.laboratory_id, self.lead_id, None)


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


# A changed calendar ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class News:
    """What one person is told of one change: how many limits, and the first of them."""

    authority_id: int
    count: int = 0
    first: list[Moved] = field(default_factory=list)

    def add(self, move: Moved) -> None:
        """One limit more."""
        self.count += 1
        if len(self.first) < NAMED:
            self.first.append(move)

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
    """Tell each person once of the limits a changed calendar has moved: how many, and the first by their new dates."""
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
    rows = ClockMove.objects.filter(calendar_pass=calendar_pass).exclude(due_after=F("due_before"))
    fields = (
        "clock_id", "clock__code", "clock__application_id", "clock__authority_id", "clock__subject_type",
        "clock__subject_id", "clock__is_trial", "due_before", "due_after", "clock__application__laboratory_id",
        "clock__application__authority_id",
    )  # fmt: skip
    return (Moved(*row) for row in rows.order_by("due_after", "pk").values_list(*fields).iterator(CHUNK))
