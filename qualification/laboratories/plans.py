"""What taking an imported sheet over would do: row by row, against the register as it is now."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError

from qualification.laboratories.enums import Register
from qualification.laboratories.messages import sentence
from qualification.laboratories.models import Equipment, RegisterImport, Signatory, StaffMember
from qualification.scope.findings import ERROR, WARNING, Problem

Target = StaffMember | Signatory | Equipment

MODELS: dict[str, type[Target]] = {
    Register.STAFF: StaffMember,
    Register.SIGNATORIES: Signatory,
    Register.EQUIPMENT: Equipment,
}
TYPES: dict[str, Callable[[Any], Any]] = {
    "years_in_field": Decimal,
    "approved_on": dt.date.fromisoformat,
    "valid_until": dt.date.fromisoformat,
}


class Does(StrEnum):
    ADD = "add"
    CHANGE = "change"
    SAME = "same"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one cell."""

    cell: str
    says: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that would change, from what to what."""

    label: str
    old: str
    new: str


@dataclass(slots=True)
class PlannedRow:
    """One row of the sheet: the entry as it would be saved, and what that does."""

    row: int
    entry: Target
    does: Does
    differences: list[Difference] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """The whole import."""

    rows: list[PlannedRow]
    findings: list[Finding]

    def of(self, does: Does) -> list[PlannedRow]:
        """The rows that would do this."""
        return [row for row in self.rows if row.does == does]

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows by what they would do."""
        return {does.value: len(self.of(does)) for does in Does}

    @property
    def to_save(self) -> list[PlannedRow]:
        """Rows that would be written."""
        return [*self.of(Does.ADD), *self.of(Does.CHANGE)]

    @property
    def warned(self) -> int:
        """Number of rows without an error that somebody should look at."""
        return sum(1 for row in self.rows if row.findings and row.does != Does.ERROR)


def plan(imported: RegisterImport) -> Plan:
    """Compare the import with the register; two queries, whatever its length."""
    known = _Known(imported)
    rows = [_planned(imported, row, known) for row in imported.rows]
    return Plan(rows, [_finding(problem) for problem in imported.findings])


class _Known:
    """The register's entries by what identifies them; each is met by one row of the sheet at most."""

    def __init__(self, imported: RegisterImport) -> None:
        self.by_key: dict[tuple[str, ...], list[Target]] = defaultdict(list)
        self.rows_of: dict[tuple[str, ...], int] = {}
        for entry in _register(imported):
            for key in keys_of(entry):
                self.by_key[key].append(entry)
        self.met: set[int] = set()

    def take(self, entry: Target) -> Target | None:
        """The entry in the register that the row is about."""
        for key in keys_of(entry):
            free = [k for k in self.by_key.get(key, []) if k.pk not in self.met and not _is_other_person(k, entry)]
            # A name alone tells nobody apart when two bear it.
            if free and (len(free) == 1 or isinstance(entry, Equipment)):
                self.met.add(free[0].pk)
                return free[0]
        return None


def _register(imported: RegisterImport) -> Iterable[Target]:
    entries = MODELS[imported.register].objects.filter(laboratory=imported.laboratory_id, is_active=True)
    if imported.register != Register.STAFF:
        entries = entries.filter(site=imported.site_id)
    return entries.order_by("pk")


def keys_of(entry: Target) -> list[tuple[str, ...]]:
    """What identifies an entry, the surest first: a person's document, else the name; a device's place in the table."""
    if isinstance(entry, Equipment):
        return [(entry.parameter_no, entry.parameter, entry.standard_text, entry.name, entry.model)]
    keys: list[tuple[str, ...]] = [("name", entry.name)]
    if entry.identity_number:
        keys.insert(0, ("number", entry.identity_number))
    return keys


def _planned(imported: RegisterImport, row: dict[str, Any], known: _Known) -> PlannedRow:
    values = {key: _typed(key, value) for key, value in row["values"].items()}
    problems = [*row["problems"], *_twice(row, known)]
    model = MODELS[imported.register]
    wanted = model(laboratory_id=imported.laboratory_id, **values)
    _place(wanted, imported)
    current = known.take(wanted)
    problems += _invalid(wanted, row["cells"])
    differences = _differences(current, values) if current else []
    return PlannedRow(
        row["row"], _merged(current, wanted, values), _does(problems, current, differences), differences,
        [_finding(problem) for problem in problems],
    )  # fmt: skip


def _typed(key: str, value: Any) -> Any:
    return TYPES[key](value) if value is not None and key in TYPES else value


def _place(entry: Target, imported: RegisterImport) -> None:
    # The staff register is the whole laboratory's: a sheet without a site leaves each person's site alone.
    if imported.site_id is not None or not isinstance(entry, StaffMember):
        entry.site_id = imported.site_id  # type: ignore[assignment]


def _is_other_person(current: Target, wanted: Target) -> bool:
    """Two people of one name: both have a document, and the documents differ."""
    if isinstance(current, Equipment) or isinstance(wanted, Equipment):
        return False
    numbers = {current.identity_number, wanted.identity_number}
    return "" not in numbers and len(numbers) == 2


def _twice(row: dict[str, Any], known: _Known) -> list[dict[str, Any]]:
    number = row["values"].get("identity_number", "")
    if not number:
        return []
    first = known.rows_of.setdefault((row["values"].get("identity_kind", ""), number), row["row"])
    if first == row["row"]:
        return []
    cell = row["cells"].get("identity_number", "")
    return [Problem("identity_twice", cell, read=number, severity=ERROR, params={"row": first}).as_json()]


def _invalid(entry: Target, cells: dict[str, str]) -> list[dict[str, Any]]:
    cells = {**cells, "traceability_note": cells.get("traceability", "")}
    keys = set(cells) | {"note"}
    try:
        entry.clean_fields(exclude={f.name for f in entry._meta.fields} - keys | _told_already(entry))
    except ValidationError as error:
        return [
            Problem("invalid", cells.get(key, ""), field=key, severity=ERROR, params={"says": says}).as_json()
            for key, sentences in error.message_dict.items()
            for says in sentences
        ]
    return []


def _told_already(entry: Target) -> set[str]:
    # The parser has told of these when they are missing.
    return {key for key in ("name", "fields_text") if getattr(entry, key, None) == ""}


def _differences(current: Target, values: dict[str, Any]) -> list[Difference]:
    found = []
    for key, value in values.items():
        old = getattr(current, key)
        # An empty cell takes nothing away.
        if value not in (None, "") and old != value:
            label = str(current._meta.get_field(key).verbose_name)  # type: ignore[union-attr]
            found.append(Difference(label, _shown(current, key, old), _shown(current, key, value)))
    return found


def _shown(entry: Target, key: str, value: Any) -> str:
    choices = dict(entry._meta.get_field(key).flatchoices)  # type: ignore[union-attr]
    return "" if value is None else str(choices.get(value, value))


def _merged(current: Target | None, wanted: Target, values: dict[str, Any]) -> Target:
    if current is None:
        return wanted
    for key, value in values.items():
        if value not in (None, ""):
            setattr(current, key, value)
    return current


def _does(problems: list[dict[str, Any]], current: Target | None, differences: list[Difference]) -> Does:
    if any(problem["severity"] == ERROR for problem in problems):
        return Does.ERROR
    if current is None:
        return Does.ADD
    return Does.CHANGE if differences else Does.SAME


def _finding(problem: dict[str, Any]) -> Finding:
    return Finding(problem["cell"], sentence(problem), problem["severity"] != WARNING)
