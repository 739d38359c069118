"""Lists: search, filters kept in the address, sort, pages and export, the same on every page that lists rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import Promise

from qualification.pages import exports

SIZES = (25, 50, 100)
Text = str | Promise


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it shows of a row, whether it sorts, and where it leads.

    `value` may be left out when `key` is an attribute path of the row such as `laboratory__name`. `sort` names the
    order-by fields. `template` is an include that gets `row`; exports still use `value`,
    under the heading `exported_as` where the template shows something else.
    """

    key: str
    label: Text
    value: Callable[[Any], Any] | None = None
    sort: tuple[str, ...] = ()
    link: Callable[[Any], str] | None = None
    template: str = ""
    is_number: bool = False
    exported_as: Text = ""

    def value_of(self, row: Any) -> Any:
        """What the column holds for this row."""
        if self.value is not None:
            return self.value(row)
        found = row
        for name in self.key.split("__"):
            found = getattr(found, name, None)
        return found


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice that narrows the list. A value that is not among the choices is ignored."""

    key: str
    label: Text
    choices: Iterable[tuple[Any, Text]] | Callable[[], Iterable[tuple[Any, Text]]]
    lookup: str = ""
    apply: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None

    def options(self) -> list[tuple[str, str]]:
        """Value and label of each choice, as the address and the page spell them."""
        pairs = self.choices() if callable(self.choices) else self.choices
        return [(str(value), str(label)) for value, label in pairs]

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """The rows of this choice."""
        return self.apply(rows, value) if self.apply else rows.filter(**{self.lookup or self.key: value})


@dataclass(frozen=True, slots=True)
class ShownFilter:
    """A filter as the page shows it."""

    key: str
    label: Text
    options: list[tuple[str, str]]
    value: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's head: its address sorts by it, upward first, then downward."""

    label: Text
    is_number: bool
    sort: str
    direction: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of one row, ready for the page."""

    column: Column
    value: Any
    url: str

    @property
    def is_nothing(self) -> bool:
        """Whether the cell has nothing to say: on a phone it is left out."""
        return not self.column.template and (self.value is None or self.value == "")


class ListPage:
    """One list for one request. `if listing.wants_export: return listing.export()`, else give it to the template."""

    def __init__(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        *,
        columns: Sequence[Column],
        search: Sequence[str] = (),
        filters: Sequence[Filter] = (),
        default_sort: str = "",
        file_name: str = "list",
        exported: Sequence[Column] = (),
    ) -> None:
        self.request, self.rows, self.columns = request, rows, tuple(columns)
        self.search_fields, self._filters = tuple(search), tuple(filters)
        self.default_sort, self.file_name, self.exported = default_sort, file_name, tuple(exported)

    @property
    def query(self) -> str:
        """What is searched for."""
        return self.request.GET.get("q", "").replace("\x00", "").strip()[:200]

    @cached_property
    def filters(self) -> list[ShownFilter]:
        """The filters with their chosen values; "" is no choice."""
        return [self._shown(one) for one in self._filters]

    def _shown(self, one: Filter) -> ShownFilter:
        options, asked = one.options(), self.request.GET.get(one.key, "")
        value = asked if any(asked == known for known, _ in options) else ""
        return ShownFilter(one.key, one.label, options, value)

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter hides rows."""
        return bool(self.query) or any(shown.value for shown in self.filters)

    @cached_property
    def sort(self) -> str:
        """The sorting column's key, with a minus for downward; only columns that sort are taken."""
        asked = self.request.GET.get("sort", "")
        known = {column.key for column in self.columns if column.sort}
        return asked if asked.removeprefix("-") in known else self.default_sort

    @property
    def size(self) -> int:
        """Rows per page."""
        asked = self.request.GET.get("size", "")
        return int(asked) if asked in map(str, SIZES) else SIZES[0]

    sizes = SIZES

    @cached_property
    def narrowed(self) -> QuerySet[Any]:
        """All rows of the search and the filters, in order."""
        rows = self.searched(self.rows)
        for one, shown in zip(self._filters, self.filters, strict=True):
            rows = one.narrow(rows, shown.value) if shown.value else rows
        return rows.order_by(*self._order())

    def searched(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows in which every word searched for is found in one of the search fields."""
        for word in self.query.split() if self.search_fields else ():
            rows = rows.filter(_any_of(self.search_fields, word))
        return rows

    def _order(self) -> list[str]:
        """Order-by fields, always ending on the primary key: two loads of a page show the same rows."""
        key = self.sort.removeprefix("-")
        fields = next((column.sort for column in self.columns if column.key == key and column.sort), ())
        if not fields:
            return [*([self.sort] if self.sort else []), "pk"]
        down = self.sort.startswith("-")
        return [*(_turned(name) if down else name for name in fields), "pk"]

    @cached_property
    def page(self) -> Page[Any]:
        """The page asked for, or the nearest there is."""
        return Paginator(self.narrowed, self.size).get_page(self.request.GET.get("page"))

    @property
    def page_numbers(self) -> list[int | str]:
        """The page numbers to offer, with gaps."""
        return list(self.page.paginator.get_elided_page_range(self.page.number, on_each_side=1, on_ends=1))

    @property
    def headings(self) -> list[Heading]:
        """The columns' heads."""
        return [self._heading(column) for column in self.columns]

    def _heading(self, column: Column) -> Heading:
        direction = {column.key: "up", f"-{column.key}": "down"}.get(self.sort, "")
        following = f"-{column.key}" if direction == "up" else column.key
        return Heading(column.label, column.is_number, following if column.sort else "", direction)

    @property
    def lines(self) -> list[tuple[Model, list[Cell]]]:
        """The rows of the page with their cells."""
        return [(row, [self._cell(column, row) for column in self.columns]) for row in self.page]

    def _cell(self, column: Column, row: Any) -> Cell:
        url = column.link(row) if column.link else ""
        return Cell(column, None if column.template else column.value_of(row), url)

    @property
    def wants_export(self) -> bool:
        """Whether the address asks for a file instead of a page."""
        return self.request.GET.get("export") in exports.WRITERS

    def export(self) -> HttpResponseBase:
        """All rows of the search and the filters as CSV or XLSX, with the columns that only the file has room for.

        More than `exports.LIMIT` rows are refused with 413.
        """
        columns = self.columns + self.exported
        return exports.export(
            self.request.GET["export"],
            file_name=self.file_name,
            heads=[str(column.exported_as or column.label) for column in columns],
            rows=self.narrowed,
            values=lambda row: [column.value_of(row) for column in columns],
        )


def _any_of(fields: Sequence[str], word: str) -> Q:
    found = Q()
    for name in fields:
        found |= Q(**{f"{name}__icontains": word})
    return found


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"
