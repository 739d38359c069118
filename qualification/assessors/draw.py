"""The draw: random among the fit, every field covered, repeatable by anybody from its record.

The order of the candidates is that of SHA-256 over the seed and the assessor's public id, so that the
record (seed, candidates) is enough to repeat a draw with any tool.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qualification.assessors.enums import Grade


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody fit for this case."""

    id: int
    uuid: str
    fields: frozenset[str]
    is_leader: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A seat and the fields it must cover; `candidate` is None when nobody fits."""

    is_leader: bool
    fields: tuple[str, ...]
    candidate: Candidate | None


@dataclass(slots=True)
class Drawn:
    """The team, and the fields that nobody covers."""

    places: list[Place] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Every seat has somebody and every field is covered."""
        return not self.uncovered and all(p.candidate for p in self.places)


def rank(seed: str, candidate_uuid: str) -> str:
    """The candidate's place in the order of this seed."""
    return hashlib.sha256(f"{seed}:{candidate_uuid}".encode()).hexdigest()


def in_order(seed: str, candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates in the order of the seed."""
    return sorted(candidates, key=lambda c: rank(seed, c.uuid))


def draw_team(*, seed: str, candidates: Sequence[Candidate], fields: Iterable[str], size: int) -> Drawn:
    """Draw a leader and at least `size - 1` others who together cover every field.

    The leader is the first lead assessor of the order; then, field by field in the order of the codes,
    the first candidate who covers a field still open; then the first who are left, up to the size.
    """
    order = in_order(seed, candidates)
    wanted = sorted(set(fields))
    drawn = Drawn()
    leader = next((c for c in order if c.is_leader and c.fields & set(wanted)), None)
    taken = {leader.id} if leader else set()
    drawn.places.append(Place(True, _covered(leader, wanted), leader))
    _cover(drawn, order, wanted, taken)
    _fill(drawn, order, wanted, taken, size)
    return drawn


def draw_one(*, seed: str, candidates: Sequence[Candidate], fields: Iterable[str], leader: bool) -> Candidate | None:
    """Draw one for a seat that must cover all its fields; None when nobody fits."""
    needed = set(fields)
    fit = (c for c in in_order(seed, candidates) if needed <= c.fields and (c.is_leader or not leader))
    return next(fit, None)


def drawn_again(*, seed: str, candidates: Iterable[Mapping[str, Any]], wanted: Mapping[str, Any]) -> Drawn:
    """The draw of a record, done again."""
    known = [
        Candidate(int(c["id"]), str(c["uuid"]), frozenset(c["fields"]), c["grade"] == Grade.LEADER) for c in candidates
    ]
    if "seat" not in wanted:
        return draw_team(seed=seed, candidates=known, fields=wanted["fields"], size=wanted["size"])
    fields, leader = wanted["seat_fields"], wanted["leader"]
    return one_place(draw_one(seed=seed, candidates=known, fields=fields, leader=leader), fields=fields, leader=leader)


def one_place(found: Candidate | None, *, fields: Sequence[str], leader: bool) -> Drawn:
    """The draw for one seat."""
    return Drawn([Place(leader, tuple(fields), found)], [] if found else list(fields))


def repeat(*, seed: str, candidates: Iterable[Mapping[str, Any]], wanted: Mapping[str, Any]) -> list[int]:
    """Who the record of a draw leads to, seat by seat; 0 for a seat that nobody fits. Equal to what was chosen."""
    drawn = drawn_again(seed=seed, candidates=candidates, wanted=wanted)
    return [p.candidate.id if p.candidate else 0 for p in drawn.places]


def _covered(candidate: Candidate | None, wanted: Sequence[str]) -> tuple[str, ...]:
    return tuple(f for f in wanted if candidate and f in candidate.fields)


def _cover(drawn: Drawn, order: list[Candidate], wanted: list[str], taken: set[int]) -> None:
    open_ = [f for f in wanted if not any(f in p.fields for p in drawn.places)]
    while open_:
        code = open_[0]
        found = next((c for c in order if c.id not in taken and code in c.fields), None)
        fields = tuple(f for f in open_ if found and f in found.fields) or (code,)
        drawn.places.append(Place(False, fields, found))
        if found is None:
            drawn.uncovered.append(code)
        else:
            taken.add(found.id)
        open_ = [f for f in open_ if f not in fields]


def _fill(drawn: Drawn, order: list[Candidate], wanted: list[str], taken: set[int], size: int) -> None:
    while len(drawn.places) < size:
        found = next((c for c in order if c.id not in taken and c.fields & set(wanted)), None)
        if found is not None:
            taken.add(found.id)
        drawn.places.append(Place(False, (), found))
