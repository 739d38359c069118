"""From the words of a register row to values, with everything that should be looked at told by cell.

Nothing written is dropped: what has no place of its own goes into the note.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from qualification.laboratories import sheets
from qualification.laboratories.enums import Education, Gender, IdentityKind, Register, Result, Traceability
from qualification.laboratories.reading import Sheet
from qualification.laboratories.sheets import Line
from qualification.scope.findings import ERROR, WARNING, Problem

GENDERS = {"男": Gender.MALE, "男性": Gender.MALE, "女": Gender.FEMALE, "女性": Gender.FEMALE}
EDUCATIONS = {
    "高中": Education.SECONDARY, "中专": Education.SECONDARY,
    "大学专科": Education.COLLEGE, "大专": Education.COLLEGE, "专科": Education.COLLEGE,
    "大学本科": Education.BACHELOR, "本科": Education.BACHELOR,
    "硕士研究生": Education.MASTER, "硕士": Education.MASTER, "研究生": Education.MASTER,
    "博士研究生": Education.DOCTOR, "博士": Education.DOCTOR, "其他": Education.OTHER,
}  # fmt: skip
IDENTITY_KINDS = {
    "居民身份证": IdentityKind.RESIDENT, "身份证": IdentityKind.RESIDENT,
    "港澳居民往来内地通行证": IdentityKind.HONGKONG_MACAO, "华侨护照": IdentityKind.OVERSEAS_CHINESE,
    "军官证": IdentityKind.MILITARY, "警官证": IdentityKind.POLICE,
    "外国(地区)护照": IdentityKind.FOREIGN, "外国护照": IdentityKind.FOREIGN, "护照": IdentityKind.FOREIGN,
    "其他有效身份证件": IdentityKind.OTHER, "其他": IdentityKind.OTHER,
}  # fmt: skip
TRACEABILITIES = {
    "检定": Traceability.VERIFICATION, "校准": Traceability.CALIBRATION,
    "内部校准": Traceability.INTERNAL, "自校": Traceability.INTERNAL,
}  # fmt: skip
RESULTS = {"符合": Result.CONFORMS, "不符合": Result.FAILS}
POSTS = frozenset(("法定代表人", "最高管理者", "授权签字人", "技术负责人", "质量负责人", "内审员", "监督员", "检测员"))
DATE = re.compile(r"^(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?$")
NOT_A_DATE = dt.date(1900, 12, 31)
RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(slots=True)
class Entry:
    """One row being read: its words, the values so far, the findings so far."""

    line: Line
    values: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def text(self, key: str) -> str:
        """The words of one cell, blanks inside a line put together."""
        return re.sub(r"[ \t\u3000]+", " ", self.line.texts.get(key, "")).strip()

    def tell(self, code: str, key: str, severity: str = WARNING, **params: Any) -> None:
        """Add a finding about one cell."""
        problem = Problem(code, self.line.cells.get(key, ""), "", key, self.text(key), severity, params)
        self.problems.append(problem.as_json())

    def keep(self, key: str, label: str) -> None:
        """Put the words of a cell into the note, because they have no place of their own."""
        self.notes.append(f"{label}:{self.text(key)}")

    def as_json(self) -> dict[str, Any]:
        """What the import keeps of the row."""
        note = "; ".join(filter(None, [self.text("note"), *self.notes]))
        return {
            "row": self.line.row,
            "cells": self.line.cells,
            "values": {**self.values, "note": note},
            "problems": self.problems,
        }


def parse(sheet: Sheet, register: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows and the findings that belong to no row. Raises SheetRefused when the table is not found."""
    header = sheets.find_header(sheet.grid, register)
    if register == Register.EQUIPMENT:
        found = sheets.device_lines(sheet, header)
    else:
        found = list(sheets.lines(sheet, register, header))
    rows = [PARSERS[register](Entry(line)).as_json() for line in found]
    return rows, _of_the_sheet(sheet, register, header, bool(rows))


def _of_the_sheet(sheet: Sheet, register: str, header: sheets.Header, has_rows: bool) -> list[dict[str, Any]]:
    problems = [
        Problem("column_unknown", cell, sheet.grid.name, read=word, severity=WARNING) for cell, word in header.unknown
    ]
    if not has_rows:
        problems.append(Problem("no_rows", f"A{header.first_row + 1}", sheet.grid.name, severity=ERROR))
    if register == Register.EQUIPMENT:
        cell, address = sheets.address_of(sheet.grid, header)
        if address:
            problems.append(Problem("sheet_names_address", cell, sheet.grid.name, read=address, severity=WARNING))
    return [problem.as_json() for problem in problems]


def _staff(entry: Entry) -> Entry:
    _person(entry)
    _texts(entry, "position", "major", "current_post")
    _whole_number(entry, "age", "年龄")
    _years(entry)
    _identity_kind(entry)
    _post(entry)
    _identity(entry)
    return entry


def _signatory(entry: Entry) -> Entry:
    _person(entry)
    _texts(entry, "position", "department", "phone", "email", "fields_text")
    if not entry.values["fields_text"]:
        entry.tell("fields_missing", "fields_text", ERROR)
    elif entry.values["fields_text"].isdigit():
        entry.tell("fields_only_number", "fields_text")
    entry.values["identity_kind"] = IdentityKind.RESIDENT.value
    _identity(entry)
    del entry.values["identity_kind"]
    _date(entry, "approved_on", "批准日期")
    return entry


def _device(entry: Entry) -> Entry:
    if not entry.text("name"):
        entry.tell("device_name_missing", "name", ERROR)
    _texts(entry, "category_no", "category", "parameter_no", "parameter", "name", "model", "measuring_range")
    entry.values["standard_text"] = entry.line.texts.get("standard_text", "")
    _traceability(entry)
    _date(entry, "valid_until", "有效日期")
    _choice(entry, "result", RESULTS, "确认结果", code="result_unknown")
    return entry


PARSERS: dict[str, Callable[[Entry], Entry]] = {
    Register.STAFF: _staff,
    Register.SIGNATORIES: _signatory,
    Register.EQUIPMENT: _device,
}


def _person(entry: Entry) -> None:
    _texts(entry, "name", "title")
    if not entry.values["name"]:
        entry.tell("name_missing", "name", ERROR)
    _choice(entry, "gender", GENDERS, "性别", code="gender_unknown")
    _choice(entry, "education", EDUCATIONS, "文化程度", code="education_unknown", otherwise=Education.OTHER.value)


def _texts(entry: Entry, *keys: str) -> None:
    for key in keys:
        entry.values[key] = entry.text(key)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "")


def _choice(entry: Entry, key: str, words: dict[str, Any], label: str, *, code: str, otherwise: str = "") -> None:
    text = _folded(entry.text(key))
    known = words.get(text)
    entry.values[key] = known.value if known else (otherwise if text else "")
    if text and not known:
        entry.tell(code, key)
        entry.keep(key, label)


def _number(text: str) -> str | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:岁|年)?", _folded(text))
    return found[1] if found else None


def _whole_number(entry: Entry, key: str, label: str) -> None:
    text = entry.text(key)
    number = _number(text)
    entry.values[key] = int(number) if number and "." not in number else None
    if text and entry.values[key] is None:
        entry.tell("not_a_number", key)
        entry.keep(key, label)


def _years(entry: Entry) -> None:
    key, text = "years_in_field", entry.text("years_in_field")
    number = _number(text)
    # Stored with one decimal: what is written finer than that is rounded.
    entry.values[key] = f"{float(number):.1f}" if number else None
    if text and not number:
        entry.tell("not_a_number", key)
        entry.keep(key, "从事本技术领域年限")
    age = entry.values["age"]
    if number and age is not None and float(number) > age:
        entry.tell("years_beyond_age", key, ERROR, age=age)


def _identity_kind(entry: Entry) -> None:
    otherwise = IdentityKind.OTHER.value
    _choice(entry, "identity_kind", IDENTITY_KINDS, "证件类型", code="identity_kind_unknown", otherwise=otherwise)
    if entry.text("identity_number") and not entry.values["identity_kind"]:
        entry.values["identity_kind"] = IdentityKind.RESIDENT.value


def _identity(entry: Entry) -> None:
    key = "identity_number"
    number = re.sub(r"\s", "", unicodedata.normalize("NFKC", entry.text(key))).upper()
    entry.values[key] = number
    if key in entry.line.inexact:
        entry.tell("identity_lost_digits", key, ERROR)
    elif number and entry.values["identity_kind"] == IdentityKind.RESIDENT and not is_resident_number(number):
        entry.tell("identity_check", key)


def is_resident_number(number: str) -> bool:
    """Whether the form and the check character of GB 11643-1999 fit."""
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], RESIDENT_WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[17]


def _post(entry: Entry) -> None:
    words = [w for w in re.split(r"[、,;/\s]+", unicodedata.normalize("NFKC", entry.text("current_post"))) if w]
    if any(word not in POSTS for word in words):
        entry.tell("post_unknown", "current_post")


def _traceability(entry: Entry) -> None:
    text = _folded(entry.text("traceability"))
    known = TRACEABILITIES.get(text)
    entry.values["traceability"] = known.value if known else (Traceability.OTHER.value if text else "")
    entry.values["traceability_note"] = "" if known else entry.text("traceability")
    if text and not known:
        entry.tell("traceability_unknown", "traceability")


def _date(entry: Entry, key: str, label: str) -> None:
    text = entry.text(key)
    day = date_of(text)
    entry.values[key] = day.isoformat() if day and day > NOT_A_DATE else None
    if text and entry.values[key] is None:
        entry.tell("date_of_an_empty_cell" if day else "not_a_date", key)
        if not day:
            entry.keep(key, label)


def date_of(text: str) -> dt.date | None:
    """A day written as 2022-06-24, 2022.6.24, 2022/6/24 or 2022年6月24日; None for anything else."""
    found = DATE.match(_folded(text))
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None
