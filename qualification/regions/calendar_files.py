"""A year's calendar out of a file or a pasted text, whatever its form: holiday-cn JSON, a spreadsheet, or plain text."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from typing import Any

import openpyxl
from django.utils.translation import gettext as _

from qualification.regions.calendar_entries import CalendarRefused, Entry, YearFile, assemble, at_entry
from qualification.regions.calendar_text import read_text

LARGEST = 1_000_000
MOST_ROWS = 2000
EARLIEST, LATEST = 1990, 2100


def text_of(content: bytes) -> str:
    """What a file says as text, so that it can be shown, corrected and read: JSON and text as they are, a spreadsheet's
    first sheet as lines with tabs. Raises CalendarRefused for what is neither."""
    if len(content) > LARGEST:
        raise CalendarRefused(_("The file is too large for a calendar; at most 1 MB is read."))
    if content[:4] == b"PK\x03\x04":
        return _sheet(content)
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise CalendarRefused(_("This file is no text and no spreadsheet. Save it as JSON, CSV, text or XLSX."))


def _sheet(content: bytes) -> str:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = list(book.worksheets[0].iter_rows(max_row=MOST_ROWS, max_col=12, values_only=True))
    except (ValueError, KeyError, IndexError, OSError, zipfile.BadZipFile) as error:
        raise CalendarRefused(_("The spreadsheet cannot be read. Copy its cells and paste them below.")) from error
    return "\n".join("\t".join(_cell(value) for value in row).rstrip("\t") for row in rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value.date().isoformat() if isinstance(value, dt.datetime) else str(value)


def read(text: str, year: int | None = None) -> YearFile:
    """Read one year in any form. `year` is what the person says it is; a text that says another one is refused.

    Raises CalendarRefused with every line or entry that is wrong.
    """
    if not text.strip():
        raise CalendarRefused(_("There is nothing to read. Choose a file or paste the text of the notice."))
    file = read_json(text, year) if text.lstrip()[:1] in "{[" else read_text(text, year)
    if not EARLIEST <= file.year <= LATEST:
        raise CalendarRefused(_("%(year)s is no year of this calendar. Correct the year.") % {"year": file.year})
    return file


def read_json(text: str, year: int | None = None) -> YearFile:
    """Read one year in the form of the holiday-cn data set.

    Raises CalendarRefused with the number of each entry that is wrong.
    """
    try:
        raw = json.loads(text)
        found, entries, papers = int(raw["year"]), list(raw["days"]), raw.get("papers", [])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CalendarRefused(_("This is not a calendar: a year and a list of days are needed.")) from error
    if year is not None and year != found:
        facts = {"found": found, "year": year}
        raise CalendarRefused(_("The file is for %(found)s, not for %(year)s.") % facts)
    days: list[Entry] = []
    problems: list[str] = []
    for number, entry in enumerate(entries, start=1):
        try:
            days.append(_read_entry(number, entry))
        except CalendarRefused as refused:
            problems += refused.problems
    if problems:
        raise CalendarRefused(*problems)
    source = " ".join(str(paper) for paper in papers) if isinstance(papers, list) else ""
    return assemble(found, source, days, at=at_entry)


def _read_entry(number: int, entry: Any) -> Entry:
    try:
        date, is_off, name = dt.date.fromisoformat(entry["date"]), entry["isOffDay"], str(entry.get("name", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CalendarRefused(at_entry(number, _("a date and isOffDay are needed."))) from error
    if not isinstance(is_off, bool):
        raise CalendarRefused(at_entry(number, _("isOffDay must be true or false.")))
    return Entry(number, date, is_off, name)
