"""Looking things up in capability tables."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet

from qualification.scope.enums import Level, Verdict
from qualification.scope.models import CapabilityRow, CapabilityTable

if TYPE_CHECKING:
    from qualification.applications.models import Application

CHUNK = 100
PAGE = 200
OPEN = "open"
PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Progress:
    """How many parameters there are, and what the team said of them."""

    total: int
    confirmed: int
    restricted: int
    dropped: int
    approved: int
    with_problems: int

    @property
    def done(self) -> int:
        """Parameters with a verdict."""
        return self.confirmed + self.restricted + self.dropped

    @property
    def open(self) -> int:
        """Parameters without a verdict."""
        return self.total - self.done

    @property
    def is_complete(self) -> bool:
        """Whether every parameter has a verdict."""
        return self.open == 0

    def as_json(self) -> dict[str, int]:
        """For the grid."""
        return {
            "total": self.total, "done": self.done, "confirmed": self.confirmed, "restricted": self.restricted,
            "dropped": self.dropped, "open": self.open, "problem": self.with_problems,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """What the grid is narrowed to: words, a verdict (`open` for none), `problem`, one category number."""

    words: str = ""
    show: str = ""
    category: str = ""

    @classmethod
    def of(cls, data: Any) -> Filter:
        """From a query string; what is not known is no filter."""
        words, show, category = (data.get(key, "").replace("\x00", "") for key in ("q", "show", "category"))
        known = {OPEN, PROBLEM, *Verdict.values}
        return cls(words.strip()[:100], show if show in known else "", category[:40])

    @property
    def is_set(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.words or self.show or self.category)


def tables_of(application: Application) -> QuerySet[CapabilityTable]:
    """The tables of a case with their sites, in a fixed order."""
    return CapabilityTable.objects.filter(application=application).select_related("site").order_by("site_id", "is_food")


def parameters(rows: QuerySet[CapabilityRow]) -> QuerySet[CapabilityRow]:
    """Only the rows that are abilities."""
    return rows.filter(level=Level.PARAMETER)


def rows_of(application: Application) -> QuerySet[CapabilityRow]:
    """All rows of all tables of a case, in order."""
    return CapabilityRow.objects.filter(table__application=application).order_by(
        "table__site_id", "table__is_food", "position"
    )


def unconfirmed(application: Application) -> QuerySet[CapabilityRow]:
    """Abilities of the case on which the team has not given its verdict."""
    return parameters(rows_of(application)).filter(verdict="")


def recommended(application: Application, *, without_sites: Iterable[int] = ()) -> QuerySet[CapabilityRow]:
    """Abilities that the team confirmed, in full or restricted."""
    found = rows_of(application).filter(verdict__in=[Verdict.CONFIRMED, Verdict.RESTRICTED])
    return found.exclude(table__site_id__in=list(without_sites))


def approved(application: Application) -> QuerySet[CapabilityRow]:
    """Abilities that were approved, in the order of the annex."""
    return rows_of(application).filter(is_approved=True).select_related("table__site")


def progress(rows: QuerySet[CapabilityRow]) -> Progress:
    """Counts of the abilities among these rows, in one query."""
    counted = parameters(rows.order_by()).aggregate(
        total=Count("pk"),
        **{verdict: Count("pk", filter=Q(verdict=verdict)) for verdict in Verdict.values},
        approved=Count("pk", filter=Q(is_approved=True)),
        with_problems=Count("pk", filter=~Q(problems=[])),
    )
    return Progress(**counted)


def progress_of(application: Application) -> Progress:
    """How far the confirmation of a whole case is."""
    return progress(CapabilityRow.objects.filter(table__application=application))


def filtered(table: CapabilityTable, wanted: Filter) -> QuerySet[CapabilityRow]:
    """Rows of a table in their order, narrowed. A narrowed list shows abilities only, their category in each row."""
    rows = table.rows.order_by("position")
    if not wanted.is_set:
        return rows
    rows = parameters(rows)
    if wanted.words:
        rows = rows.filter(_matching(wanted.words))
    if wanted.category:
        rows = rows.filter(category_no=wanted.category)
    if wanted.show == PROBLEM:
        return rows.exclude(problems=[])
    if wanted.show:
        rows = rows.filter(verdict="" if wanted.show == OPEN else wanted.show)
    return rows


def _matching(words: str) -> Q:
    found = Q()
    for word in words.split():
        found &= (
            Q(name__icontains=word) | Q(number__startswith=word) | Q(category__icontains=word)
            | Q(standard_text__icontains=word) | Q(standards__icontains=word) | Q(restriction__icontains=word)
        )  # fmt: skip
    return found


def chunk(table: CapabilityTable, wanted: Filter, *, offset: int, limit: int = CHUNK) -> list[CapabilityRow]:
    """Some rows of the (narrowed) table."""
    rows = filtered(table, wanted).select_related("verdict_by")
    return list(rows[offset : offset + limit])


def problems_of(table: CapabilityTable) -> list[dict[str, Any]]:
    """All findings of a table: those of the sheet, then those of its rows in order."""
    found = list(table.problems)
    for problems in table.rows.exclude(problems=[]).order_by("position").values_list("problems", flat=True):
        found += problems
    return found


def categories(table: CapabilityTable) -> list[tuple[str, str]]:
    """Number and name of the table's categories, each number once."""
    rows = table.rows.filter(level=Level.CATEGORY).order_by("position").values_list("category_no", "category")
    named: dict[str, str] = {}
    for number, name in rows:
        named[number] = f"{named[number]} / {name}" if number in named and name not in named[number] else name
    return [(number, name) for number, name in named.items() if number]


def under(table: CapabilityTable, heading: uuid.UUID | None) -> QuerySet[CapabilityRow]:
    """The abilities under a category, or under a main class with all its categories; none for an unknown heading."""
    row = table.rows.filter(uuid=heading).exclude(level=Level.PARAMETER).first() if heading else None
    if row is None:
        return table.rows.none()
    following = table.rows.filter(position__gt=row.position)
    ends = [Level.MAIN] if row.level == Level.MAIN else [Level.MAIN, Level.CATEGORY]
    end = following.filter(level__in=ends).order_by("position").values_list("position", flat=True).first()
    return parameters(following if end is None else following.filter(position__lt=end))
