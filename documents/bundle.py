"""All files of an owner as one ZIP, streamed: memory does not grow with its size. An index lists every hash."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from documents import slots, storage
from documents.models import StoredFile, Version

INDEX = "index.csv"
UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')
NAME_BYTES = 120


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a bundle: where it lies in it, and the row it comes from."""

    path: str
    title: str
    number: int
    uploaded_at: dt.datetime
    file: StoredFile


def entries_of(versions: Iterable[Version], titles: dict[tuple[str, str], str]) -> list[Entry]:
    """The versions as entries, a folder per slot; no two have one path, and no path leaves the folder."""
    found: list[Entry] = []
    taken: set[str] = set()
    for version in versions:
        document = version.document
        title = slots.title_of(titles, document.code, document.label)
        path = f"{_fit(title)}/{_fit(version.file.name)}"
        if path in taken:
            path = f"{_fit(title)}/v{version.number} {_fit(version.file.name)}"
        taken.add(path)
        found.append(Entry(path, title, version.number, version.uploaded_at, version.file))
    return found


def _fit(name: str) -> str:
    kept = UNFIT.sub("_", name).strip(" .") or "_"
    while len(kept.encode()) > NAME_BYTES:
        stem, dot, ending = kept.rpartition(".")
        kept = f"{stem[:-1]}.{ending}" if dot and len(ending) < 8 and stem else kept[:-1]
    return kept


def index_of(entries: Iterable[Entry]) -> bytes:
    """The index as a table that a spreadsheet opens: path, slot, version, size, SHA-256, moment."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([_("file"), _("slot"), _("version"), _("bytes"), "SHA-256", _("uploaded at (UTC+8)")])
    for entry in entries:
        at = timezone.localtime(entry.uploaded_at).strftime("%Y-%m-%d %H:%M:%S")
        table.writerow([entry.path, entry.title, entry.number, entry.file.size, entry.file.sha256, at])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def stream(entries: list[Entry]) -> Iterator[bytes]:
    """The ZIP, piece by piece. Raises FileNotFoundError when a file is lost: half a bundle is never whole by mistake."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr(INDEX, index_of(entries))
        yield pipe.take()
        for entry in entries:
            info = zipfile.ZipInfo(entry.path, timezone.localtime(entry.uploaded_at).timetuple()[:6])
            with archive.open(info, "w", force_zip64=True) as target:
                for chunk in storage.store(entry.file.bucket).stream(entry.file.key):
                    target.write(chunk)
                    yield pipe.take()
            yield pipe.take()
    yield pipe.take()


class _Pipe(io.RawIOBase):
    """What the archive writes, until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = bytearray()
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._kept += data
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def take(self) -> bytes:
        """What has come since the last time."""
        taken = bytes(self._kept)
        self._kept.clear()
        return taken
