"""What has arrived of a file, read once: how much, its hash, its first bytes, and whether it is what was promised."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from documents import storage
from documents.enums import Bucket
from documents.formats import HEAD_BYTES, agrees, by_extension, family_of
from documents.models import Upload

READ_AT_ONCE = 3


class Arrived(NamedTuple):
    """What was read of a file: how much, its hash, and its first bytes."""

    written: storage.Written
    head: bytes


def read_all(keys: list[str]) -> list[Arrived | None]:
    """These files of the quarantine, a few at a time: the store takes longer to answer than reading takes."""
    if len(keys) == 1:
        return [read(keys[0])]
    with ThreadPoolExecutor(READ_AT_ONCE) as several:
        return list(several.map(read, keys))


def read(key: str) -> Arrived | None:
    """The whole file, read once; None when it is not there."""
    sha256, size, head = hashlib.sha256(), 0, b""
    try:
        for chunk in storage.store(Bucket.QUARANTINE).stream(key):
            sha256.update(chunk)
            size += len(chunk)
            head += chunk[: HEAD_BYTES - len(head)]
    except FileNotFoundError:
        return None
    return Arrived(storage.Written(size, sha256.hexdigest()), head)


def fault_of(upload: Upload, arrived: Arrived | None) -> tuple[str, dict[str, Any]]:
    """Why what has arrived is not taken; empty when nothing is wrong."""
    if arrived is None:
        return "unfinished", {}
    if arrived.written.size != upload.size or upload.sha256 not in {"", arrived.written.sha256}:
        return "arrived_altered", {}
    promised = by_extension(upload.file.name)
    assert promised is not None
    if not agrees(promised, arrived.head):
        found = family_of(arrived.head)
        return ("program" if found == "program" else "mismatch"), {"promised": promised.value, "found": found.value}
    return "", {}
