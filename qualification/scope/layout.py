"""Finding one's way in a sheet: header, columns, merged cells, cell names. Pure."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from qualification.scope.standards import clean

ROLES = ("number", "category", "parameter_no", "name", "standard", "restriction", "note")
CELL_ERROR = re.compile(r"^#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)$")

Value = str | float | int | bool | dt.date | dt.time | dt.timedelta
Span = tuple[tuple[int, int], tuple[int, int]]


def cell_name(row: int, column: int) -> str:
    """Zero-based place -> `C12`."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def text_of(value: Value | None) -> str:
    """The words in a cell: 1.0 is `1`, and 2.3000000000000003 is `2.3`."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d")
    return str(value).strip()


@dataclass(slots=True)
class Grid:
    """One sheet's values with its merged cells; every place knows whether it only repeats the cell it hangs on."""

    name: str
    values: list[list[Value]]
    merged: list[Span]
    height: int = 0
    width: int = 0
    _anchor: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    _wide: dict[int, Span] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.height = len(self.values)
        self.width = max((len(row) for row in self.values), default=0)
        for (top, left), (last_row, last_column) in self.merged:
            # A merged range may reach far past the written part of the sheet.
            bottom, right = min(last_row, self.height - 1), min(last_column, self.width - 1)
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    self._anchor[row, column] = (top, left)
            if top not in self._wide or right - left > self._span_width(top):
                self._wide[top] = ((top, left), (bottom, right))

    def _span_width(self, row: int) -> int:
        (_, left), (_, right) = self._wide[row]
        return right - left

    def anchor(self, row: int, column: int) -> tuple[int, int]:
        """The place whose value a place shows: itself, or the first cell of its merged range."""
        return self._anchor.get((row, column), (row, column))

    def raw(self, row: int, column: int) -> Value | None:
        top, left = self.anchor(row, column)
        line = self.values[top] if top < self.height else []
        return line[left] if left < len(line) else None

    def text(self, row: int, column: int) -> str:
        return text_of(self.raw(row, column))

    def own(self, row: int, column: int) -> str:
        """The text written at this very place, not one that a merged cell reaches down."""
        return self.text(row, column) if self.anchor(row, column) == (row, column) else ""

    def written(self, row: int) -> list[tuple[int, str]]:
        """Column and text of every cell written in this row itself."""
        return [(c, t) for c in range(len(self.values[row])) if (t := self.own(row, c))]

    def is_full_width(self, row: int) -> bool:
        """Whether a merged cell that starts in this row takes most of its width."""
        return row in self._wide and self._span_width(row) + 1 >= max(2, self.width - 2)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what; the standard may take several (name and number apart)."""

    of: dict[str, tuple[int, ...]]
    header_rows: int = 1

    def first(self, role: str) -> int | None:
        columns = self.of.get(role, ())
        return columns[0] if columns else None


def header_at(grid: Grid, row: int) -> Columns | None:
    """The columns, if a table header begins in this row; it takes one row or two."""
    upper = [_head(grid, row, c) for c in range(grid.width)]
    own = {re.sub(r"\s", "", clean(text)) for _, text in grid.written(row)}
    if not _looks_like_header(upper) or not _looks_like_header([word for word in upper if word in own]):
        return None
    lower = [_head(grid, row + 1, c) for c in range(grid.width)] if row + 1 < grid.height else []
    two = _is_second_header_row(grid, row + 1)
    words = [f"{u} {low}".strip() if two and low != u else u for u, low in zip(upper, lower or upper, strict=True)]
    return Columns(_roles(words), 2 if two else 1)


def _head(grid: Grid, row: int, column: int) -> str:
    return re.sub(r"\s", "", clean(grid.text(row, column)))


def _looks_like_header(words: list[str]) -> bool:
    if any(len(w) > 40 for w in words):
        return False
    if any("仪器设备" in w or "设备名称" in w for w in words):
        return False  # the equipment table names standards and parameters too
    has_number = any(w in ("序号", "编号", "No.", "No") for w in words)
    has_standard = any(("依据" in w or "标准" in w or "方法" in w) for w in words)
    has_object = any(("参数" in w or "类别" in w or "项目" in w or "产品" in w or w == "名称") for w in words)
    return has_number and has_standard and has_object


def _is_second_header_row(grid: Grid, row: int) -> bool:
    if row >= grid.height:
        return False
    own = [re.sub(r"\s", "", text) for _, text in grid.written(row)]
    return bool(own) and all(word in ("序号", "名称", "编号", "标准名称", "标准编号", "标准号") for word in own)


def _roles(words: list[str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for column, word in enumerate(words):
        role = _role(word, found)
        if role:
            found.setdefault(role, []).append(column)
    return {role: tuple(columns) for role, columns in found.items()}


_WORDS = (("restriction", ("限制",)), ("note", ("说明", "备注")), ("standard", ("依据", "标准", "方法")))


def _role(word: str, found: dict[str, list[int]]) -> str:
    role = next((name for name, words in _WORDS if any(w in word for w in words)), "")
    if role:
        return role
    if word.endswith(("序号", "编号")) or word.startswith("No"):
        return "parameter_no" if "number" in found else "number"
    if "类别" in word and "category" not in found:
        return "category"
    return "name" if any(w in word for w in ("名称", "参数", "项目", "产品")) else ""
