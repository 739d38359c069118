"""A case in Hebei with a site in Tianjin, its people, and people of everywhere else who must hear nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import models, transaction

from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.accounts.models import User
from qualification.applications.models import Application, Concurrence
from qualification.assessments.models import Assessment, Edition
from qualification.assessors.models import Assessor, Draw, Offer, Seat
from qualification.door import Event, case_of
from qualification.laboratories.models import Laboratory
from qualification.models import TransitionLog
from qualification.regions import calendars
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.laboratories import LaboratoryFactory
from tests.factories.regions import authority
from workflows.clocks import engine as clocks
from workflows.outbox import engine
from workflows.outbox.models import Message

REGIONS = {"hebei": "03", "tianjin": "02", "shanxi": "04"}


@dataclass
class World:
    """Everything a message can be about, and everybody by a short name: `hebei.intake`, `lab.manager`."""

    now: dt.datetime
    people: dict[str, User] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> User:
        return self.people[name]

    @property
    def case(self) -> Application:
        """The application everything is about."""
        return self.rows["applications.Application"]  # type: ignore[no-any-return]

    def event(
        self, label: str, verb: str, *, by: User | None = None, source: str = "", reason: str = "", **facts: Any
    ) -> Event:
        """An event as the door would send it, with its log row."""
        subject = self.rows[label]
        source = source or subject.state
        log = TransitionLog.objects.create(
            subject_type=label, subject_id=subject.pk, application=case_of(subject), verb=verb, source=source,
            target=subject.state, by=by, at=self.now, reason=reason, facts=facts,
        )  # fmt: skip
        return Event(subject, label, verb, source, log.target, by, self.now, case_of(subject), log, facts)

    def tell(self, label: str, verb: str, **kwargs: Any) -> None:
        """Let the outbox hear of one step."""
        with transaction.atomic():
            engine.on_event(self.event(label, verb, **kwargs))

    def step(self, label: str, verb: str, *, by: User | None = None, reason: str = "") -> None:
        """Do one transition and let clocks and outbox hear of it; needs the calendar."""
        subject = self.rows[label]
        source = subject.state
        with transaction.atomic():
            getattr(subject, verb)(by=by, now=self.now)
            subject.save()
            event = self.event(label, verb, by=by, source=source, reason=reason)
            clocks.on_event(event)
            engine.on_event(event)

    def told(self) -> dict[str, list[str]]:
        """Kind to the short names of who got it, in order."""
        names = {user.pk: name for name, user in self.people.items()}
        found: dict[str, list[str]] = {}
        for message in Message.objects.order_by("pk"):
            found.setdefault(message.kind, []).append(names[message.recipient_id])
        return {kind: sorted(people) for kind, people in found.items()}


def person(name: str, **kwargs: Any) -> User:
    """A person whose name and mail say who they are."""
    return UserFactory.create(username=name, name=name, email=f"{name}@example.cn", **kwargs)


def staff(world: World) -> None:
    """One holder of every staff role in every region."""
    for region, code in REGIONS.items():
        for role in sorted(STAFF_ROLES):
            name = f"{region}.{role}"
            world.people[name] = person(name, member=(role, authority(code)))
    for role in sorted(NATIONAL_ROLES):
        world.people[role] = person(role, member=role)


def laboratory_people(world: World, name: str, laboratory: Laboratory) -> None:
    """A member and a manager."""
    for role in (Role.LAB_MEMBER, Role.LAB_MANAGER):
        key = f"{name}.{role.removeprefix('lab_')}"
        world.people[key] = person(key, member=(role, laboratory))


def assessor(world: World, name: str, code: str) -> Assessor:
    """An assessor of the pool, who is on no team yet."""
    world.people[name] = person(name)
    MembershipFactory.create(user=world[name], role=Role.ASSESSOR, authority=authority(code))
    return Assessor.objects.create(
        user=world[name], home=authority(code), field_codes=["12"], certificate_number=name,
        certified_on=dt.date(2025, 1, 1), certified_until=dt.date(2030, 1, 1),
    )  # fmt: skip


def reviewed_case(world: World, laboratory: Laboratory, assessors: list[Assessor], *, reference: str) -> Assessment:
    """A case with its team; the first assessor leads."""
    manager = User.objects.filter(memberships__laboratory=laboratory).order_by("pk")[0]
    case = Application.objects.create(
        laboratory=laboratory, authority=laboratory.authority, kinds=["first"], created_by=manager, reference=reference
    )
    edition, _created = Edition.objects.get_or_create(code="2023", in_force_from=dt.date(2023, 12, 1))
    assessment = Assessment.objects.create(application=case, edition=edition, opened_at=world.now)
    for position, one in enumerate(assessors):
        Seat.objects.create(
            assessment=assessment, role="member" if position else "leader", position=position, assessor=one,
            filled_at=world.now,
        )  # fmt: skip
    return assessment


def _offer(world: World, assessment: Assessment, candidate: Assessor) -> Offer:
    draw = Draw.objects.create(assessment=assessment, seed="1", drawn_at=world.now)
    seat = Seat.objects.create(assessment=assessment, role="member", position=9)
    return Offer.objects.create(application=assessment.application, seat=seat, assessor=candidate, draw=draw)


@pytest.fixture
def calendar(db: None, now: dt.datetime) -> None:
    """The working days of the years that are published."""
    calendars.load_all(now=now)


@pytest.fixture
def world(db: None, now: dt.datetime) -> World:
    """The case of a Hebei laboratory; a second case of Hebei and one of Shanxi stand beside it."""
    world = World(now)
    staff(world)
    laboratory = LaboratoryFactory.create(name="冀津检测有限公司", authority=authority("03"))
    laboratory_people(world, "lab", laboratory)
    team = [assessor(world, name, "03") for name in ("leader", "member")]
    assessment = reviewed_case(world, laboratory, team, reference="冀20260001")
    others(world)
    concurrence = Concurrence.objects.create(application=assessment.application, authority=authority("02"))
    rows: list[models.Model] = [
        assessment.application, assessment, concurrence, _offer(world, assessment, assessor(world, "drawn", "04")),
    ]  # fmt: skip
    world.rows = {row._meta.label: row for row in rows}
    return world


def others(world: World) -> None:
    """A second laboratory of Hebei and one of Shanxi, each with a case, a team and an open offer of its own."""
    for name, code in (("neighbour", "03"), ("stranger", "04")):
        laboratory = LaboratoryFactory.create(authority=authority(code))
        laboratory_people(world, name, laboratory)
        team = [assessor(world, f"{name}.leader", code)]
        assessment = reviewed_case(world, laboratory, team, reference=f"{name}1")
        Concurrence.objects.create(application=assessment.application, authority=authority("02"))
        _offer(world, assessment, assessor(world, f"{name}.drawn", code))
    gone = person("gone", member=(Role.INTAKE, authority("03")))
    gone.memberships.update(ended_at=world.now)
    world.people["gone"] = gone
    world.people["inactive"] = person("inactive", is_active=False, member=(Role.INTAKE, authority("03")))
