"""Who may read, edit and confirm a capability table. Filled by the layer that knows cases; nothing registered = refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qualification.scope.models import CapabilityTable

Predicate = Callable[[Any, CapabilityTable], bool]


@dataclass(slots=True)
class Predicates:
    """One predicate per act: `(user, table) -> bool`. For an upload the table is not saved yet."""

    read: Predicate | None = None
    edit: Predicate | None = None
    confirm: Predicate | None = None


_registered = Predicates()


def register(*, read: Predicate, edit: Predicate, confirm: Predicate) -> None:
    """Say who may do what; called once at start-up, the last call counts."""
    _registered.read, _registered.edit, _registered.confirm = read, edit, confirm


def registered() -> Predicates:
    """A copy of what is registered now."""
    return Predicates(_registered.read, _registered.edit, _registered.confirm)


def may(user: Any, table: CapabilityTable, act: str) -> bool:
    """Whether the person may `read`, `edit` or `confirm` the table. Who may not read it may do nothing."""
    if user is None or not user.is_authenticated or not user.is_active:
        return False
    predicate: Predicate | None = getattr(_registered, act)
    reads = _registered.read
    if predicate is None or reads is None or not reads(user, table):
        return False
    return act == "read" or bool(predicate(user, table))
