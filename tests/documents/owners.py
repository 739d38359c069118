"""An owner whose readers and writers a test names, and short ways to give them files."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from documents import access, incoming, upload
from documents.models import Upload, Version
from documents.services import DocumentsError
from tests.documents import files

NOW = dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC)
KIND = "test-owner"


@dataclass
class Owner:
    """Somebody's files: who may read and write them is set by the test."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    readers: set[Any] = field(default_factory=set)
    writers: set[Any] = field(default_factory=set)


OWNERS: dict[uuid.UUID, Owner] = {}


def _may_read(user: Any, owner_id: uuid.UUID) -> bool:
    return owner_id in OWNERS and user.pk in OWNERS[owner_id].readers | OWNERS[owner_id].writers


def _may_write(user: Any, owner_id: uuid.UUID) -> bool:
    return owner_id in OWNERS and user.pk in OWNERS[owner_id].writers


access.register_owner(KIND, _may_read, _may_write)


def keys_in(folder: Path, bucket: str) -> list[str]:
    """Keys that lie in a bucket on the disk."""
    root = folder / bucket
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def add(owner: Owner, by: Any, name: str = "a.pdf", data: bytes | None = None, **more: Any) -> Version:
    """Add a version to the slot `manual` of an owner."""
    given = {"code": "manual", "now": NOW, **more}
    content = files.upload(name, files.pdf() if data is None else data)
    return upload.add_version(owner_kind=KIND, owner_id=owner.id, upload=content, by=by, **given)


def complete(*, upload: Upload, now: dt.datetime) -> Upload:
    """All bytes of one upload have come, as the page says it; raises what stands in its place."""
    fresh = Upload.objects.select_related("file", "version").get(pk=upload.pk)
    answer = incoming.complete_all(uploads=[fresh], now=now)[fresh.pk]
    if isinstance(answer, DocumentsError):
        raise answer
    return answer
