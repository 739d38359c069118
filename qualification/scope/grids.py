"""What the grid shows: one table in one mode, narrowed, in chunks. Markup lives in templates/scope/."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.template.loader import get_template
from django.urls import reverse
from django.utils.translation import gettext as _

from qualification.scope import queries
from qualification.scope.enums import Means, Mode, Verdict
from qualification.scope.messages import Told, tell_all
from qualification.scope.models import CapabilityRow, CapabilityTable

ROW_TEMPLATE = "scope/row.html"
FIELDS = ("number", "name", "standard", "restriction", "note")
COLUMNS = {Mode.READ: 5, Mode.EDIT: 6, Mode.CONFIRM: 7, Mode.COMPARE: 6}
VERDICT_LOOK = {
    "": ("circle-dashed", "neutral"),
    Verdict.CONFIRMED: ("circle-check", "good"),
    Verdict.RESTRICTED: ("alert-triangle", "warn"),
    Verdict.DROPPED: ("circle-x", "bad"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row made ready to be shown: its words, and its findings by the cell they belong to."""

    row: CapabilityRow
    mode: str
    index: int
    span: int
    findings: dict[str, list[Told]]

    @property
    def look(self) -> tuple[str, str]:
        """Icon and tone of the verdict."""
        return VERDICT_LOOK[self.row.verdict]

    @property
    def has_findings(self) -> bool:
        """Whether the reader had anything to say about the row."""
        return bool(self.row.problems)


def line_of(row: CapabilityRow, mode: str, index: int) -> Line:
    """One row for its template."""
    findings: dict[str, list[Told]] = {field: [] for field in FIELDS}
    for told in tell_all(row.problems):
        findings[told.field if told.field in FIELDS else "name"].append(told)
    return Line(row, mode, index, COLUMNS[Mode(mode)], findings)


def render_rows(rows: Iterable[CapabilityRow], mode: str, offset: int = 0) -> str:
    """The `tr` elements of some rows; the same markup for the page, a chunk, and a row just saved."""
    template = get_template(ROW_TEMPLATE)
    return "".join(template.render({"line": line_of(row, mode, offset + n)}) for n, row in enumerate(rows, start=1))


@dataclass
class GridPage:
    """One page of the grid as the server shows it; with scripts it is the first chunk of a whole that scrolls."""

    table: CapabilityTable
    mode: str
    wanted: queries.Filter
    page: int = 1

    @cached_property
    def total(self) -> int:
        """Rows of the narrowed table."""
        return queries.filtered(self.table, self.wanted).count()

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * queries.PAGE

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // queries.PAGE))

    @cached_property
    def progress(self) -> queries.Progress:
        """Counts of the whole table."""
        return queries.progress(self.table.rows.all())

    @cached_property
    def categories(self) -> list[tuple[str, str]]:
        """For the choice of a category."""
        return queries.categories(self.table)

    def rows_html(self) -> str:
        """The rows of this page."""
        rows = queries.chunk(self.table, self.wanted, offset=self.offset, limit=queries.PAGE)
        return render_rows(rows, self.mode, self.offset)

    @property
    def shows(self) -> list[tuple[str, str, int]]:
        """Choices of what to show, with how many there are of each."""
        counts = self.progress
        choices = [("", _("all rows"), counts.total), (queries.PROBLEM, _("with findings"), counts.with_problems)]
        if self.mode in (Mode.CONFIRM, Mode.COMPARE):
            choices.append((queries.OPEN, _("without a verdict"), counts.open))
            by_verdict = {"confirmed": counts.confirmed, "restricted": counts.restricted, "dropped": counts.dropped}
            choices += [(value, str(label), by_verdict[value]) for value, label in Verdict.choices]
        return choices

    @property
    def means(self) -> list[tuple[str, Any]]:
        """Ways to confirm an ability."""
        return Means.of_team()

    @property
    def rows_url(self) -> str:
        """Where chunks come from."""
        return reverse("scope:rows", args=[self.table.uuid])

    @property
    def row_confirm_url(self) -> str:
        """Where a verdict on one row goes; the script puts the row's uuid in place of the zeros."""
        return reverse("scope:row_confirm", args=[uuid.UUID(int=0)])

    def query(self, **more: Any) -> str:
        """The query string of this view of the table, with something changed."""
        values = {"mode": self.mode, "q": self.wanted.words, "show": self.wanted.show, "category": self.wanted.category}
        return urlencode({k: v for k, v in (values | more).items() if v not in ("", None)})

    @property
    def previous_query(self) -> str:
        """Query string of the page before, or nothing."""
        return self.query(page=self.page - 1) if self.page > 1 else ""

    @property
    def next_query(self) -> str:
        """Query string of the page after, or nothing."""
        return self.query(page=self.page + 1) if self.page < self.pages else ""


def grid_page(table: CapabilityTable, mode: str, data: Any) -> GridPage:
    """The grid for a query string; a page that does not exist is the nearest that does."""
    grid = GridPage(table, Mode(mode).value, queries.Filter.of(data))
    asked = data.get("page", "1")
    grid.page = min(max(int(asked), 1), grid.pages) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    return grid
