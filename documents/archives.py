"""What a ZIP, an Office document or an OFD holds: its parts, counted and read with limits. Free of Django.

Archives inside archives count towards the same limits, so that a bomb cannot hide one floor deeper.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

from documents.formats import Format

MAX_ENTRIES = 5_000
MAX_INFLATED = 1024 * 1024 * 1024
# Office files shrink ten to thirty times; a hundred times is a bomb. Small ones may shrink more and do no harm.
MAX_RATIO = 100
RATIO_FREE_BYTES = 20 * 1024 * 1024
# Floors of archives inside archives; an Office document with an embedded one has two.
MAX_DEPTH = 3
MAX_NESTED_BYTES = 256 * 1024 * 1024
# Cells between the first and the farthest: more than any program here, or at the reader's, lays out in memory.
MAX_CELLS = 20_000_000
MAX_COLUMN, MAX_ROW = 16_384, 1_048_576
MAX_XML_BYTES = 4 * 1024 * 1024
CHUNK = 256 * 1024
OFD_NAMESPACE = "{http://www.ofdspec.org/2016}"

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_CELL = re.compile(rb'<(?:\w+:)?c\s(?:[^<>]*?\s)?r="([A-Z]{1,3})([0-9]{1,7})"')
# No cell's beginning is longer; so much of a chunk is looked at again with the next.
_OVERLAP = 200
_PROGRAMS = (b"MZ", b"\x7fELF")
_TEMPLATE = re.compile(rb'<Relationship\b(?=[^>]*attachedTemplate)(?=[^>]*TargetMode="External")')


class Problem(Exception):
    """The file is refused; `code` names the sentence, `params` fill it."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass(slots=True)
class Tally:
    """What has been seen of one file, all floors together."""

    packed: int
    entries: int = 0
    inflated: int = 0
    flags: set[str] = field(default_factory=set)


def inspect_archive(path: Path) -> dict[str, Any]:
    """What the archive is, and what the reader should know of it. Raises Problem, or whatever a broken one provokes."""
    tally = Tally(path.stat().st_size)
    with zipfile.ZipFile(path) as archive:
        _walk(archive, tally, depth=1)
        found = _format(set(archive.namelist()))
        facts: dict[str, Any] = {"format": found, "flags": sorted(tally.flags)}
        if found is Format.OFD:
            facts["pages"] = _ofd_pages(archive)
    return facts


def _walk(archive: zipfile.ZipFile, tally: Tally, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Problem("nested", limit=MAX_DEPTH)
    entries = archive.infolist()
    _guard(entries, tally)
    for entry in entries:
        if _is_macro(entry.filename):
            raise Problem("macros")
        if "/embeddings/" in entry.filename:
            tally.flags.add("attachments")
        with archive.open(entry) as part:
            _read(part, entry, tally, depth)


def _guard(entries: list[zipfile.ZipInfo], tally: Tally) -> None:
    tally.entries += len(entries)
    tally.inflated += sum(entry.file_size for entry in entries)
    if tally.entries > MAX_ENTRIES:
        raise Problem("too_many_entries", entries=tally.entries, limit=MAX_ENTRIES)
    is_bomb = tally.inflated > RATIO_FREE_BYTES and tally.inflated > tally.packed * MAX_RATIO
    if tally.inflated > MAX_INFLATED or is_bomb:
        raise Problem("inflates", megabytes=tally.inflated // 1024**2)
    if any(entry.flag_bits & 1 for entry in entries):
        raise Problem("password")
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        if name.startswith("/") or ".." in name.split("/"):
            raise Problem("broken")


def _is_macro(name: str) -> bool:
    lowered = name.lower()
    return lowered.endswith(("vbaproject.bin", "vbadata.xml")) or "/macrosheets/" in lowered


def _read(part: IO[bytes], entry: zipfile.ZipInfo, tally: Tally, depth: int) -> None:
    """Read one part to its end: that checks its sum, and no part yields more than it declares."""
    head = part.read(CHUNK)
    if head.startswith(_PROGRAMS):
        raise Problem("program_inside", part=entry.filename[:200])
    if head.startswith(b"PK\x03\x04"):
        _descend(head, part, entry, tally, depth)
        return
    look = _looker(entry.filename, tally)
    before, chunk = b"", head
    while chunk:
        look(before + chunk)
        before, chunk = chunk[-_OVERLAP:], part.read(CHUNK)


def _descend(head: bytes, part: IO[bytes], entry: zipfile.ZipInfo, tally: Tally, depth: int) -> None:
    if entry.file_size > MAX_NESTED_BYTES:
        raise Problem("nested_large", part=entry.filename[:200], megabytes=entry.file_size // 1024**2)
    whole = io.BytesIO(head + part.read())
    try:
        with zipfile.ZipFile(whole) as inner:
            _walk(inner, tally, depth + 1)
    except zipfile.BadZipFile:
        return  # it only begins like one


def _looker(name: str, tally: Tally) -> Any:
    if _SHEET.fullmatch(name):
        return _Reach().look
    if name.endswith(".rels"):
        return lambda chunk: tally.flags.add("template") if _TEMPLATE.search(chunk) else None
    if name == "[Content_Types].xml":
        return _demand_no_macros
    return lambda chunk: None


def _demand_no_macros(chunk: bytes) -> None:
    if b"macroEnabled" in chunk:
        raise Problem("macros")


class _Reach:
    """How far the written cells of one sheet reach."""

    def __init__(self) -> None:
        self.column = self.row = 0

    def look(self, chunk: bytes) -> None:
        """Raises Problem once the corner is too far away."""
        for letters, digits in _CELL.findall(chunk):
            self.column, self.row = max(self.column, _number(letters)), max(self.row, int(digits))
            is_none = self.column > MAX_COLUMN or self.row > MAX_ROW
            if is_none or self.column * self.row > MAX_CELLS:
                raise Problem("far_cell", cell=f"{letters.decode()}{int(digits)}")


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _format(names: set[str]) -> Format:
    if "OFD.xml" in names:
        return Format.OFD
    if "[Content_Types].xml" in names:
        for part, found in (("xl/workbook.xml", Format.XLSX), ("word/document.xml", Format.DOCX)):
            if part in names:
                return found
    raise Problem("unknown")


# OFD, GB/T 33190: OFD.xml names the documents, each document its pages --------------------------------------------------


def _ofd_pages(archive: zipfile.ZipFile) -> int:
    """Pages of all documents of the package; every part that is named must be there. Raises Problem."""
    root = _xml(archive, "OFD.xml")
    places = [(found.text or "").strip() for found in root.iter(f"{OFD_NAMESPACE}DocRoot")]
    if root.tag != f"{OFD_NAMESPACE}OFD" or not places:
        raise Problem("ofd_structure", part="OFD.xml")
    pages = sum(_document_pages(archive, _within("", place)) for place in places)
    if not pages:
        raise Problem("ofd_structure", part=places[0][:200])
    return pages


def _document_pages(archive: zipfile.ZipFile, place: str) -> int:
    document = _xml(archive, place)
    found = [page.get("BaseLoc", "") for page in document.iter(f"{OFD_NAMESPACE}Page")]
    names = set(archive.namelist())
    for page in found:
        if _within(posixpath.dirname(place), page) not in names:
            raise Problem("ofd_structure", part=page[:200] or place)
    return len(found)


def _within(folder: str, place: str) -> str:
    """A place as the package names it: from its root, or from the folder of the part that says so."""
    return posixpath.normpath(place.lstrip("/") if place.startswith("/") else posixpath.join(folder, place))


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    try:
        with archive.open(name) as part:
            text = part.read(MAX_XML_BYTES + 1)
    except KeyError:
        raise Problem("ofd_structure", part=name[:200]) from None
    if len(text) > MAX_XML_BYTES or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Problem("ofd_structure", part=name[:200])
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - nothing of a document type is let in
    except ElementTree.ParseError:
        raise Problem("ofd_structure", part=name[:200]) from None
