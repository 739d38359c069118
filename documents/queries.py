"""What lies in the slots of an owner."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.db.models import QuerySet

from documents.enums import ScanState
from documents.models import AccessLog, Snapshot, Version, VersionQuerySet


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot with its versions, the newest first. `history` has the removed and refused ones too."""

    owner_kind: str
    owner_id: uuid.UUID
    code: str
    label: str = ""
    history: tuple[Version, ...] = ()

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions that count."""
        return tuple(version for version in self.history if version.withdrawn_at is None)

    @property
    def current(self) -> Version | None:
        """The newest version that counts."""
        return next((version for version in self.history if version.withdrawn_at is None), None)

    @property
    def earlier(self) -> tuple[Version, ...]:
        """What came before the current version and still counts as handed in."""
        return self.versions[1:]

    @property
    def just_refused(self) -> Version | None:
        """The newest upload, if the check refused it and nothing came after it."""
        newest = self.history[0] if self.history else None
        return newest if newest and newest.withdrawn_by_id is None and newest.withdrawn_at else None

    @property
    def is_filled(self) -> bool:
        """Whether the slot holds a version whose check did not fail; one being checked counts."""
        return self.current is not None and self.current.file.scan_state in {ScanState.CLEAN, ScanState.PENDING}


def slots_of(owner_kind: str, owner_id: uuid.UUID) -> list[Slot]:
    """All slots of an owner in which something was ever handed in, by code and label; one query."""
    return _grouped(_versions().of_owner(owner_kind, owner_id))


def slot_of(*, owner_kind: str, owner_id: uuid.UUID, code: str, label: str = "") -> Slot:
    """One slot, empty when nothing was handed in; one query."""
    found = _grouped(_versions().of_owner(owner_kind, owner_id).filter(document__code=code, document__label=label))
    return found[0] if found else Slot(owner_kind, owner_id, code, label)


def current_version(*, owner_kind: str, owner_id: uuid.UUID, code: str, label: str = "") -> Version | None:
    """The newest version that counts, whatever its check has found so far; None when the slot is empty."""
    return slot_of(owner_kind=owner_kind, owner_id=owner_id, code=code, label=label).current


def filled_slots(owner_kind: str, owner_id: uuid.UUID) -> set[tuple[str, str]]:
    """(code, label) of each slot that is filled; one query. For lists of what is missing."""
    return {(slot.code, slot.label) for slot in slots_of(owner_kind, owner_id) if slot.is_filled}


def snapshots_of(owner_kind: str, owner_id: uuid.UUID) -> list[Snapshot]:
    """What was handed in, moment by moment, the first first."""
    return list(Snapshot.objects.filter(owner_kind=owner_kind, owner_id=owner_id))


def versions_of(snapshot: Snapshot) -> list[Version]:
    """The versions of a list as handed in, in its order."""
    found = Version.objects.select_related("document", "file").in_bulk([line["version"] for line in snapshot.lines])
    return [found[uuid.UUID(line["version"])] for line in snapshot.lines]


def looks_at(owner_kind: str, owner_id: uuid.UUID) -> QuerySet[AccessLog]:
    """Every look at a file for its slot of this owner, removed versions too, the newest first.

    A file that is used again for another owner has its looks there: each owner's list shows its own.
    """
    looks = AccessLog.objects.filter(version__document__owner_kind=owner_kind, version__document__owner_id=owner_id)
    return looks.select_related("file", "user", "version__document").order_by("-at", "-pk")


def same_content(owner_kind: str, owner_id: uuid.UUID) -> QuerySet[Version]:
    """Versions handed in for other owners of this kind whose bytes are those of a version that counts here."""
    hashes = Version.objects.live().of_owner(owner_kind, owner_id).values("file__sha256")
    others = Version.objects.filter(is_frozen=True, document__owner_kind=owner_kind, file__sha256__in=hashes)
    return others.exclude(document__owner_id=owner_id).select_related("file", "document").order_by("pk")


def _versions() -> VersionQuerySet:
    return Version.objects.select_related("document", "file", "uploaded_by").order_by(
        "document__code", "document__label", "document_id", "-number"
    )


def _grouped(versions: Iterable[Version]) -> list[Slot]:
    return [
        Slot(document.owner_kind, document.owner_id, document.code, document.label, tuple(group))
        for document, group in groupby(versions, key=lambda version: version.document)
    ]
