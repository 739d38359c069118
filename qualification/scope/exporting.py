"""A table back into a workbook, in the layout of annex table 1 (附表1), so that it can be read in again."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.worksheet.worksheet import Worksheet

from qualification.scope.enums import RECOMMENDED, Level
from qualification.scope.models import CapabilityRow, CapabilityTable

# The form is the national one, in the language of the procedure, whoever downloads it.
TITLE = "检验检测能力申请表"
APPROVED_TITLE = "检验检测能力附表"
HEAD = (
    "序号",
    "类别(产品/项目/参数)",
    "产品/项目/参数",
    "",
    "依据标准（方法）名称及编号（含年号）",
    "限制范围",
    "说明",
)
SECOND_HEAD = ("", "", "序号", "名称", "", "", "")
WIDTHS = (6, 20, 8, 26, 46, 24, 24)
HEAD_MERGES = ("A1:G1", "C2:D2", "A2:A3", "B2:B3", "E2:E3", "F2:F3", "G2:G3")
STAGES = ("applied", "recommended", "approved")
_THIN = Side(style="thin", color="FF888888")
BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
WRAP = Alignment(wrap_text=True, vertical="center")


def workbook(table: CapabilityTable, *, stage: str = "applied") -> bytes:
    """The .xlsx of a table as applied for, as recommended, or as approved."""
    book = Workbook()
    sheet = book.active
    sheet.title = "附表1"
    _heading(sheet, APPROVED_TITLE if stage == "approved" else TITLE)
    writer = _Writer(sheet)
    for row in rows_of_stage(table.rows.order_by("position").iterator(chunk_size=2000), stage):
        writer.add(row, restriction_of(row, stage))
    writer.close()
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def blank() -> bytes:
    """The empty form."""
    book = Workbook()
    sheet = book.active
    sheet.title = "附表1"
    _heading(sheet, TITLE)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def rows_of_stage(rows: Iterable[CapabilityRow], stage: str) -> Iterator[CapabilityRow]:
    """The abilities of a stage, with only those headings that have an ability under them."""
    headings: list[CapabilityRow] = []
    for row in rows:
        if row.level == Level.MAIN:
            headings = [row]
        elif row.level == Level.CATEGORY:
            headings = [h for h in headings if h.level == Level.MAIN] + [row]
        elif _is_in(row, stage):
            yield from headings
            headings = []
            yield row


def _is_in(row: CapabilityRow, stage: str) -> bool:
    if stage == "recommended":
        return row.verdict in RECOMMENDED
    return bool(row.is_approved) if stage == "approved" else True


def restriction_of(row: CapabilityRow, stage: str) -> str:
    """The restriction as it stands at a stage."""
    fields = {"recommended": row.recommended_restriction, "approved": row.approved_restriction}
    return fields.get(stage, row.restriction)


def _heading(sheet: Worksheet, title: str) -> None:
    for number, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCDEFG"[number]].width = width
    for line in ((title,), HEAD, SECOND_HEAD):
        sheet.append(line)
    for area in HEAD_MERGES:
        sheet.merge_cells(area)
    for row in sheet["A1:G3"]:
        for cell in row:
            cell.font, cell.border = Font(bold=True), BOX
            cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    sheet.print_title_rows = "2:3"
    sheet.freeze_panes = "A4"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToHeight = 0


class _Writer:
    """Writes rows under each other and merges what belongs together."""

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet
        self.line = 4
        self.category: CapabilityRow | None = None
        self.category_from = 0

    def add(self, row: CapabilityRow, restriction: str) -> None:
        if row.level == Level.MAIN:
            self.close()
            self._write([row.number, row.name])
            self.sheet.merge_cells(start_row=self.line - 1, end_row=self.line - 1, start_column=2, end_column=7)
        elif row.level == Level.CATEGORY:
            self.close()
            self.category, self.category_from = row, self.line
        else:
            self._parameter(row, restriction)

    def close(self) -> None:
        """End the category: one cell for all of its lines."""
        category, self.category = self.category, None
        if category is None:
            return
        if self.line == self.category_from:
            self._write([category.number, category.name])
            return
        self._put(self.category_from, 1, category.number)
        self._put(self.category_from, 2, category.name)
        self._merge(self.category_from, 1, 2)

    def _parameter(self, row: CapabilityRow, restriction: str) -> None:
        lines = standard_lines(row)
        restrictions, notes = by_standard(restriction, row, lines), by_standard(row.note, row, lines)
        first = self.line
        number = "" if self.category is not None and row.number == self.category.number else row.number
        for place, text in enumerate(lines):
            head = [number, row.name] if place == 0 else ["", ""]
            self._write(["", "", *head, text, (restrictions or [restriction])[place if restrictions else 0],
                         (notes or [row.note])[place if notes else 0]])  # fmt: skip
        if len(lines) > 1:
            self._merge(first, 3, 4)
            for column, parts in ((6, restrictions), (7, notes)):
                if not parts:
                    self._merge(first, column)

    def _merge(self, first: int, *columns: int) -> None:
        if self.line - 1 > first:
            for column in columns:
                self.sheet.merge_cells(start_row=first, end_row=self.line - 1, start_column=column, end_column=column)

    def _write(self, values: list[Any]) -> None:
        for column in range(1, 8):
            self._put(self.line, column, values[column - 1] if column <= len(values) else "")
        self.line += 1

    def _put(self, line: int, column: int, value: str) -> None:
        cell = self.sheet.cell(line, column)
        cell.border, cell.alignment = BOX, WRAP
        if value:
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
            # A text stays a text: 1.10 keeps its zero, and "=..." is no formula.
            cell.data_type = "s"


def standard_lines(row: CapabilityRow) -> list[str]:
    """One text per standard, as the form wants them; the words themselves where no number was read."""
    if len(row.standards) < 2 or not all(s["number"] for s in row.standards):
        return [row.standard_text]
    return [_standard_line(s) for s in row.standards]


def _standard_line(standard: dict[str, str]) -> str:
    number = designation(standard)
    return f"《{standard['title']}》\n{number}" if standard["title"] else number


def designation(standard: dict[str, str]) -> str:
    """Number and clause: `GB/T 20174-2019/8.5.7.6`."""
    return f"{standard['number']}/{standard['clause']}" if standard["clause"] else standard["number"]


def by_standard(text: str, row: CapabilityRow, lines: list[str]) -> list[str]:
    """A text told by standard (`GB/T 1-2020：...`) as one piece per line; empty if it holds for all of them."""
    if len(lines) < 2 or not text:
        return []
    told: dict[str, str] = {}
    labels = [designation(s) for s in row.standards]
    current = ""
    for line in text.split("\n"):
        label = next((one for one in labels if line.startswith(f"{one}：")), "")
        current = label or current
        if not current:
            return []
        rest = line.removeprefix(f"{label}：") if label else line
        told[current] = f"{told[current]}\n{rest}" if current in told else rest
    return [told.get(label, "") for label in labels]
