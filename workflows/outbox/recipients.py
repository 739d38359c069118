"""Who is meant: groups of people around a case, read with one query per kind of group, however many ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qualification.accounts.enums import LABORATORY_ROLES, Role
from qualification.accounts.models import Membership, User
from qualification.applications.enums import ConcurrenceState
from qualification.applications.models import Concurrence
from qualification.assessors.enums import SeatRole
from qualification.assessors.models import Assessor, Seat
from qualification.statements import prepared_cursor

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


class People:
    """Finds who is meant by groups in one scene. Reads memberships at most once, and the team at most once."""

    def __init__(self, scene: Scene, groups: Iterable[Group]) -> None:
        self.scene = scene
        self.placed = [group for group in groups if isinstance(group, Placed)]
        self._memberships: list[tuple[int, str, int | None, int | None]] | None = None
        self._seats: list[tuple[int, str]] | None = None

    def of(self, groups: Sequence[Group]) -> dict[int, int]:
        """User to authority responsible, each person once: the first group that names them counts."""
        found: dict[int, int] = {}
        for group in groups:
            for user_id, authority_id in self._of_group(group):
                found.setdefault(user_id, authority_id)
        return found

    def _of_group(self, group: Group) -> list[Person]:
        if isinstance(group, Team):
            return [(user, self.scene.lead_id) for user, role in self.seats() if role in group.seats]
        if isinstance(group, OfferedAssessor):
            return [(user, self.scene.lead_id) for user in self._offered()]
        if isinstance(group, Asker):
            asked_by = self.scene.subject.asked_by_id
            return [(asked_by, self.scene.lead_id)] if asked_by else []
        if isinstance(group, Concurring):
            return self._concurring(group)
        return self._of_place(group)

    def _of_place(self, group: Placed) -> list[Person]:
        column, place = group.place(self.scene)
        index = 2 if column == "laboratory_id" else 3
        authority = group.authority_id(self.scene)
        rows = self.memberships()
        return [(row[0], authority) for row in rows if row[1] in group.roles and row[index] == place]

    def memberships(self) -> list[tuple[int, str, int | None, int | None]]:
        """User, role, laboratory and authority of everybody any of the groups could mean."""
        if self._memberships is None:
            places: dict[str, list[int]] = {"laboratory_id": [], "authority_id": []}
            roles: set[str] = set()
            for group in self.placed:
                column, place = group.place(self.scene)
                roles |= group.roles
                places[column] += [] if place is None else [place]
            is_national = any(isinstance(group, National) for group in self.placed)
            with prepared_cursor() as cursor:
                cursor.execute(IN_PLACES, [sorted(roles), *places.values(), is_national])
                self._memberships = cursor.fetchall()
        return self._memberships

    def seats(self) -> list[tuple[int, str]]:
        """User and role of everybody who holds a seat."""
        if self.scene.application_id is None:
            return []
        if self._seats is None:
            rows = Seat.objects.filter(
                assessment__application_id=self.scene.application_id, assessor__user__is_active=True
            )
            self._seats = list(rows.order_by("position", "pk").values_list("assessor__user_id", "role"))
        return self._seats

    def _offered(self) -> list[int]:
        rows = Assessor.objects.filter(pk=self.scene.subject.assessor_id, user__is_active=True)
        return list(rows.order_by("pk").values_list("user_id", flat=True))

    def _concurring(self, group: Concurring) -> list[Person]:
        answers = Concurrence.objects.filter(application_id=self.scene.application_id, state__in=ASKED_STATES)
        rows = Membership.objects.in_force().filter(
            authority__in=answers.order_by().values("authority"), role__in=group.roles, user__is_active=True
        )
        found = rows.order_by("user_id", "pk").values_list("user_id", "authority_id")
        return [(user, authority) for user, authority in found if authority is not None]
