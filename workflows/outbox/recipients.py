"""Who is meant: groups of people around cases, read with one query per kind of group, however many ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qualification import statements
from qualification.accounts.enums import LABORATORY_ROLES, Role
from qualification.accounts.models import Membership, User
from qualification.applications.enums import ConcurrenceState
from qualification.applications.models import Concurrence
from qualification.assessors.enums import SeatRole
from qualification.assessors.models import Assessor, Seat

if TYPE_CHECKING:
    from qualification.door import Event

ASKED_STATES = (ConcurrenceState.REQUESTED, ConcurrenceState.AGREED, ConcurrenceState.OBJECTED)

# Everybody with one of the roles in one of the places; `_of_place` takes what fits exactly. Every step through the door
# pays for this query, and building it from a queryset takes longer than the database needs for it.
IN_PLACES = f"""
    SELECT m.user_id, m.role, m.laboratory_id, m.authority_id
    FROM {Membership._meta.db_table} m JOIN {User._meta.db_table} u ON u.id = m.user_id
    WHERE m.ended_at IS NULL AND u.is_active AND m.role = ANY(%s::text[])
      AND (m.laboratory_id = ANY(%s::bigint[]) OR m.authority_id = ANY(%s::bigint[])
           OR %s AND m.laboratory_id IS NULL AND m.authority_id IS NULL)
    ORDER BY m.user_id, m.id
"""  # noqa: S608 - names of our own tables


@dataclass(frozen=True, slots=True)
class Scene:
    """Where something happened: the case, its laboratory, its lead authority, and what it happened to."""

    application_id: int | None
    laboratory_id: int
    lead_id: int
    subject: Any

    @classmethod
    def of(cls, event: Event) -> Scene:
        """The scene of an event; a certificate stands for itself, everything else for its case."""
        around: Any = event.application or event.subject
        case_id = event.application.pk if event.application else None
        return cls(case_id, around.laboratory_id, around.authority_id, event.subject)


@dataclass(frozen=True, slots=True)
class Laboratory:
    """Members and managers of the laboratory."""

    roles: frozenset[str] = LABORATORY_ROLES

    def place(self, scene: Scene) -> tuple[str, int | None]:
        """The column and the value that tell the memberships meant."""
        return "laboratory_id", scene.laboratory_id

    def authority_id(self, scene: Scene) -> int:
        """The authority that must see to it that the message arrives."""
        return scene.lead_id


@dataclass(frozen=True, slots=True)
class Staff:
    """Holders of roles at the lead authority."""

    roles: frozenset[str]

    def place(self, scene: Scene) -> tuple[str, int | None]:
        """The column and the value that tell the memberships meant."""
        return "authority_id", scene.lead_id

    def authority_id(self, scene: Scene) -> int:
        """The authority that must see to it that the message arrives."""
        return scene.lead_id


@dataclass(frozen=True, slots=True)
class Asked:
    """Holders of roles at the authority that is asked for its concurrence: the subject's own."""

    roles: frozenset[str]

    def place(self, scene: Scene) -> tuple[str, int | None]:
        """The column and the value that tell the memberships meant."""
        return "authority_id", scene.subject.authority_id

    def authority_id(self, scene: Scene) -> int:
        """The authority that must see to it that the message arrives."""
        return int(scene.subject.authority_id)


@dataclass(frozen=True, slots=True)
class National:
    """Holders of a role for all regions."""

    roles: frozenset[str]

    def place(self, scene: Scene) -> tuple[str, int | None]:
        """The column and the value that tell the memberships meant."""
        return "authority_id", None

    def authority_id(self, scene: Scene) -> int:
        """The authority that must see to it that the message arrives."""
        return scene.lead_id


@dataclass(frozen=True, slots=True)
class Team:
    """Those who hold a seat in the team: all, only the leader, or all but the leader."""

    seats: frozenset[str] = frozenset(SeatRole)


@dataclass(frozen=True, slots=True)
class OfferedAssessor:
    """The assessor of an offer."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Whoever asked to end the review."""


@dataclass(frozen=True, slots=True)
class Concurring:
    """Holders of roles at each other authority that was asked for its concurrence."""

    roles: frozenset[str]


Placed = Laboratory | Staff | Asked | National
Group = Placed | Team | OfferedAssessor | Asker | Concurring
# A person, and the authority that must see to it that the message arrives.
Person = tuple[int, int]


def at(*roles: Role) -> Staff:
    """Holders of the roles at the lead authority."""
    return Staff(frozenset(roles))


def asked(*roles: Role) -> Asked:
    """Holders of the roles at the authority asked."""
    return Asked(frozenset(roles))


LAB = Laboratory()
TEAM = Team()
LEADER = Team(frozenset({SeatRole.LEADER}))
MEMBERS = Team(frozenset({SeatRole.MEMBER}))


class Crowd:
    """Finds who is meant by groups in any number of scenes. Reads each table at most once, however many scenes ask."""

    def __init__(self, asked: Sequence[tuple[Scene, Sequence[Group]]]) -> None:
        self.asked = asked
        self._members: Members | None = None
        self._of_places: dict[tuple[frozenset[str], str, int | None], list[int]] = {}
        self._seats: dict[int, list[tuple[int, str]]] | None = None
        self._assessors: dict[int, int] | None = None
        self._others: dict[int, list[tuple[int, str, int]]] | None = None

    def of(self, scene: Scene, groups: Sequence[Group]) -> dict[int, int]:
        """User to authority responsible, each person once: the first group that names them counts."""
        found: dict[int, int] = {}
        for group in groups:
            for user_id, authority_id in self._of_group(scene, group):
                found.setdefault(user_id, authority_id)
        return found

    def _of_group(self, scene: Scene, group: Group) -> list[Person]:
        if isinstance(group, Team):
            return [(user, scene.lead_id) for user, role in self._team(scene) if role in group.seats]
        if isinstance(group, OfferedAssessor):
            user = self._offered().get(scene.subject.assessor_id)
            return [] if user is None else [(user, scene.lead_id)]
        if isinstance(group, Asker):
            asked_by = scene.subject.asked_by_id
            return [(asked_by, scene.lead_id)] if asked_by else []
        if isinstance(group, Concurring):
            return [(user, place) for user, role, place in self._concurring(scene) if role in group.roles]
        return self._of_place(scene, group)

    def _of_place(self, scene: Scene, group: Placed) -> list[Person]:
        column, place = group.place(scene)
        key = (group.roles, column, place)
        users = self._of_places.get(key)
        if users is None:
            there = self._memberships().get((column, place), [])
            users = self._of_places[key] = [user for user, role in there if role in group.roles]
        authority = group.authority_id(scene)
        return [(user, authority) for user in users]

    def _memberships(self) -> Members:
        """User and role of everybody any of the groups could mean, by place."""
        if self._members is not None:
            return self._members
        places: dict[str, set[int]] = {"laboratory_id": set(), "authority_id": set()}
        roles: set[str] = set()
        is_national = False
        for scene, groups in self.asked:
            for group in groups:
                if isinstance(group, Placed):
                    column, place = group.place(scene)
                    roles |= group.roles
                    is_national |= isinstance(group, National)
                    places[column].update(() if place is None else (place,))
        self._members = _read_members(sorted(roles), places, is_national)
        return self._members

    def _team(self, scene: Scene) -> list[tuple[int, str]]:
        """User and role of everybody who holds a seat."""
        if scene.application_id is None:
            return []
        if self._seats is None:
            self._seats = {}
            cases = self._cases(Team)
            rows = Seat.objects.filter(assessment__application_id__in=cases, assessor__user__is_active=True)
            for case, user, role in rows.order_by("position", "pk").values_list(
                "assessment__application_id", "assessor__user_id", "role"
            ):
                if user is not None:
                    self._seats.setdefault(case, []).append((user, role))
        return self._seats.get(scene.application_id, [])

    def _cases(self, kind: type[Team] | type[Concurring]) -> set[int]:
        """The cases of whose people such a group is asked."""
        return {
            scene.application_id
            for scene, groups in self.asked
            if scene.application_id is not None and any(isinstance(group, kind) for group in groups)
        }

    def _offered(self) -> dict[int, int]:
        """Active user by assessor, of all the offers asked about."""
        if self._assessors is None:
            of_offers = {
                scene.subject.assessor_id
                for scene, groups in self.asked
                if any(isinstance(group, OfferedAssessor) for group in groups)
            }
            rows = Assessor.objects.filter(pk__in=of_offers, user__is_active=True).order_by("pk")
            self._assessors = dict(rows.values_list("pk", "user_id"))
        return self._assessors

    def _concurring(self, scene: Scene) -> list[tuple[int, str, int]]:
        """User, role and authority of everybody at an authority that was asked for its concurrence."""
        if self._others is None:
            self._others = _read_concurring(self._cases(Concurring))
        return self._others.get(scene.application_id or 0, [])


# User and role, by the column that tells a place and its value.
Members = dict[tuple[str, int | None], list[tuple[int, str]]]


def _read_members(roles: list[str], places: dict[str, set[int]], is_national: bool) -> Members:
    rows, _count = statements.execute(IN_PLACES, [roles, *(sorted(of) for of in places.values()), is_national])
    found: Members = {}
    for user, role, laboratory_id, authority_id in rows:
        # A national role has no place at all, which is the authority that is none.
        key = ("authority_id", authority_id) if laboratory_id is None else ("laboratory_id", laboratory_id)
        found.setdefault(key, []).append((user, role))
    return found


def _read_concurring(cases: set[int]) -> dict[int, list[tuple[int, str, int]]]:
    answers = Concurrence.objects.filter(
        application_id__in=cases, state__in=ASKED_STATES,
        authority__memberships__ended_at=None, authority__memberships__user__is_active=True,
    ).order_by("authority__memberships__user_id", "authority__memberships__pk")  # fmt: skip
    found: dict[int, list[tuple[int, str, int]]] = {}
    for case, *person in answers.values_list(
        "application_id", "authority__memberships__user_id", "authority__memberships__role", "authority_id"
    ):
        found.setdefault(case, []).append((person[0], person[1], person[2]))
    return found


class People:
    """Who is meant by groups in one scene."""

    def __init__(self, scene: Scene, groups: Sequence[Group]) -> None:
        self.scene = scene
        self._crowd = Crowd([(scene, groups)])

    def of(self, groups: Sequence[Group]) -> dict[int, int]:
        """User to authority responsible, each person once: the first group that names them counts."""
        return self._crowd.of(self.scene, groups)
