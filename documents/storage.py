"""Where the bytes lie: the local disk or an S3 store, each with a quarantine and a clean bucket.

Both stores offer the same few verbs; nothing else in the project knows which one it is.
Keys come from the file's uuid, never from its name.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol, Self, cast

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages

from documents.enums import Bucket

CHUNK = 256 * 1024
# Folder of a bucket on the disk that holds the pieces of files still on their way.
PARTS = ".parts"


class Written(NamedTuple):
    """What arrived in the store."""

    size: int
    sha256: str


class Altered(Exception):
    """The bytes in the store do not have the hash their row says."""


class ShortPart(Exception):
    """Fewer or more bytes came than the part was to have: the line broke, or the sender is wrong."""


class Chunks:
    """The bytes of one file, chunk by chunk; closes its source at the end, or when it is given up before."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def __iter__(self) -> Iterator[bytes]:
        with self:
            while data := self.source.read(CHUNK):
                yield data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the source."""
        self.source.close()


class Links(Protocol):
    """A store to which browsers send bytes themselves, by links that the store checks."""

    def post_form(self, key: str, content_type: str, size: int) -> dict[str, Any]: ...
    def part_link(self, key: str, token: str, number: int, size: int) -> str: ...
    def download_link(self, key: str, name: str) -> str: ...


class Store(Protocol):
    """What a bucket can do."""

    def save(self, name: str, content: Any) -> str: ...
    def exists(self, name: str) -> bool: ...
    def size(self, name: str) -> int: ...
    def delete(self, name: str) -> None: ...
    def stream(self, key: str) -> Chunks: ...
    def listing(self) -> Iterator[tuple[str, dt.datetime]]: ...
    def copy_from(self, source: Any, key: str) -> None: ...
    def on_disk(self, key: str) -> Any: ...
    def purge(self, key: str) -> None: ...
    def retain(self, key: str, until: dt.datetime) -> None: ...
    def begin_parts(self, key: str, content_type: str) -> str: ...
    def put_part(self, key: str, token: str, number: int, source: Any, size: int) -> None: ...
    def parts(self, key: str, token: str) -> dict[int, int]: ...
    def finish_parts(self, key: str, token: str) -> None: ...
    def abort_parts(self, key: str, token: str) -> None: ...
    def unfinished_parts(self) -> Iterator[tuple[str, str, dt.datetime]]: ...
    def links(self) -> Links | None: ...


class LocalStorage(FileSystemStorage):  # type: ignore[misc,unused-ignore]
    """A bucket as a folder. Bytes are on the disk, not only in its cache, before `save` returns."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_overwrite=True, **options)

    def _save(self, name: str, content: Any) -> str:
        saved = str(super()._save(name, content))  # type: ignore[misc]
        _flush(Path(self.path(saved)))
        return saved

    def stream(self, key: str) -> Chunks:
        """The bytes in chunks. Raises FileNotFoundError at once, not at the first chunk."""
        return Chunks(Path(self.path(key)).open("rb"))

    def listing(self) -> Iterator[tuple[str, dt.datetime]]:
        """All keys with the moment they were written, in the order of their bytes; one folder in memory at a time."""
        yield from _listed(Path(self.location), "")

    def copy_from(self, source: LocalStorage, key: str) -> None:
        """Copy one file from another bucket under the same key."""
        with Path(source.path(key)).open("rb") as handle:
            self.save(key, File(handle))

    @contextmanager
    def on_disk(self, key: str) -> Iterator[Path]:
        """The file as a path for a child process to read."""
        yield Path(self.path(key))

    def purge(self, key: str) -> None:
        """Remove the bytes for good."""
        self.delete(key)

    def retain(self, key: str, until: dt.datetime) -> None:
        """Take the right to write from everybody; a disk keeps no date, the row does. Raises FileNotFoundError."""
        Path(self.path(key)).chmod(0o400)

    def begin_parts(self, key: str, content_type: str) -> str:
        """Make a folder for the parts of a file that comes in pieces; its name is their token."""
        token = uuid.uuid4().hex
        self._folder(token).mkdir(parents=True, mode=0o700)
        return token

    def put_part(self, key: str, token: str, number: int, source: Any, size: int) -> None:
        """Write one part of exactly `size` bytes, in place of an earlier try. Raises ShortPart; then nothing is kept."""
        folder = self._folder(token)
        beginning = folder / f".{number}-{uuid.uuid4().hex}"
        try:
            with beginning.open("xb") as target:
                _copy_exactly(source, target, size)
            beginning.replace(folder / str(number))
        finally:
            beginning.unlink(missing_ok=True)
        _flush(folder / str(number))

    def parts(self, key: str, token: str) -> dict[int, int]:
        """Sizes of the parts that are there, by number. Raises FileNotFoundError when the upload is not known."""
        return {int(path.name): path.stat().st_size for path in self._folder(token).iterdir() if path.name.isdigit()}

    def finish_parts(self, key: str, token: str) -> None:
        """Join the parts, in the order of their numbers, to the file, and remove them."""
        folder = self._folder(token)
        target = Path(self.path(key))
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        whole = folder / f".whole-{uuid.uuid4().hex}"
        with whole.open("xb") as handle:
            for number in sorted(self.parts(key, token)):
                with (folder / str(number)).open("rb") as part:
                    shutil.copyfileobj(part, handle, CHUNK)
        whole.chmod(0o600)
        _flush(whole)
        whole.replace(target)
        _flush(target)
        # Whoever joins the same parts just now finds all of them or none, never some.
        gone = folder.replace(self._folder(uuid.uuid4().hex))
        shutil.rmtree(gone)

    def abort_parts(self, key: str, token: str) -> None:
        """Remove the parts; nothing happens when they are gone already."""
        shutil.rmtree(self._folder(token), ignore_errors=True)

    def unfinished_parts(self) -> Iterator[tuple[str, str, dt.datetime]]:
        """Every upload in parts that is neither finished nor given up: key (unknown here), token, last change."""
        root = Path(self.location) / PARTS
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            yield "", folder.name, _changed(folder)

    def links(self) -> Links | None:
        """None: bytes come through the server."""
        return None

    def _folder(self, token: str) -> Path:
        return Path(self.location) / PARTS / uuid.UUID(token).hex


class _Hashing(File):  # type: ignore[type-arg,unused-ignore]
    """A file that is hashed while a store reads it, once and from the start."""

    def __init__(self, source: IO[bytes] | File[bytes], limit: int) -> None:
        super().__init__(source)  # type: ignore[arg-type,unused-ignore]
        self.sha256 = hashlib.sha256()
        self.taken = 0
        self.limit = limit

    def read(self, size: int = -1) -> bytes:
        data = cast("bytes", self.file.read(size))  # type: ignore[union-attr,unused-ignore]
        self.sha256.update(data)
        self.taken += len(data)
        if self.taken > self.limit:
            raise TooLarge
        return data

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:  # type: ignore[override,unused-ignore]
        while data := self.read(chunk_size or CHUNK):
            yield data

    def seekable(self) -> bool:
        # A store that seeks would read parts twice or out of order, and the hash would be wrong.
        return False


class TooLarge(Exception):
    """More bytes came than the slot takes."""


def store(bucket: str) -> Store:
    """The store behind a bucket's name."""
    return cast("Store", storages[Bucket(bucket).value])


def key_of(file_uuid: uuid.UUID) -> str:
    """The key of a file: its uuid under two characters of it, so that no folder grows without end."""
    return f"{file_uuid.hex[:2]}/{file_uuid}"


def write(bucket: str, key: str, source: Any, *, limit: int) -> Written:
    """Stream a file into a bucket, hashed on the way, in memory that does not grow with its size.

    Raises TooLarge once more than `limit` bytes came; what was written so far is for the sweep.
    """
    content = _Hashing(source, limit)
    store(bucket).save(key, content)
    return Written(content.taken, content.sha256.hexdigest())


def digest(bucket: str, key: str) -> Written:
    """Size and hash of what really lies in the store. Raises FileNotFoundError."""
    sha256, size = hashlib.sha256(), 0
    for chunk in store(bucket).stream(key):
        sha256.update(chunk)
        size += len(chunk)
    return Written(size, sha256.hexdigest())


def copy_to_clean(key: str, expected: Written, *, still: Callable[[], None]) -> None:
    """Copy from quarantine to clean and read it back. Raises Altered when the copy has another hash.

    A copy left by a killed process is used when it is whole and replaced when it is not. `still` is asked before a
    copy is replaced or removed, and raises what it likes when this process may not do so any more.
    """
    clean = store(Bucket.CLEAN)
    if clean.exists(key):
        if digest(Bucket.CLEAN, key) == expected:
            return
        still()
    clean.copy_from(store(Bucket.QUARANTINE), key)
    if digest(Bucket.CLEAN, key) != expected:
        still()
        clean.purge(key)
        raise Altered(key)


def remove(bucket: str, key: str) -> None:
    """Delete the bytes; nothing happens when they are gone already."""
    store(bucket).delete(key)


def _listed(folder: Path, before: str) -> Iterator[tuple[str, dt.datetime]]:
    try:
        with os.scandir(folder) as found:
            names = sorted(f"{entry.name}/" if entry.is_dir() else entry.name for entry in found)
    except FileNotFoundError:
        return
    for name in names:
        if name.endswith("/"):
            if name != f"{PARTS}/":
                yield from _listed(folder / name, before + name)
            continue
        with suppress(FileNotFoundError):  # removed meanwhile
            yield before + name, _changed(folder / name)


def _changed(path: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC)


def _copy_exactly(source: Any, target: IO[bytes], size: int) -> None:
    left = size
    while left:
        data = source.read(min(CHUNK, left))
        if not data:
            raise ShortPart(f"{left} of {size} bytes are missing.")
        target.write(data)
        left -= len(data)
    target.flush()


def _flush(path: Path) -> None:
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
