"""What lies in the store without a row, and which rows have lost their bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from documents import storage
from documents.enums import Bucket, UploadState
from documents.models import StoredFile, Upload

# What is younger may belong to somebody at work right now.
YOUNG = dt.timedelta(hours=1)
CHUNK = 1000


@dataclass(slots=True)
class Orphans:
    """What does not belong together."""

    bytes_without_row: list[tuple[str, str]] = field(default_factory=list)
    rows_without_bytes: list[StoredFile] = field(default_factory=list)
    parts_without_upload: list[tuple[str, str]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """A line each."""
        for bucket, key in self.bytes_without_row:
            yield f"bytes without row\t{bucket}\t{key}"
        for file in self.rows_without_bytes:
            yield f"row without bytes\t{file.bucket}\t{file.key}\t{file.name}"
        for key, token in self.parts_without_upload:
            yield f"parts without upload\t{key}\t{token}"

    def summary(self) -> str:
        """The numbers."""
        return (
            f"{len(self.bytes_without_row)} bytes without row, {len(self.rows_without_bytes)} rows without bytes, "
            f"{len(self.parts_without_upload)} parts without upload."
        )


def find(*, now: dt.datetime) -> Orphans:
    """Compare both buckets with the rows; what is younger than an hour is left out."""
    found = Orphans()
    for bucket in Bucket:
        keys = dict(storage.store(bucket).listing())
        known = _known(bucket)
        old = sorted(key for key, at in keys.items() if at < now - YOUNG)
        found.bytes_without_row += [(bucket.value, key) for key in old if key not in known]
        found.rows_without_bytes += [file for key, file in known.items() if key not in keys and _has_bytes(file, now)]
    wanted = set(Upload.objects.open().exclude(token="").values_list("token", flat=True))
    left = storage.store(Bucket.QUARANTINE).unfinished_parts()
    found.parts_without_upload = [(key, token) for key, token, at in left if at < now - YOUNG and token not in wanted]
    return found


def remove(found: Orphans) -> int:
    """Remove needless bytes and parts from the quarantine; the clean bucket is never touched. Returns how many."""
    store = storage.store(Bucket.QUARANTINE)
    keys = [key for bucket, key in found.bytes_without_row if bucket == Bucket.QUARANTINE]
    for key in keys:
        store.delete(key)
    for key, token in found.parts_without_upload:
        store.abort_parts(key, token)
    return len(keys) + len(found.parts_without_upload)


def _known(bucket: Bucket) -> dict[str, StoredFile]:
    """Rows whose bytes are to be found in the bucket, or may be."""
    rows = StoredFile.objects.filter(bucket=bucket, discarded_at__isnull=True)
    return {file.key: file for file in rows.select_related("upload").iterator(chunk_size=CHUNK)}


def _has_bytes(file: StoredFile, now: dt.datetime) -> bool:
    """Whether the bytes must be there: received, or arrived whole."""
    if file.received_at is not None:
        return file.received_at < now - YOUNG
    upload = getattr(file, "upload", None)
    return upload is not None and upload.state == UploadState.ARRIVED
