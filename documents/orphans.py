"""What lies in the store without a row, and which rows have lost their bytes.

Store and rows are read side by side in the order of their keys, so memory does not grow with either.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple, TypeVar

from django.db import models
from django.db.models import QuerySet
from django.db.models.functions import Collate
from django.utils.translation import gettext_lazy as _

from documents import storage
from documents.enums import Bucket, UploadState
from documents.models import StoredFile, Upload

# What is younger may belong to somebody at work right now.
YOUNG = dt.timedelta(hours=1)
CHUNK = 1000
T = TypeVar("T")


class Stray(models.TextChoices):
    """What does not belong together in the store and the database."""

    BYTES = "bytes", _("bytes without a row")
    ROW = "row", _("a row without its bytes")
    PARTS = "parts", _("parts of no upload")


class Orphan(NamedTuple):
    """One thing that does not belong to anything: `detail` is the file's name, or the store's token of the parts."""

    kind: Stray
    bucket: str
    key: str
    detail: str = ""

    def __str__(self) -> str:
        words = {
            Stray.BYTES: "bytes without row", Stray.ROW: "row without bytes", Stray.PARTS: "parts without upload"
        }  # fmt: skip
        return "\t".join(filter(None, (words[self.kind], self.bucket, self.key, self.detail)))


def summary(found: Counter[Stray]) -> str:
    """The numbers."""
    return (
        f"{found[Stray.BYTES]} bytes without row, {found[Stray.ROW]} rows without bytes, "
        f"{found[Stray.PARTS]} parts without upload."
    )


def walk(*, now: dt.datetime) -> Iterator[Orphan]:
    """Compare both buckets with the rows; what is younger than an hour is left out. Reads only."""
    for bucket in Bucket:
        yield from _compare(bucket, now)
    yield from parts(now=now)


def remove(orphan: Orphan) -> bool:
    """Remove needless bytes or parts from the quarantine; the clean bucket is never touched. Returns whether."""
    if orphan.bucket != Bucket.QUARANTINE or orphan.kind == Stray.ROW:
        return False
    store = storage.store(Bucket.QUARANTINE)
    if orphan.kind == Stray.PARTS:
        store.abort_parts(orphan.key, orphan.detail)
    else:
        store.delete(orphan.key)
    return True


def batches(things: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The things in lists of at most `size`, of which only one is held at a time."""
    left = iter(things)
    while batch := list(islice(left, size)):
        yield batch


def _compare(bucket: Bucket, now: dt.datetime) -> Iterator[Orphan]:
    keys = storage.store(bucket).listing()
    # The stores list by the bytes of the key, whatever order the database's language has.
    rows = _rows(bucket).order_by(Collate("key", "C")).iterator(chunk_size=CHUNK)
    lying, row = next(keys, None), next(rows, None)
    while lying is not None or row is not None:
        if row is None or (lying is not None and lying[0].encode() < row.key.encode()):
            assert lying is not None
            if lying[1] < now - YOUNG and not _rows(bucket).filter(key=lying[0]).exists():
                yield Orphan(Stray.BYTES, bucket.value, lying[0])
            lying = next(keys, None)
        elif lying is None or row.key.encode() < lying[0].encode():
            if _has_lost(row, bucket, now):
                yield Orphan(Stray.ROW, bucket.value, row.key, row.name)
            row = next(rows, None)
        else:
            lying, row = next(keys, None), next(rows, None)


def _rows(bucket: Bucket) -> QuerySet[StoredFile]:
    """Rows whose bytes are to be found in the bucket, or may be."""
    return StoredFile.objects.filter(bucket=bucket, discarded_at__isnull=True).select_related("upload")


def _has_lost(file: StoredFile, bucket: Bucket, now: dt.datetime) -> bool:
    """Whether the bytes must be there and are not, also when the row is read again: it may have moved meanwhile."""
    if not _has_bytes(file, now):
        return False
    again = _rows(bucket).filter(pk=file.pk).first()
    return again is not None and _has_bytes(again, now) and not storage.store(bucket).exists(file.key)


def _has_bytes(file: StoredFile, now: dt.datetime) -> bool:
    """Whether the bytes must be there: received, or arrived whole and joined since."""
    if file.received_at is not None:
        return file.received_at < now - YOUNG
    upload = getattr(file, "upload", None)
    return upload is not None and upload.state == UploadState.ARRIVED and upload.last_at < now - YOUNG


def parts(*, now: dt.datetime) -> Iterator[Orphan]:
    """Parts in the store, older than an hour, that belong to no upload on its way: left by a process that was killed."""
    for batch in batches(storage.store(Bucket.QUARANTINE).unfinished_parts()):
        old = [(key, token) for key, token, at in batch if at < now - YOUNG]
        tokens = [token for _key, token in old]
        going_on = Upload.objects.filter(state__in=[UploadState.OPEN, UploadState.ARRIVED])
        wanted = set(going_on.filter(token__in=tokens).values_list("token", flat=True))
        for key, token in old:
            if token not in wanted:
                yield Orphan(Stray.PARTS, Bucket.QUARANTINE.value, key, token)
