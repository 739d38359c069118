"""The process that opens one register sheet: `python -m qualification.laboratories.child PATH LIMITS`.

It limits itself first, loads neither Django nor our settings, and hands the cells out as plain text in JSON. What
the cells mean is found out afterwards, outside.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import Any

from qualification.scope import guard
from qualification.scope.child import limit
from qualification.scope.findings import SheetRefused
from qualification.scope.layout import cell_name
from qualification.scope.limits import Limits

# A spreadsheet keeps 15 digits of a number; an identity number typed as a number has lost its end.
EXACT = 10**15


def text_of(value: Any) -> str:
    """The words in a cell: 23.0 is `23`, 18237288888.0 keeps its digits, a date is `2022-06-24`."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.15g}"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    # A NUL can stand in a cell, but in no text of the database.
    return str(value).replace("\x00", "").strip()


def read(path: str, limits: Limits) -> dict[str, Any]:
    """The first sheet that holds anything: `{"name", "values", "merged", "inexact"}`."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(path)
        for name in workbook.sheet_names[: limits.max_sheets]:
            sheet = workbook.get_sheet_by_name(name)
            values = sheet.to_python(skip_empty_area=False)
            if any(cell != "" for row in values for cell in row):
                return _as_json(name, values, sheet.merged_cell_ranges or [], limits)
    except CalamineError as error:
        raise SheetRefused("not_readable") from error
    raise SheetRefused("sheet_empty")


def _as_json(name: str, values: list[list[Any]], merged: list[Any], limits: Limits) -> dict[str, Any]:
    if len(values) > limits.max_rows:
        raise SheetRefused("sheet_huge", sheet=name, rows=len(values), limit=limits.max_rows)
    width = max(len(row) for row in values)
    if width > limits.max_columns:
        raise SheetRefused("cell_far_away", sheet=name, cell=cell_name(0, width - 1), limit=limits.max_columns)
    texts = [[text_of(cell)[: limits.max_cell] for cell in row] for row in values]
    inexact = [
        [r, c] for r, row in enumerate(values) for c, cell in enumerate(row)
        if isinstance(cell, float) and abs(cell) >= EXACT
    ]  # fmt: skip
    return {"name": name, "values": texts, "merged": merged, "inexact": inexact}


def answer(path: str, limits: Limits) -> dict[str, Any]:
    """Guard, then read: the sheet, or `{"refused"}`."""
    try:
        guard.check(path, limits)
        return read(path, limits)
    except SheetRefused as refused:
        return {"refused": refused.problem.as_json()}
    except MemoryError:
        return {"refused": SheetRefused("needs_too_much").problem.as_json()}


def main(arguments: list[str]) -> int:
    """Read the file named first, within the limits given second."""
    limits = Limits.from_json(arguments[1])
    limit(limits)
    json.dump(answer(arguments[0], limits), sys.stdout, ensure_ascii=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
