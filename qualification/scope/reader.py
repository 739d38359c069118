"""Reading a capability sheet (附表1) as people really fill it in. Pure: runs in the child process, without Django.

The layout is the national one: number, category, {number, name}, standard, restriction, note; a full-width row is a
main class. Continuation rows, repeated page headers, merged and unmerged cells are all met. What cannot be read is
told by cell; nothing is dropped without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import python_calamine as calamine

from qualification.scope.findings import ERROR, WARNING, Problem, ReadResult, Row, SheetRefused
from qualification.scope.layout import CELL_ERROR, ROLES, Columns, Grid, cell_name, header_at
from qualification.scope.limits import Limits
from qualification.scope.standards import PUBLIC_KINDS, Standard, clean, read_cell

CHINESE = r"([一二三四五六七八九十百]+)"
CHINESE_NUMBER = re.compile(rf"^(?:第\s*)?[(（]?\s*{CHINESE}\s*(?:类\s*)?[)）]?\s*[、.．]?$")
# The mark after the number is needed: 三氯甲烷 is a substance, not class three.
CHINESE_HEADING = re.compile(rf"^(?:[(（]\s*{CHINESE}\s*[)）][、.．]?|{CHINESE}\s*[、.．\s])\s*(\S.*)$", re.DOTALL)
SAME_AS_ABOVE = re.compile(r'^(同上|〃|"|″|”|同前)$')
PAGE_LINE = re.compile(
    r"^(第\s*\d+\s*页.*|-?\s*\d+\s*-?\s*/\s*\d+|(附表\s*\d*[-\d]*\s*)?检验检测能力(申请)?(附)?表|附表\s*[\d一二三]+.*)$"
)
FOOTNOTE = re.compile(r"^(注|备注|说明)\s*\d*\s*[:：]")
TOTAL_LINE = re.compile(r"^(以下空白|/+|-+|—+)$")
FIELD_OF = {"number": "number", "category": "category", "parameter_no": "number", "name": "name"}
MAX_LENGTH = {"number": 40, "category_no": 40, "category": 500, "name": 1000}


@dataclass(slots=True)
class Line:
    """One standard cell of a parameter with what stands beside it."""

    standards: list[Standard]
    text: str
    restriction: str
    note: str


@dataclass(slots=True)
class Parameter:
    """A parameter being gathered from its first and its continuation rows."""

    row: Row
    lines: list[Line] = field(default_factory=list)
    standard_anchors: set[tuple[int, int]] = field(default_factory=set)
    standard_cell: str = ""


def read(path: str | Path, limits: Limits | None = None) -> ReadResult:
    """Read a workbook. Raises SheetRefused when there is no table in it or it cannot be opened."""
    limits = limits or Limits()
    result = ReadResult()
    book = _open(path)
    if len(book.sheet_names) > limits.max_sheets:
        raise SheetRefused("too_many_sheets", sheets=len(book.sheet_names), limit=limits.max_sheets)
    tables = [_read_sheet(grid, limits, result) for grid in _grids(book, limits)]
    if not tables:
        raise SheetRefused("sheet_empty")
    if not any(tables):
        raise SheetRefused("no_header")
    if not result.rows:
        raise SheetRefused("no_rows")
    _cap(result, limits)
    return result


def _open(path: str | Path) -> calamine.CalamineWorkbook:
    try:
        return calamine.CalamineWorkbook.from_path(str(path))
    except calamine.PasswordError as error:
        raise SheetRefused("password") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise SheetRefused("not_readable") from error


def _grids(book: calamine.CalamineWorkbook, limits: Limits) -> Iterator[Grid]:
    for name in book.sheet_names:
        try:
            sheet = book.get_sheet_by_name(name)
        except calamine.CalamineError:
            continue  # a chart sheet has no cells
        if sheet.height == 0:
            continue
        if sheet.height > limits.max_rows:
            raise SheetRefused("sheet_huge", sheet=name, rows=sheet.height, limit=limits.max_rows)
        if sheet.width > limits.max_columns:
            corner = cell_name(sheet.height - 1, sheet.width - 1)
            raise SheetRefused(
                "cell_far_away", sheet=name, cell=corner, rows=limits.max_rows, columns=limits.max_columns
            )
        yield Grid(name, sheet.to_python(skip_empty_area=False), sheet.merged_cell_ranges or [])


def _read_sheet(grid: Grid, limits: Limits, result: ReadResult) -> bool:
    reader = SheetReader(grid, limits, result)
    found = reader.read()
    if not found:
        problem = Problem("sheet_without_table", sheet=grid.name, severity=WARNING, read=reader.first_words())
        result.problems.append(problem.as_json())
    return found


def _cap(result: ReadResult, limits: Limits) -> None:
    # A sheet that is wrong in every row needs no sentence per row; the count says how many there are.
    total = len(result.problems)
    if total > limits.max_problems:
        more = Problem("more_problems", severity=WARNING, params={"count": total - limits.max_problems})
        result.problems[limits.max_problems :] = [more.as_json()]


class SheetReader:
    """Walks down one sheet and adds what it finds to a result."""

    def __init__(self, grid: Grid, limits: Limits, result: ReadResult) -> None:
        self.grid = grid
        self.limits = limits
        self.result = result
        self.columns: Columns | None = None
        self.category_no = ""
        self.category = ""
        self.main = ""
        self.parameter: Parameter | None = None
        self.last_standard: tuple[str, list[Standard]] = ("", [])
        self.seen_numbers: dict[str, tuple[str, str]] = {}
        self.last_number = ""
        self.footnotes = False

    def read(self) -> bool:
        """Whether the sheet holds a capability table."""
        row = 0
        while row < self.grid.height:
            columns = header_at(self.grid, row)
            if columns is not None:
                self.columns = columns
                row += columns.header_rows
                continue
            if self.columns is not None:
                self._row(row)
            row += 1
        self._close()
        return self.columns is not None

    def first_words(self) -> str:
        """The first text of the sheet, to tell which one is meant."""
        return next((text for r in range(self.grid.height) for _, text in self.grid.written(r)), "")

    def _row(self, row: int) -> None:
        written = self.grid.written(row)
        if not written or self._is_furniture(row, written):
            return
        if self._main_class(row, written):
            return
        self._category(row)
        if not self._parameter(row):
            self._continuation(row)
        self._outside(row, written)

    def _is_furniture(self, row: int, written: list[tuple[int, str]]) -> bool:
        text = " ".join(t for _, t in written)
        if FOOTNOTE.match(text) and (len(written) == 1 or self.grid.is_full_width(row)):
            self.footnotes = True
            return True
        if self.footnotes and len(written) == 1 and self.grid.is_full_width(row):
            return True
        return bool(PAGE_LINE.match(text.strip()) or TOTAL_LINE.match(text.strip()))

    # -- main classes and categories

    def _main_class(self, row: int, written: list[tuple[int, str]]) -> bool:
        texts = [text for _, text in written]
        if len(texts) == 1:
            return self._heading(row, *written[0])
        bare = CHINESE_NUMBER.match(texts[0])
        if len(texts) == 2 and bare and self._only_head_columns(written):
            return self._add_main(bare[1], texts[1])
        return False

    def _heading(self, row: int, column: int, text: str) -> bool:
        if not self.grid.is_full_width(row) and column not in (*self._columns("number"), *self._columns("category")):
            return False
        heading = CHINESE_HEADING.match(text)
        if heading:
            return self._add_main(heading[1] or heading[2], heading[3])
        is_words = not re.match(r"^[\d.、\s]+$", clean(text)) and not CHINESE_NUMBER.match(text)
        if is_words and (self.grid.is_full_width(row) or column in self._columns("number")):
            return self._add_main("", text)
        return False

    def _only_head_columns(self, written: list[tuple[int, str]]) -> bool:
        inner = [*self._columns("standard"), *self._columns("parameter_no")]
        return all(column not in inner for column, _ in written)

    def _add_main(self, number: str, name: str) -> bool:
        self._close()
        self.result.rows.append(Row("main", number=number, name=_one_line(name)[: MAX_LENGTH["name"]]))
        self.main, self.category_no, self.category, self.last_number = name, "", "", ""
        self.seen_numbers = {}
        return True

    def _category(self, row: int) -> None:
        number = self._number_text(row, "number", own=True)
        name = _one_line(self._own(row, "category"))
        if not number and not name:
            return
        if number == self.category_no and (not name or name == self.category):
            return
        if not number and name == self.category:
            return
        self._close()
        self.category_no, self.category = number, name
        added = Row("category", number=number, category_no=number, category=name, name=name)
        self._fit(added, row)
        if not name:
            self._tell(added, "no_category_name", row, "category", read=number)
        elif not number:
            self._tell(added, "no_category_number", row, "number", WARNING, read=name)
        self.result.rows.append(added)

    # -- parameters

    def _parameter(self, row: int) -> bool:
        number, name = self._number_text(row, "parameter_no", own=True), _one_line(self._own(row, "name"))
        if not number and not name:
            return self._product(row)
        if self.parameter and (number, name) == (self.parameter.row.number, self.parameter.row.name):
            return False
        self._close()
        fresh = Row("parameter", category_no=self.category_no, category=self.category, name=name)
        fresh.number = self._checked_number(fresh, row, number)
        if not name:
            self._tell(fresh, "no_name", row, "name", read=number)
        if not number and self.columns is not None and self.columns.first("parameter_no") is not None:
            self._tell(fresh, "no_number_of_parameter", row, "parameter_no", WARNING, read=name)
        self._fit(fresh, row)
        self.parameter = Parameter(fresh)
        self._line(self.parameter, row)
        return True

    def _product(self, row: int) -> bool:
        # A product applied for as a whole: a category with its standard and no parameter under it.
        is_new = bool(self._own(row, "number") or self._own(row, "category"))
        if not is_new or not self._standard_text(row):
            return False
        self._close()
        whole = Row("parameter", self.category_no, self.category_no, self.category, self.category)
        self.parameter = Parameter(whole)
        self._line(self.parameter, row)
        return True

    def _checked_number(self, fresh: Row, row: int, number: str) -> str:
        number = self._lost_zero(fresh, row, number)
        if number and number in self.seen_numbers and self.seen_numbers[number][0] != fresh.name:
            first = self.seen_numbers[number][1]
            self._tell(fresh, "number_twice", row, "parameter_no", WARNING, read=number, first=first)
        elif number:
            self.seen_numbers[number] = (fresh.name, self._name_of(row, "parameter_no"))
        self.last_number = number or self.last_number
        return number

    def _lost_zero(self, fresh: Row, row: int, number: str) -> str:
        # Typed as a number, 1.10 is kept by the sheet as 1.1: after 1.9 it can only be 1.10.
        raw = self._raw(row, "parameter_no")
        head, _, last = self.last_number.rpartition(".")
        if not isinstance(raw, float) or not last.isdigit() or int(last) % 10 != 9:
            return number
        expected = f"{head}.{int(last) + 1}"
        if number != expected and number == expected.rstrip("0"):
            self._tell(fresh, "number_lost_zero", row, "parameter_no", WARNING, read=number, taken=expected)
            return expected
        return number

    # -- standards

    def _continuation(self, row: int) -> None:
        if self.parameter is not None:
            self._line(self.parameter, row)
            return
        rest = [t for role in ("standard", "restriction", "note") if (t := self._own(row, role))]
        if rest:
            cell = self._name_of(row, "standard")
            self._tell_table("line_without_parameter", cell, read=" ".join(rest))

    def _line(self, parameter: Parameter, row: int) -> None:
        text, standards = self._standards(parameter, row)
        restriction, note = self._text(row, "restriction"), self._text(row, "note")
        if not text and not standards and not restriction and not note:
            return
        if text or not parameter.lines:
            parameter.lines.append(Line(standards, text, restriction, note))
        else:
            last = parameter.lines[-1]
            last.restriction = _joined(last.restriction, restriction)
            last.note = _joined(last.note, note)

    def _standards(self, parameter: Parameter, row: int) -> tuple[str, list[Standard]]:
        parameter.standard_cell = parameter.standard_cell or self._name_of(row, "standard")
        anchors = {self.grid.anchor(row, c) for c in self._columns("standard")}
        text = self._standard_text(row)
        if not text or anchors <= parameter.standard_anchors:
            return "", []
        parameter.standard_anchors |= anchors
        if SAME_AS_ABOVE.match(text) and self.last_standard[0]:
            return self.last_standard
        standards = self._read_standard(parameter, row, text)
        self.last_standard = (text, standards)
        return text, standards

    def _read_standard(self, parameter: Parameter, row: int, text: str) -> list[Standard]:
        if CELL_ERROR.match(text):
            self._tell(parameter.row, "cell_error", row, "standard", read=text)
            return []
        if len(text) > self.limits.max_cell:
            self._tell(parameter.row, "cell_too_long", row, "standard", read=text, limit=self.limits.max_cell)
            return []
        reading = read_cell(text)
        for doubt, words in reading.doubts:
            severity = ERROR if doubt == "no_year" else WARNING
            self._tell(parameter.row, doubt, row, "standard", severity, read=words)
        return list(reading.standards)

    def _close(self) -> None:
        parameter, self.parameter = self.parameter, None
        if parameter is None:
            return
        row = parameter.row
        row.standard_text = "\n".join(line.text for line in parameter.lines if line.text)
        row.standards = [s.as_json() for line in parameter.lines for s in line.standards]
        row.restriction = _beside(parameter.lines, "restriction")
        row.note = _beside(parameter.lines, "note")
        self._check(parameter)
        self.result.rows.append(row)

    def _check(self, parameter: Parameter) -> None:
        row = parameter.row
        if not row.standard_text and not any(p["field"] == "standard" for p in row.problems):
            self._say(row, "no_standard", parameter.standard_cell, "standard", read=row.name)
        other = next((s for s in row.standards if s["kind"] not in PUBLIC_KINDS), None)
        if other and not row.note:
            self._say(row, "note_needed", parameter.standard_cell, "note", severity=WARNING, read=other["raw"])

    # -- cells

    def _columns(self, role: str) -> tuple[int, ...]:
        return self.columns.of.get(role, ()) if self.columns is not None else ()

    def _own(self, row: int, role: str) -> str:
        return self._cell_text(row, role, own=True)

    def _text(self, row: int, role: str) -> str:
        return self._cell_text(row, role, own=False)

    def _cell_text(self, row: int, role: str, *, own: bool) -> str:
        take = self.grid.own if own else self.grid.text
        texts = [take(row, column) for column in self._columns(role)]
        return _tidy(" ".join(t for t in texts if t))

    def _standard_text(self, row: int) -> str:
        seen: list[str] = []
        for column in self._columns("standard"):
            text = self.grid.text(row, column)
            if text and text not in seen:
                seen.append(text)
        return _tidy("\n".join(seen))

    def _raw(self, row: int, role: str) -> object:
        columns = self._columns(role)
        return self.grid.raw(row, columns[0]) if columns else None

    def _number_text(self, row: int, role: str, *, own: bool) -> str:
        text = re.sub(r"\s", "", clean(self._cell_text(row, role, own=own))).strip("、.")
        found = CHINESE_NUMBER.match(text)
        return found[1] if found else text

    def _name_of(self, row: int, role: str) -> str:
        columns = self._columns(role) or (0,)
        return cell_name(row, columns[0])

    # -- telling

    def _outside(self, row: int, written: list[tuple[int, str]]) -> None:
        known = {c for role in ROLES for c in self._columns(role)}
        for column, text in written:
            if column not in known:
                self._tell_table("outside_columns", cell_name(row, column), WARNING, read=text)

    def _fit(self, target: Row, row: int) -> None:
        for name, role in (
            ("number", "parameter_no"),
            ("category_no", "number"),
            ("category", "category"),
            ("name", "name"),
        ):
            value = getattr(target, name)
            if len(value) > MAX_LENGTH[name]:
                setattr(target, name, value[: MAX_LENGTH[name]])
                self._tell(target, "cell_too_long", row, role, read=value, limit=MAX_LENGTH[name])
            elif CELL_ERROR.match(value):
                self._tell(target, "cell_error", row, role, read=value)

    def _tell(
        self, target: Row, code: str, row: int, role: str, severity: str = ERROR, *, read: str = "", **params: object
    ) -> None:
        name = FIELD_OF.get(role, role)
        self._say(target, code, self._name_of(row, role), name, severity=severity, read=read, **params)

    def _say(
        self, target: Row, code: str, cell: str, field: str, *, severity: str = ERROR, read: str, **params: object
    ) -> None:
        target.problems.append(Problem(code, cell, self.grid.name, field, read, severity, params).as_json())

    def _tell_table(self, code: str, cell: str, severity: str = ERROR, *, read: str = "") -> None:
        self.result.problems.append(Problem(code, cell, self.grid.name, read=read, severity=severity).as_json())


def _beside(lines: list[Line], name: str) -> str:
    """Restriction or note of a parameter: one text if it holds for all its standards, else told by standard."""
    texts = [getattr(line, name) for line in lines]
    if len(set(texts)) <= 1:
        return texts[0] if texts else ""
    return "\n".join(f"{_label(line)}：{text}" for line, text in zip(lines, texts, strict=True) if text)


def _label(line: Line) -> str:
    return "、".join(s.designation for s in line.standards) or line.text


def _joined(first: str, second: str) -> str:
    return first if not second or second == first else f"{first}\n{second}".strip()


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _tidy(text: str) -> str:
    lines = (re.sub(r"[ \t\u3000\xa0]+", " ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)
