"""Looks at an uploaded sheet before any spreadsheet library touches it. Pure.

A workbook of 4.8 KB with one cell at the far corner makes a library ask for a table of 17 thousand million cells and
takes its process down; a zip of a few KB may unpack to gigabytes. Both are recognised here, from the packed file,
in a stream of bounded length.
"""

from __future__ import annotations

import dataclasses
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.parsers import expat

from qualification.scope.findings import Problem, SheetRefused
from qualification.scope.layout import cell_name
from qualification.scope.limits import Limits

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_MAGIC = b"PK\x03\x04"
REFERENCE = re.compile(r"^([A-Z]{1,3})(\d{1,7})$")
CHUNK = 256 * 1024
MAX_ERRORS = 200
SEPARATOR = " "


def check(path: str | Path, limits: Limits) -> list[Problem]:
    """Raise SheetRefused unless the file is a workbook of a size that may be read.

    Returns the cells that show a formula error, because the reading library gives them out as empty.
    """
    path = Path(path)
    size = path.stat().st_size
    if size == 0:
        raise SheetRefused("file_empty")
    if size > limits.max_file:
        raise SheetRefused("file_too_large", size_mb=_mb(size), limit_mb=_mb(limits.max_file))
    with path.open("rb") as file:
        head = file.read(8)
    if head == OLE_MAGIC:
        _check_ole(path)
        return []
    if head.startswith(ZIP_MAGIC):
        return _check_zip(path, limits)
    raise SheetRefused("wrong_type")


def _mb(size: int) -> str:
    return f"{size / 1024 / 1024:.1f}"


def _check_ole(path: Path) -> None:
    # An .xls and an encrypted .xlsx are both OLE files; their streams are named in UTF-16.
    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise SheetRefused("password")
    if "_VBA_PROJECT_CUR".encode("utf-16-le") in data:
        raise SheetRefused("macros")
    if "Workbook".encode("utf-16-le") not in data and "Book".encode("utf-16-le") not in data:
        raise SheetRefused("wrong_type")


def _check_zip(path: Path, limits: Limits) -> list[Problem]:
    try:
        with zipfile.ZipFile(path) as archive:
            return _check_archive(archive, limits)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise SheetRefused("not_readable") from error


def _check_archive(archive: zipfile.ZipFile, limits: Limits) -> list[Problem]:
    entries = archive.infolist()
    if len(entries) > limits.max_entries:
        raise SheetRefused("too_many_entries", entries=len(entries), limit=limits.max_entries)
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" not in names or not any(n.startswith("xl/workbook.") for n in names):
        raise SheetRefused("wrong_type")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise SheetRefused("password")
    if any(n.lower().endswith(("vbaproject.bin", ".exe", ".dll")) for n in names):
        raise SheetRefused("macros")
    _check_unpacked(entries, limits)
    return _scan(archive, entries, limits)


def _check_unpacked(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    total = sum(entry.file_size for entry in entries)
    if total > limits.max_unpacked:
        raise SheetRefused("unpacks_too_large", size_mb=_mb(total), limit_mb=_mb(limits.max_unpacked))
    for entry in entries:
        ratio = entry.file_size / max(entry.compress_size, 1)
        if entry.file_size > limits.ratio_from and ratio > limits.max_ratio:
            raise SheetRefused("packed_too_tightly", read=entry.filename)


def _scan(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limits: Limits) -> list[Problem]:
    seen_value = False
    errors: list[str] = []
    for entry in entries:
        if not entry.filename.lower().endswith((".xml", ".rels", ".vml")):
            continue
        with archive.open(entry) as stream:
            extent = scan_xml(stream, entry, limits)
        seen_value = seen_value or extent.rows_with_values > 0
        errors += extent.error_cells
    if not seen_value:
        raise SheetRefused("sheet_empty")
    return [Problem("cell_error", cell=cell) for cell in errors[:MAX_ERRORS]]


@dataclass(slots=True)
class Extent:
    """How far the written cells of one sheet reach (one-based), and how many rows hold any."""

    last_row: int = 0
    last_column: int = 0
    rows_with_values: int = 0
    row_of_last_value: int = 0
    error_cells: list[str] = dataclasses.field(default_factory=list)


def scan_xml(stream: IO[bytes], entry: zipfile.ZipInfo, limits: Limits) -> Extent:
    """Stream one part of the workbook through expat: no document type, no entities, no cell out of bounds."""
    scanner = _Scanner(entry.filename, limits)
    read = 0
    while chunk := stream.read(CHUNK):
        read += len(chunk)
        # The directory of the zip may lie about sizes; the stream does not.
        if read > limits.max_unpacked:
            raise SheetRefused("unpacks_too_large", size_mb=_mb(read), limit_mb=_mb(limits.max_unpacked))
        scanner.feed(chunk)
    scanner.feed(b"", final=True)
    return scanner.extent


class _Scanner:
    """Counts the cells that hold something; cells that are only painted do not count."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self.extent = Extent()
        self.row = 0
        self.column = 0
        self.parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        self.parser.StartDoctypeDeclHandler = self._refuse_dtd
        self.parser.EntityDeclHandler = self._refuse_dtd
        self.parser.StartElementHandler = self._start

    def feed(self, data: bytes, *, final: bool = False) -> None:
        try:
            self.parser.Parse(data, final)
        except expat.ExpatError as error:
            raise SheetRefused("not_readable", read=self.name) from error

    def _refuse_dtd(self, *_args: object) -> None:
        raise SheetRefused("entities", read=self.name)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(SEPARATOR)[2]
        if tag == "c":
            self._cell(attributes.get("r", ""))
            if attributes.get("t") == "e":
                self.extent.error_cells.append(attributes.get("r", ""))
        elif tag in ("v", "is"):
            self._value()
        elif tag == "row":
            self.row = int(attributes["r"]) if attributes.get("r", "").isdigit() else self.row + 1
            self.column = 0

    def _cell(self, reference: str) -> None:
        found = REFERENCE.match(reference)
        if not found:
            self.column += 1
            return
        self.column = _column(found[1])
        self.row = int(found[2])

    def _value(self) -> None:
        extent, limits = self.extent, self.limits
        if self.row != extent.row_of_last_value:
            extent.rows_with_values += 1
            extent.row_of_last_value = self.row
        extent.last_row = max(extent.last_row, self.row)
        extent.last_column = max(extent.last_column, self.column)
        if extent.rows_with_values > limits.max_rows:
            raise SheetRefused("sheet_huge", read=self.name, rows=extent.rows_with_values, limit=limits.max_rows)
        if self.row > limits.max_rows or self.column > limits.max_columns:
            cell = cell_name(self.row - 1, self.column - 1) if self.column else ""
            # A full sheet also ends far down: it is called huge, a lone cell is called far away.
            if self.row > limits.max_rows and extent.rows_with_values > limits.max_rows // 2:
                raise SheetRefused("sheet_huge", read=self.name, rows=self.row, limit=limits.max_rows)
            raise SheetRefused(
                "cell_far_away", cell=cell, read=self.name, rows=limits.max_rows, columns=limits.max_columns
            )


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
