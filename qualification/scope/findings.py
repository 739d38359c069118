"""What the reader has to say about a sheet, as data. Pure; the sentences are in `messages`."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict, dataclass
from typing import Any

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where, what was read, which sentence.

    An error is something that could not be read or is missing; a warning was read, but somebody should look at it.
    """

    code: str
    cell: str = ""
    sheet: str = ""
    field: str = ""
    read: str = ""
    severity: str = ERROR
    params: dict[str, Any] = dataclasses.field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What a row or a table keeps of it; the words read are cut at 300 characters."""
        data = asdict(self)
        data["read"] = self.read[:300]
        return data


@dataclass(slots=True)
class Row:
    """One row as read, before it belongs to any table."""

    level: str
    number: str = ""
    category_no: str = ""
    category: str = ""
    name: str = ""
    standard_text: str = ""
    standards: list[dict[str, str]] = dataclasses.field(default_factory=list)
    restriction: str = ""
    note: str = ""
    problems: list[dict[str, Any]] = dataclasses.field(default_factory=list)


@dataclass(slots=True)
class ReadResult:
    """What came out of a file: rows in their order, and the findings that belong to no row."""

    rows: list[Row] = dataclasses.field(default_factory=list)
    problems: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For the way out of the child process."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ReadResult:
        """What `as_json` wrote."""
        return cls([Row(**row) for row in data["rows"]], list(data["problems"]))


class SheetRefused(Exception):
    """The file as a whole is not read; `problem` says why."""

    def __init__(self, code: str, *, cell: str = "", sheet: str = "", read: str = "", **params: Any) -> None:
        super().__init__(code)
        self.problem = Problem(code, cell=cell, sheet=sheet, read=read, params=params)
