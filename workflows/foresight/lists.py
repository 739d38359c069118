"""The list of the cases most likely to miss a limit."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from qualification.applications.enums import Kind
from qualification.pages.lists import Column, Filter, ListPage
from qualification.regions import calendars
from workflows.board.queries import authorities_of, codes
from workflows.clocks import queries as clocks
from workflows.clocks.listing import DUE_MOMENT, exact, provisional_column
from workflows.foresight import queries
from workflows.foresight.answers import case_url
from workflows.foresight.models import Forecast

if TYPE_CHECKING:
    from qualification.accounts.models import User

LIKELY = (("50", _("50 % or more")), ("20", _("20 % or more")), ("5", _("5 % or more")))


def _at_least(rows: QuerySet[Forecast], value: str) -> QuerySet[Forecast]:
    return rows.filter(chance__gte=int(value) / 100)


def _of_kind(rows: QuerySet[Forecast], value: str) -> QuerySet[Forecast]:
    return rows.filter(clock__application__kinds__contains=[value])


def _link(row: Forecast) -> str:
    return case_url(row.clock)


def _case(row: Forecast, name: str) -> Any:
    return getattr(row.clock.application, name) if row.clock.application else ""


def forecasts_page(request: HttpRequest, user: User, now: dt.datetime) -> ListPage:
    """Running limits, the most endangered first."""
    rows = queries.forecasts_for(user, now).select_related(
        "clock__application__laboratory", "clock__authority", "clock__extension"
    )
    return ListPage(
        request,
        rows,
        columns=(
            Column("chance", _("Chance to miss"), value=lambda row: round(row.chance, 3), sort=("chance",), template="foresight/_chance_cell.html"),
            Column("due", _("Time left"), value=lambda row: exact(row.clock.due_at), sort=("clock__due_at",), template="foresight/_due_cell.html", exported_as=DUE_MOMENT),
            Column("stage", _("Stage"), value=lambda row: str(row.clock.policy.label), sort=("clock__code",)),
            Column("case", _("Case"), value=lambda row: _case(row, "reference"), sort=("clock__application__reference",), template="foresight/_case_cell.html"),
            Column("region", _("Region"), value=lambda row: row.clock.authority.region, sort=("clock__authority__code",)),
            Column("end", _("Case likely ends"), value=lambda row: row.mid_on, sort=("mid_on",), template="foresight/_end_cell.html"),
            Column("basis", _("Resting on"), value=lambda row: f"{row.get_basis_display()} ({row.samples})", template="foresight/_basis_cell.html"),
        ),
        search=("clock__application__reference", "clock__application__laboratory__name"),
        filters=(
            Filter("chance", _("Chance"), LIKELY, apply=_at_least),
            Filter("stage", _("Stage"), codes, lookup="clock__code"),
            Filter("kind", _("Kind"), Kind.choices, apply=_of_kind),
            Filter("region", _("Region"), lambda: [(a.code, a.region) for a in authorities_of(user)], lookup="clock__authority__code"),
        ),
        default_sort="-chance",
        file_name="forecast",
        exported=(
            Column("laboratory", _("Laboratory"), value=lambda row: row.clock.application.laboratory.name if row.clock.application else ""),
            provisional_column(lambda row: row.clock.is_provisional),
        ),
    )  # fmt: skip


def with_chips(listing: ListPage, now: dt.datetime) -> ListPage:
    """Put due chip and percentage on each row of the page."""
    known = calendars.current()
    rows = list(listing.page)
    for row in rows:
        row.chip = clocks.chip(row.clock, now, calendar=known.of(row.clock.authority_id))
        row.percent = percent(row.chance)
        last = row.high_on or row.mid_on
        row.is_provisional = last is not None and known.of(row.clock.authority_id).is_provisional(last)
        row.tone = "bad" if row.chance >= HIGH else "warn" if row.chance >= NOTABLE else "neutral"
        row.icon, row.said, row.case_url = ICONS[row.tone], f"{row.percent} %", _link(row)
    listing.page.object_list = rows
    return listing


HIGH, NOTABLE = 0.5, 0.2
ICONS = {"bad": "alert-triangle", "warn": "alert-circle", "neutral": "circle"}
# Never told as certain: history of some hundred cases cannot know it.
LEAST, MOST = 1, 99


def percent(chance: float) -> int:
    """A chance in whole per cent, never 0 and never 100."""
    return min(max(round(chance * 100), LEAST), MOST)
