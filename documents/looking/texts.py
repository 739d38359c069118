"""What can be shown of files without pages of their own: sheets as rows, Word, OFD and plain text as text.

Runs in the limited child, without Django. Everything is cut to what a page can hold, and says that it was.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from documents.formats import Format

MAX_ROWS = 200
MAX_COLUMNS = 40
MAX_CELL = 400
MAX_SHEETS = 100
MAX_TEXT = 100_000
MAX_XML = 64 * 1024 * 1024
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class NoPage(Exception):
    """There is no page of this number; `pages` says how many there are."""

    def __init__(self, pages: int) -> None:
        super().__init__(pages)
        self.pages = pages


class CannotShow(Exception):
    """The file is whole, but nothing of it can be shown."""


def page(path: Path, kind: Format, number: int) -> dict[str, Any]:
    """One page of a file that is shown as rows or text. Raises NoPage, CannotShow."""
    reader = _READERS.get(kind)
    if reader is None:
        raise CannotShow
    return reader(path, number)


# -- rows


def _workbook(path: Path, number: int) -> dict[str, Any]:
    from python_calamine import CalamineError, CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    names = book.sheet_names[:MAX_SHEETS]
    _demand(number, len(names))
    try:
        sheet = book.get_sheet_by_name(names[number - 1])
    except CalamineError as error:  # a chart sheet has no cells
        raise CannotShow from error
    rows = sheet.to_python(skip_empty_area=False, nrows=MAX_ROWS) if sheet.height else []
    return _rows(rows, (sheet.start or (0, 0))[0] + sheet.height, names)


def _csv(path: Path, number: int) -> dict[str, Any]:
    _demand(number, 1)
    lines = iter(csv.reader(_lines(path)))
    rows = list(itertools.islice(lines, MAX_ROWS))
    return _rows(rows, len(rows) + sum(1 for _ in lines), [path.name]) | {"sheets": []}


def _rows(rows: list[list[Any]], total: int, names: list[str]) -> dict[str, Any]:
    wide = max((len(row) for row in rows), default=0)
    texts = [[_cell(cell) for cell in row[:MAX_COLUMNS]] for row in rows]
    while texts and not any(texts[-1]):
        texts.pop()
    return {
        "kind": "rows", "pages": len(names), "sheets": names, "rows": texts, "row_count": total, "column_count": wide,
        "is_cut": total > MAX_ROWS or wide > MAX_COLUMNS, "text": "\n".join("\t".join(row) for row in texts)[:MAX_TEXT],
    }  # fmt: skip


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, dt.datetime) and not (value.hour or value.minute or value.second):
        value = value.date()
    return "" if value is None else _clean(str(value))[:MAX_CELL]


# -- text


def _plain(path: Path, number: int) -> dict[str, Any]:
    _demand(number, 1)
    return _text("".join(_within(_lines(path))), 1)


def _word(path: Path, number: int) -> dict[str, Any]:
    _demand(number, 1)
    with zipfile.ZipFile(path) as archive, archive.open(_small(archive, "word/document.xml")) as part:
        return _text("".join(_within(f"{line}\n" for line in _paragraphs(part))), 1)


def _paragraphs(part: Any) -> Iterator[str]:
    """The paragraphs of a Word document; a row of a table is one line, its cells apart by tabs."""
    cells: list[list[str]] = []
    depth = 0
    line: list[str] = []
    for event, node in ElementTree.iterparse(part, events=("start", "end")):  # noqa: S314 - in the limited child
        name = node.tag.removeprefix(WORD)
        if event == "start":
            depth += name == "tr"
            if name == "tc":
                cells.append([])
            continue
        if name == "t":
            line.append(node.text or "")
        elif name in {"tab", "br", "cr"}:
            line.append("\t" if name == "tab" else "\n")
        elif name == "p":
            text, line = "".join(line), []
            node.clear()
            if depth and cells:
                cells[-1].append(text)
            else:
                yield text
        elif name == "tr":
            depth -= 1
            if not depth:
                yield "\t".join(" ".join(cell) for cell in cells)
                cells = []
            node.clear()


def _ofd(path: Path, number: int) -> dict[str, Any]:
    """The text of one page of an OFD (GB/T 33190), in the order of the page; no picture of it is drawn."""
    with zipfile.ZipFile(path) as archive:
        pages = _ofd_pages(archive)
        _demand(number, len(pages))
        root = _xml(archive, pages[number - 1])
    lines: dict[int, list[tuple[float, str]]] = {}
    for item in root.iter():
        if _name(item) != "TextObject":
            continue
        left, top = _corner(item.get("Boundary", ""))
        text = "".join(code.text or "" for code in item.iter() if _name(code) == "TextCode")
        lines.setdefault(round(top), []).append((left, text))
    shown = "\n".join(" ".join(text for _left, text in sorted(lines[top])) for top in sorted(lines))
    return _text(shown, len(pages))


def _ofd_pages(archive: zipfile.ZipFile) -> list[str]:
    found = []
    for root in _xml(archive, "OFD.xml").iter():
        if _name(root) != "DocRoot" or not root.text:
            continue
        base = root.text.strip().lstrip("/")
        for item in _xml(archive, base).iter():
            if _name(item) == "Page" and item.get("BaseLoc"):
                where = item.get("BaseLoc", "")
                inside = where.startswith(("/", posixpath.dirname(base) + "/"))
                found.append(where.lstrip("/") if inside else posixpath.join(posixpath.dirname(base), where))
    return found


def _corner(boundary: str) -> tuple[float, float]:
    numbers = boundary.split()
    return (float(numbers[0]), float(numbers[1])) if len(numbers) > 1 else (0.0, 0.0)


def _name(item: ElementTree.Element) -> str:
    return item.tag.rpartition("}")[2]


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with archive.open(_small(archive, name)) as part:
        return ElementTree.parse(part).getroot()  # noqa: S314 - in the limited child


def _small(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    try:
        entry = archive.getinfo(name)
    except KeyError as error:
        raise CannotShow from error
    if entry.file_size > MAX_XML:
        raise CannotShow
    return entry


def _lines(path: Path) -> Iterator[str]:
    """The lines of a text in UTF-8 or GB 18030."""
    encoding = "utf-8-sig"
    try:
        with path.open(encoding=encoding) as handle:
            for _line in handle:
                pass
    except UnicodeDecodeError:
        encoding = "gb18030"
    with path.open(encoding=encoding, errors="replace", newline="") as handle:
        yield from handle


def _within(lines: Iterator[str]) -> Iterator[str]:
    left = MAX_TEXT + 1
    for line in lines:
        yield line[:left]
        left -= len(line)
        if left <= 0:
            return


def _text(text: str, pages: int) -> dict[str, Any]:
    clean = _clean(text)
    return {"kind": "text", "pages": pages, "text": clean[:MAX_TEXT], "is_cut": len(clean) > MAX_TEXT}


def _clean(text: str) -> str:
    return "".join(char for char in text if char >= " " or char in "\t\n")


def _demand(number: int, pages: int) -> None:
    if not 0 < number <= pages:
        raise NoPage(pages)


_READERS = {
    Format.XLSX: _workbook,
    Format.XLS: _workbook,
    Format.CSV: _csv,
    Format.TXT: _plain,
    Format.DOCX: _word,
    Format.OFD: _ofd,
}
