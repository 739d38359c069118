"""The text of one file, read in a child process with limits of its own (see `documents.inspector`).

Prints one line of JSON. Nothing here trusts the file, and nothing here imports Django. No XML with a DTD is read, so
there are no entities of any kind.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
import posixpath
import resource
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from documents.formats import PICTURES, Format

CPU_SECONDS = 100
MEMORY_BYTES = 1024 * 1024 * 1024
# What is read of one file at most; the row says when there was more.
MAX_CHARS = 3_000_000
MAX_PAGES = 5_000
MAX_PAGE_CHARS = 200_000
MAX_CELL = 2_000
MAX_SHEETS = 200
# A block of rows or paragraphs: about a page.
BLOCK_CHARS = 3_000
XML_CHUNK = 256 * 1024
EXACT = 1e15


class Without(Exception):
    """There is no text in it, and why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Reading:
    """What has been read so far, and whether there is more than is kept."""

    places: list[dict[str, Any]] = field(default_factory=list)
    chars: int = 0
    blank_pages: int = 0
    is_cut: bool = False

    def add(self, text: str, page: int, sheet: str = "", row: int = 0) -> bool:
        """Keep the text of one place; False when the file's measure is full."""
        kept = text[: min(MAX_PAGE_CHARS, MAX_CHARS - self.chars)]
        self.is_cut = self.is_cut or len(kept) < len(text)
        if kept.strip():
            self.places.append({"page": page, "sheet": sheet[:120], "row": row, "text": kept})
            self.chars += len(kept)
        return self.chars < MAX_CHARS

    def add_lines(self, lines: Iterable[str], page: int, sheet: str = "", *, has_rows: bool = False) -> bool:
        """Keep lines in blocks of about a page; rows count from 1 where the lines are rows."""
        block: list[str] = []
        first, size = 1, 0
        for number, line in enumerate(lines, start=1):
            block.append(line)
            size += len(line) + 1
            if size >= BLOCK_CHARS:
                if not self.add("\n".join(block), page, sheet, first if has_rows else 0):
                    self.is_cut = True
                    return False
                block, first, size = [], number + 1, 0
        return self.add("\n".join(block), page, sheet, first if has_rows else 0)


def read(path: Path, kind: Format) -> Reading:
    """The text of a file, place by place. Raises Without, or whatever a broken file provokes."""
    if kind in PICTURES:
        raise Without("picture")
    if kind is Format.DOC:
        raise Without("old_word")
    reading = Reading()
    _READERS[kind](path, reading)
    if not reading.places:
        raise Without("scanned" if kind is Format.PDF else "empty")
    return reading


def _pdf(path: Path, reading: Reading) -> None:
    import pypdfium2 as pdfium  # type: ignore[import-untyped,unused-ignore]

    document = pdfium.PdfDocument(path)
    for number in range(min(len(document), MAX_PAGES)):
        page = document[number]
        layer = page.get_textpage()
        text = layer.get_text_range()
        layer.close()
        page.close()
        reading.blank_pages += not text.strip()
        if not reading.add(text, number + 1):
            reading.is_cut = reading.is_cut or number + 1 < len(document)
            break
    reading.is_cut = reading.is_cut or len(document) > MAX_PAGES


# -- spreadsheets and plain text


def _workbook(path: Path, reading: Reading) -> None:
    from python_calamine import CalamineError, CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    reading.is_cut = len(book.sheet_names) > MAX_SHEETS
    for number, name in enumerate(book.sheet_names[:MAX_SHEETS], start=1):
        try:
            sheet = book.get_sheet_by_name(name)
        except CalamineError:  # a chart sheet has no cells
            continue
        if sheet.height and not reading.add_lines(_rows(sheet), number, name, has_rows=True):
            return


def _rows(sheet: Any) -> Iterator[str]:
    """The rows from the first of the sheet on, those before its first filled one empty; cells apart by tabs."""
    yield from itertools.repeat("", sheet.start[0] if sheet.start else 0)
    for row in sheet.to_python(skip_empty_area=True):
        yield "\t".join(_cell(cell) for cell in row).rstrip()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else f"{value:.15g}"
    if isinstance(value, dt.datetime) and not (value.hour or value.minute or value.second):
        value = value.date()
    return " ".join(str(value)[:MAX_CELL].split())


def _plain(path: Path, reading: Reading) -> None:
    with path.open(encoding=_encoding(path), errors="replace") as handle:
        reading.add_lines((line.rstrip("\n")[:MAX_PAGE_CHARS] for line in handle), 1)


def _table(path: Path, reading: Reading) -> None:
    with path.open(encoding=_encoding(path), errors="replace", newline="") as handle:
        rows = csv.reader(line.replace("\0", "") for line in handle)
        reading.add_lines(("\t".join(_cell(cell) for cell in row) for row in rows), 1, has_rows=True)


def _encoding(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as handle:
            while handle.read(XML_CHUNK):
                pass
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


# -- XML in archives


def _word(path: Path, reading: Reading) -> None:
    lines: list[str] = []
    words = _Words(lines.append)
    with zipfile.ZipFile(path) as archive:
        for chunk in _chunks(archive, "word/document.xml"):
            words.feed(chunk)
            if sum(map(len, lines)) > MAX_CHARS:
                break
    reading.add_lines(lines, 1)


class _Words:
    """The paragraphs of a Word document; a row of a table is one line, its cells apart by tabs."""

    def __init__(self, tell: Callable[[str], Any]) -> None:
        self.tell = tell
        self.line: list[str] = []
        self.is_text, self.rows = False, 0
        self.parser = _parser(self._start, self._end, self._data)

    def feed(self, chunk: bytes) -> None:
        self.parser.Parse(chunk, False)

    def _start(self, name: str, _given: dict[str, str]) -> None:
        self.is_text = name == "t"
        self.rows += name == "tr"
        if name in {"tab", "br", "cr"}:
            self.line.append("\t" if name == "tab" else "\n")

    def _data(self, data: str) -> None:
        if self.is_text:
            self.line.append(data)

    def _end(self, name: str) -> None:
        self.is_text = False
        if name == "tr":
            self.rows -= 1
        if (name == "p" and not self.rows) or (name == "tr" and not self.rows):
            self.tell("".join(self.line))
            self.line.clear()
        elif name in {"tc", "p"}:
            self.line.append("\t" if name == "tc" else " ")


def _ofd(path: Path, reading: Reading) -> None:
    """The text of an OFD (GB/T 33190), page by page, in the order of the page's objects."""
    with zipfile.ZipFile(path) as archive:
        pages = _ofd_pages(archive)
        reading.is_cut = len(pages) > MAX_PAGES
        for number, name in enumerate(pages[:MAX_PAGES], start=1):
            text = "\n".join(_texts_of(archive, name, "TextCode"))
            reading.blank_pages += not text.strip()
            if not reading.add(text, number):
                reading.is_cut = reading.is_cut or number < len(pages)
                return


def _ofd_pages(archive: zipfile.ZipFile) -> list[str]:
    found = []
    for root in _texts_of(archive, "OFD.xml", "DocRoot"):
        base = root.strip().lstrip("/")
        for where in _places(archive, base):
            folder = posixpath.dirname(base)
            inside = where.startswith(("/", f"{folder}/"))
            found.append(where.lstrip("/") if inside else posixpath.join(folder, where))
    return found


def _places(archive: zipfile.ZipFile, name: str) -> list[str]:
    found: list[str] = []

    def start(tag: str, given: dict[str, str]) -> None:
        if tag == "Page" and given.get("BaseLoc"):
            found.append(given["BaseLoc"])

    _parse(archive, name, _parser(start, lambda tag: None, lambda data: None))
    return found


def _texts_of(archive: zipfile.ZipFile, name: str, wanted: str) -> list[str]:
    """The text of every element of one name."""
    found: list[str] = []
    inside = False

    def start(tag: str, _given: dict[str, str]) -> None:
        nonlocal inside
        inside = tag == wanted
        if inside:
            found.append("")

    def end(_tag: str) -> None:
        nonlocal inside
        inside = False

    def data(text: str) -> None:
        if inside:
            found[-1] += text

    _parse(archive, name, _parser(start, end, data))
    return found


def _parser(
    start: Callable[[str, dict[str, str]], None], end: Callable[[str], None], data: Callable[[str], None]
) -> Any:
    """A parser that tells names without their prefix and stops at a DTD: nothing that we read has one."""

    def refuse(*_declared: Any) -> None:
        raise ValueError("XML with a DTD is not read.")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, given: start(name.rpartition(":")[2], given)
    parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    parser.CharacterDataHandler = data
    return parser


def _parse(archive: zipfile.ZipFile, name: str, parser: Any) -> None:
    for chunk in _chunks(archive, name):
        parser.Parse(chunk, False)


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as part:
        while chunk := part.read(XML_CHUNK):
            yield chunk


_READERS: dict[Format, Callable[[Path, Reading], None]] = {
    Format.PDF: _pdf,
    Format.DOCX: _word,
    Format.XLSX: _workbook,
    Format.XLS: _workbook,
    Format.OFD: _ofd,
    Format.TXT: _plain,
    Format.CSV: _table,
}


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main(path: str, kind: str) -> int:
    """Read one file and print what was found: `places`, `blank_pages`, `is_cut`; or `without`; or `problem`."""
    _limit()
    warnings.simplefilter("ignore")
    try:
        reading = read(Path(path), Format(kind))
        said: dict[str, Any] = {
            "places": reading.places, "blank_pages": reading.blank_pages, "is_cut": reading.is_cut,
        }  # fmt: skip
    except Without as without:
        said = {"without": without.why}
    except MemoryError:
        said = {"problem": "too_heavy"}
    except FileNotFoundError:
        said = {"problem": "lost"}
    except Exception as error:  # any library's complaint about this file
        said = {"problem": "broken", "detail": f"{type(error).__name__}: {error}"[:300]}
    sys.stdout.write(f"{json.dumps(said)}\n")
    return 0


def preload() -> None:
    """Everything a reading imports, so that no child has to."""
    import pypdfium2  # type: ignore[import-untyped,unused-ignore]  # noqa: F401
    import python_calamine  # noqa: F401
