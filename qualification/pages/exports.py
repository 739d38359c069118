"""Rows as files: CSV that spreadsheets open rightly, and XLSX."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from qualification.pages.dates import local

LIMIT = 50_000
CHUNK = 2_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Values = Callable[[Any], list[Any]]


def export(kind: str, *, file_name: str, heads: list[str], rows: QuerySet[Any], values: Values) -> HttpResponseBase:
    """The file of the rows. More than LIMIT rows are refused with 413 and a sentence that says what to do."""
    if rows[LIMIT : LIMIT + 1].exists():
        says = _("This list is longer than %(limit)d rows. Narrow it by a search or a filter, then export again.")
        return HttpResponse(says % {"limit": LIMIT}, status=413, content_type="text/plain; charset=utf-8")
    lines = (values(row) for row in rows.iterator(chunk_size=CHUNK))
    answer = WRITERS[kind](heads, lines)
    answer["Content-Disposition"] = f'attachment; filename="{file_name}.{kind}"'
    return answer


def text_of(value: Any) -> str:
    """The value in a CSV field: ISO dates in Beijing time, and no text that a spreadsheet would run as a formula."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return local(value).strftime("%Y-%m-%d %H:%M")  # type: ignore[arg-type]
    text = str(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not is_number else text


class _Echo:
    def write(self, line: str) -> str:
        return line


def _csv_lines(heads: list[str], lines: Iterable[list[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow(heads)
    for line in lines:
        yield writer.writerow([text_of(value) for value in line])


def _csv(heads: list[str], lines: Iterable[list[Any]]) -> HttpResponseBase:
    return StreamingHttpResponse(_csv_lines(heads, lines), content_type="text/csv; charset=utf-8")


def _xlsx_cell(sheet: Any, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dt.datetime):
        return local(value).replace(tzinfo=None)  # type: ignore[call-arg]
    if isinstance(value, dt.date):
        return value
    cell = WriteOnlyCell(sheet)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", str(value))
    cell.data_type = "s"
    return cell


def _xlsx(heads: list[str], lines: Iterable[list[Any]]) -> HttpResponseBase:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    sheet.append(heads)
    for line in lines:
        sheet.append([_xlsx_cell(sheet, value) for value in line])
    stream = io.BytesIO()
    book.save(stream)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(stream.getvalue(), content_type=kind)


WRITERS: dict[str, Callable[[list[str], Iterable[list[Any]]], HttpResponseBase]] = {"csv": _csv, "xlsx": _xlsx}
