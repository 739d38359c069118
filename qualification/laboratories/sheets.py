"""The three register sheets: which column holds what, where the table begins and ends. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from qualification.laboratories.reading import Sheet
from qualification.scope.findings import SheetRefused
from qualification.scope.layout import Grid, cell_name

# Beginnings of the header words; the key is the model's field. The first field in order that fits takes a column.
STAFF = {
    "name": ("姓名",),
    "gender": ("性别",),
    "age": ("年龄",),
    "education": ("文化程度", "学历"),
    "position": ("职务",),
    "title": ("职称", "技术职称", "专业技术职称"),
    "major": ("所学专业", "专业"),
    "years_in_field": ("从事本技术领域年限", "从事本领域年限", "工作年限"),
    "current_post": ("现在部门岗位", "现部门岗位", "岗位"),
    "identity_kind": ("证件类型",),
    "identity_number": ("证件号码", "身份证号"),
    "note": ("备注",),
}
SIGNATORIES = {
    "name": ("姓名",),
    "gender": ("性别",),
    "education": ("文化程度", "学历"),
    "title": ("职称", "技术职称", "专业技术职称"),
    "position": ("职务",),
    "department": ("部门",),
    "phone": ("电话", "联系电话", "手机"),
    "email": ("电子邮件", "电子邮箱", "邮箱"),
    "fields_text": ("批准授权签字领域", "授权签字领域", "签字领域"),
    "identity_number": ("身份证号", "证件号码"),
    "approved_on": ("批准日期",),
    "note": ("备注",),
}
EQUIPMENT = {
    "category_no": ("序号",),
    "category": ("类别",),
    "parameter_no": ("产品/项目/参数序号", "参数序号"),
    "parameter": ("产品/项目/参数名称", "参数名称", "产品/项目/参数"),
    "standard_text": ("依据",),
    "name": ("仪器设备(标准物质)名称", "仪器设备名称", "设备名称"),
    "model": ("仪器设备(标准物质)型号", "仪器设备型号", "型号"),
    "measuring_range": ("仪器设备(标准物质)测量范围", "仪器设备测量范围", "测量范围"),
    "traceability": ("溯源方式",),
    "valid_until": ("有效日期", "有效期"),
    "result": ("确认结果",),
    "note": ("备注",),
}
COLUMNS = {"staff": STAFF, "signatories": SIGNATORIES, "equipment": EQUIPMENT}
REQUIRED = {"staff": ("name",), "signatories": ("name", "fields_text"), "equipment": ("name",)}
# A header is recognised by this many of its columns.
ENOUGH = 4
HEADER_WITHIN = 20


@dataclass(slots=True)
class Line:
    """One entry of a sheet: the row as people count it, and by field the words and the cell they stand in."""

    row: int
    texts: dict[str, str]
    cells: dict[str, str]
    inexact: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Header:
    """Columns by field; the first row below the header; headings that were not understood."""

    columns: dict[str, int]
    first_row: int
    unknown: tuple[tuple[str, str], ...]


def find_header(grid: Grid, register: str) -> Header:
    """The header of the table. Raises SheetRefused when there is none, or a required column is missing."""
    for row in range(min(grid.height, HEADER_WITHIN)):
        header = _header_at(grid, row, register)
        if len(header.columns) >= ENOUGH:
            missing = [COLUMNS[register][key][0] for key in REQUIRED[register] if key not in header.columns]
            if missing:
                raise SheetRefused(
                    "column_missing", cell=cell_name(row, 0), sheet=grid.name, columns="、".join(missing)
                )
            return header
    raise SheetRefused("register_header_missing", sheet=grid.name, columns="、".join(_words(register)))


def _words(register: str) -> list[str]:
    return [words[0] for key, words in COLUMNS[register].items() if key != "note"]


def _header_at(grid: Grid, row: int, register: str) -> Header:
    depth = 2 if _has_second_row(grid, row) else 1
    columns: dict[str, int] = {}
    unknown = []
    for column in range(grid.width):
        word = _heading(grid, row, column, depth)
        key = _key(word, register, columns)
        if key:
            columns[key] = column
        elif word:
            unknown.append((cell_name(row, column), word))
    return Header(columns, row + depth, tuple(unknown))


def _has_second_row(grid: Grid, row: int) -> bool:
    if row + 1 >= grid.height:
        return False
    return any(grid.anchor(row + 1, column) == (row, column) for column in range(grid.width) if grid.own(row, column))


def _heading(grid: Grid, row: int, column: int, depth: int) -> str:
    words = [grid.text(row, column)]
    if depth == 2 and grid.own(row + 1, column):
        words.append(grid.text(row + 1, column))
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", "".join(words)))


def _key(word: str, register: str, taken: dict[str, int]) -> str:
    for key, beginnings in COLUMNS[register].items():
        if key not in taken and word.startswith(beginnings):
            return key
    return ""


def lines(sheet: Sheet, register: str, header: Header) -> Iterator[Line]:
    """The entries below the header, to the note under the table (注) or the end; blank rows are passed over."""
    grid = sheet.grid
    for row in range(header.first_row, grid.height):
        written = dict(grid.written(row))
        if not written:
            continue
        if _is_note(grid, row, written):
            return
        if _header_at(grid, row, register).columns.keys() >= header.columns.keys():
            continue
        yield _line(sheet, row, header)


def _is_note(grid: Grid, row: int, written: dict[int, str]) -> bool:
    first = written[min(written)]
    return len(written) == 1 and (first.startswith("注") or grid.is_full_width(row))


def _line(sheet: Sheet, row: int, header: Header) -> Line:
    grid = sheet.grid
    texts = {key: grid.own(row, column) for key, column in header.columns.items()}
    cells = {key: cell_name(row, column) for key, column in header.columns.items()}
    inexact = frozenset(key for key, column in header.columns.items() if (row, column) in sheet.inexact)
    return Line(row + 1, texts, cells, inexact)


# What a merged or left-out cell takes over from above; a new entry of one group ends it.
CARRIED = (("category_no", "category"), ("parameter_no", "parameter"), ("standard_text",))


def device_lines(sheet: Sheet, header: Header) -> list[Line]:
    """The devices of an equipment table: a merged or left-out cell means the one above.

    A row that names no device carries on the standard of the row above.
    """
    found: list[Line] = []
    for line in lines(sheet, "equipment", header):
        if not line.texts["name"] and found and _only(line, "standard_text"):
            _append(found[-1], line.texts["standard_text"])
            continue
        if found:
            _carry(line, found[-1])
        found.append(line)
    return found


def _only(line: Line, key: str) -> bool:
    return [k for k, text in line.texts.items() if text] == [key]


def _append(line: Line, text: str) -> None:
    line.texts["standard_text"] = f"{line.texts['standard_text']}\n{text}".strip()


def _carry(line: Line, above: Line) -> None:
    for group in CARRIED:
        if any(line.texts.get(key) for key in group):
            return
        for key in group:
            line.texts[key] = above.texts.get(key, "")


def address_of(grid: Grid, header: Header) -> tuple[str, str]:
    """Cell and words of the address line above an equipment table; empty when there is none."""
    for row in range(header.first_row):
        for column, text in grid.written(row):
            found = re.match(r"检验检测机构地址\s*[::]\s*(.+)", unicodedata.normalize("NFKC", text))
            if found:
                return cell_name(row, column), found[1].strip()
    return "", ""
