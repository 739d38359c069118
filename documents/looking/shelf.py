"""A folder of bounded size for what can be made again: drawn pages, and copies of files that lie in a remote store.

What has not been used for longest goes first. Everything in it may be deleted at any time, by anybody.
"""

from __future__ import annotations

import os
import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

# A look at the whole folder costs some milliseconds per thousand files: not at every new one.
TRIM_ONCE_IN = 32
KEEP_SHARE = 0.8
# Names of what is in use; left alone until nobody can be using it any more.
HELD = "held-"
HELD_SECONDS = 3600


class Shelf:
    """Files by name. Several processes may use one folder: each file appears whole, or not at all."""

    def __init__(self, root: Path, limit: int) -> None:
        self.root, self.limit = root, limit

    def get(self, name: str) -> bytes | None:
        """What lies under the name, now used; None when it is not there."""
        path = self._path(name)
        try:
            data = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:
            return None
        return data

    def put(self, name: str, data: bytes) -> None:
        """Lay bytes under a name."""
        with self._beginning(name) as path:
            path.write_bytes(data)
        if random.randrange(TRIM_ONCE_IN) == 0:  # noqa: S311 - nothing secret hangs on it
            self.trim()

    @contextmanager
    def held(self, name: str, write: Callable[[Path], None]) -> Iterator[Path]:
        """The file of a name as a path that stays while it is used; `write` makes it when it is not there."""
        own = self._path(f"{HELD}{uuid.uuid4().hex}")
        own.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            if not self._linked(name, own):
                write(own)
                own.chmod(0o600)
                self._offer(own, name)
                self.trim()
            yield own
        finally:
            own.unlink(missing_ok=True)

    def _linked(self, name: str, own: Path) -> bool:
        path = self._path(name)
        try:
            own.hardlink_to(path)
            os.utime(path)
        except FileNotFoundError:
            return own.exists()
        return True

    def _offer(self, own: Path, name: str) -> None:
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):  # another process was quicker
            path.hardlink_to(own)

    @contextmanager
    def _beginning(self, name: str) -> Iterator[Path]:
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beginning = path.with_name(f".{uuid.uuid4().hex}")
        try:
            yield beginning
            beginning.chmod(0o600)
            beginning.replace(path)
        finally:
            beginning.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.root / name[:2] / name

    def trim(self) -> None:
        """Remove what was not used for longest, when there is more than the limit."""
        found = sorted((stat.st_mtime, stat.st_size, path) for path, stat in _files(self.root))
        total = sum(size for _used, size, _path in found)
        if total <= self.limit:
            return
        for used, size, path in found:
            if path.name.startswith(HELD) and used > time.time() - HELD_SECONDS:
                continue
            path.unlink(missing_ok=True)
            total -= size
            if total <= self.limit * KEEP_SHARE:
                return


def _files(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in root.rglob("*"):
        try:
            if path.is_file():
                yield path, path.stat()
        except FileNotFoundError:  # another process was trimming
            continue


def shelf() -> Shelf:
    """The folder of this machine."""
    return Shelf(Path(settings.VAR_DIR) / "looking", settings.LOOKING_SPACE_BYTES)
