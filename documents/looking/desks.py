"""Who pins notes to the files of an owner, and who reads them before they are sent. None registered = nobody."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class NoteRule:
    """What the owner of files says about notes on them.

    `desk` names the desk at which the person has the owner in hand now ("" for none); only notes of a desk are sent
    with its request. `settles` names the desks whose sent notes the person marks settled now: whoever has the owner in
    hand later may settle what an earlier desk has asked. `sees_drafts` is whether the person reads what was not sent. `home` is where the files are listed:
    address and words.
    """

    desk: Callable[[Any, uuid.UUID], str]
    settles: Callable[[Any, uuid.UUID], frozenset[str]]
    sees_drafts: Callable[[Any, uuid.UUID], bool]
    home: Callable[[uuid.UUID], tuple[str, str]]


_rules: dict[str, NoteRule] = {}


class RuleTaken(RuntimeError):
    """Two packages say who writes notes for one kind of owner: the start-up fails."""


def register(owner_kind: str, rule: NoteRule) -> None:
    """Say who writes notes; called from AppConfig.ready. Raises RuleTaken when another rule stands there."""
    if _rules.setdefault(owner_kind, rule) != rule:
        raise RuleTaken(owner_kind)


def desk_of(user: Any, owner_kind: str, owner_id: uuid.UUID) -> str:
    """The desk at which the person may write notes now; empty for nobody."""
    rule = _rules.get(owner_kind)
    return rule.desk(user, owner_id) if rule is not None else ""


def settles(user: Any, owner_kind: str, owner_id: uuid.UUID) -> frozenset[str]:
    """The desks whose sent notes the person may mark settled now."""
    rule = _rules.get(owner_kind)
    return rule.settles(user, owner_id) if rule is not None else frozenset()


def sees_drafts(user: Any, owner_kind: str, owner_id: uuid.UUID) -> bool:
    """Whether the person reads notes before they are sent."""
    rule = _rules.get(owner_kind)
    return rule is not None and rule.sees_drafts(user, owner_id)


def home_of(owner_kind: str, owner_id: uuid.UUID) -> tuple[str, str] | None:
    """Address and name of the page where the owner's files are listed."""
    rule = _rules.get(owner_kind)
    return rule.home(owner_id) if rule is not None else None
