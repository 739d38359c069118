"""Put finished papers into the store of clean files."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from dataclasses import dataclass

from documents import keeping, storage
from documents.enums import Bucket, ScanLevel, ScanState
from documents.models import StoredFile
from documents.papers.models import Paper


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that lie in the store under a key of their own and belong to no row yet."""

    uuid: uuid.UUID
    key: str
    name: str
    written: storage.Written


def put(paper: Paper, pdf: bytes) -> Kept:
    """Write the bytes under a new key; a crash before the row leaves them to the sweep of the store."""
    file_id = uuid.uuid4()
    key = storage.key_of(file_id)
    written = storage.write(Bucket.CLEAN, key, io.BytesIO(pdf), limit=len(pdf))
    return Kept(file_id, key, paper.file_name, written)


def discard(kept: Kept) -> None:
    """Take back bytes that became nobody's file."""
    storage.store(Bucket.CLEAN).purge(kept.key)


def row_of(kept: Kept, *, now: dt.datetime) -> StoredFile:
    """The row of a paper's file: made by this system, so clean from the start."""
    return StoredFile.objects.create(
        uuid=kept.uuid, name=kept.name, size=kept.written.size, sha256=kept.written.sha256,
        content_type="application/pdf", bucket=Bucket.CLEAN, key=kept.key, scan_state=ScanState.CLEAN,
        scan_level=ScanLevel.PRODUCED, scan_verdict={"level": ScanLevel.PRODUCED.value}, uploaded_by=None, created_at=now,
        received_at=now, scanned_at=now, promoted_at=now, retain_until=keeping.retention_end(now),
    )  # fmt: skip
