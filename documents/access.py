"""Who may read and write the files of an owner. None registered = refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from documents.models import StoredFile, Version

Predicate = Callable[[Any, uuid.UUID], bool]


class Owner(NamedTuple):
    """Whose a file is: the kind of thing and its public uuid."""

    kind: str
    id: uuid.UUID


class OwnerRule(NamedTuple):
    """The two predicates of one kind of owner."""

    may_read: Predicate
    may_write: Predicate


# Whether a person may write, judged on an owner as it was locked.
Judge = Callable[[Any], bool]
Titles = Callable[[uuid.UUID], dict[tuple[str, str], str]]

_rules: dict[str, OwnerRule] = {}
_titles: dict[str, Titles] = {}
_locks: dict[str, Callable[[uuid.UUID], Judge]] = {}
_holders: list[Callable[[StoredFile], Iterable[Owner]]] = []


class OwnerTaken(RuntimeError):
    """Two packages claim the same kind of owner: the start-up fails."""


def register_owner(kind: str, may_read: Predicate, may_write: Predicate) -> None:
    """Say who may read and write the files of `kind`; called from AppConfig.ready. The same rule twice is harmless.

    Raises OwnerTaken when another rule stands there already.
    """
    rule = OwnerRule(may_read, may_write)
    if _rules.setdefault(kind, rule) != rule:
        raise OwnerTaken(f"files of {kind!r} have a rule already")


def register_titles(kind: str, titles: Titles) -> None:
    """Say how the slots of an owner are called, by code and label; called from AppConfig.ready."""
    _titles[kind] = titles


def titles_of(owner_kind: str, owner_id: uuid.UUID) -> dict[tuple[str, str], str]:
    """Titles of an owner's slots, by code and label; those nobody named are missing."""
    return _titles[owner_kind](owner_id) if owner_kind in _titles else {}


def register_lock(kind: str, lock: Callable[[uuid.UUID], Judge]) -> None:
    """Say how an owner is locked, so that nobody hands it in while a file of it arrives; called from AppConfig.ready.

    The lock answers with who may write to the owner as it is then, so that it need not be read again to be asked.
    """
    _locks[kind] = lock


def lock(owner_kind: str, owner_id: uuid.UUID) -> Judge:
    """Lock the owner to the end of the transaction, where its kind has a lock; returns who may write to it now."""
    if owner_kind not in _locks:
        return lambda user: may_write(user, owner_kind, owner_id)
    judge = _locks[owner_kind](owner_id)
    return lambda user: owner_kind in _rules and _is_somebody(user) and judge(user)


def register_holder(holder: Callable[[StoredFile], Iterable[Owner]]) -> None:
    """Add a function that names the owners of a file that lies in no slot (a paper, for instance)."""
    if holder not in _holders:
        _holders.append(holder)


def may_read(user: Any, owner_kind: str, owner_id: uuid.UUID) -> bool:
    """Whether the person may read the files of this owner. Signed out or no rule: no."""
    return _may(user, owner_kind, owner_id, "may_read")


def may_write(user: Any, owner_kind: str, owner_id: uuid.UUID) -> bool:
    """Whether the person may hand in files for this owner now. Signed out or no rule: no."""
    return _may(user, owner_kind, owner_id, "may_write")


def _may(user: Any, owner_kind: str, owner_id: uuid.UUID, what: str) -> bool:
    rule = _rules.get(owner_kind)
    if rule is None or not _is_somebody(user):
        return False
    return bool(getattr(rule, what)(user, owner_id))


def _is_somebody(user: Any) -> bool:
    return user is not None and user.is_authenticated and user.is_active


def owners_of(file: StoredFile) -> list[Owner]:
    """All owners of a file: of its slot unless it was removed from it, and those the holders name."""
    found = [
        Owner(kind, owner_id)
        for kind, owner_id in Version.objects.live()
        .filter(file=file)
        .order_by("pk")
        .values_list("document__owner_kind", "document__owner_id")
    ]
    for holder in _holders:
        found.extend(holder(file))
    return found


def may_read_file(user: Any, file: StoredFile) -> bool:
    """Whether the person may read this file: one of its owners lets them."""
    return any(may_read(user, owner.kind, owner.id) for owner in owners_of(file))
