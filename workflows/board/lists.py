"""The list behind every number of the board."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from qualification.pages.lists import Column, Filter, ListPage
from qualification.regions import calendars
from workflows.board import queries
from workflows.board.enums import AT_RISK, AT_RISK_LABEL, Tone
from workflows.clocks import queries as clocks
from workflows.clocks.models import Clock

if TYPE_CHECKING:
    from qualification.accounts.models import User


def _case_url(clock: Clock) -> str:
    return reverse("inbox:case", args=[clock.application.uuid]) if clock.application else ""


def _value(name: str) -> Any:
    return lambda clock: getattr(clock.application, name) if clock.application else ""


def clocks_page(request: HttpRequest, user: User, now: dt.datetime) -> ListPage:
    """Open time limits of the person's board."""
    rows = queries.with_tone(queries.clocks_of(user), now).select_related("application__laboratory", "authority")

    def by_tone(found: QuerySet[Clock], value: str) -> QuerySet[Clock]:
        return queries.at_risk(found, now) if value == AT_RISK else queries.of_tone(found, value)

    return ListPage(
        request,
        rows,
        columns=(
            Column("due", _("Time left"), value=lambda clock: clock.due_at, sort=("due_at",), template="board/_due_cell.html", exported_as=_("Due moment")),
            Column("stage", _("Stage"), value=lambda clock: str(clock.policy.label), sort=("code",)),
            Column("case", _("Case"), value=_value("reference"), sort=("application__reference",), link=_case_url, template="board/_case_cell.html"),
            Column("laboratory", _("Laboratory"), value=lambda clock: clock.application.laboratory.name if clock.application else "", sort=("application__laboratory__name",)),
            Column("region", _("Region"), value=lambda clock: clock.authority.region, sort=("authority__code",)),
            Column("started", _("Running since"), value=lambda clock: clock.started_on, sort=("started_on",)),
        ),
        search=("application__reference", "application__laboratory__name"),
        filters=(
            Filter("tone", _("When"), [*Tone.choices, (AT_RISK, AT_RISK_LABEL)], apply=by_tone),
            Filter("stage", _("Stage"), queries.codes, lookup="code"),
            Filter("region", _("Region"), lambda: [(a.code, a.region) for a in queries.authorities_of(user)], lookup="authority__code"),
        ),
        default_sort="due",
        file_name="time-limits",
    )  # fmt: skip


def with_chips(listing: ListPage, now: dt.datetime) -> ListPage:
    """Put the due chip on each row of the page."""
    known = calendars.current()
    rows = list(listing.page)
    for clock in rows:
        clock.chip = clocks.chip(clock, now, calendar=known.of(clock.authority_id))
    listing.page.object_list = rows
    return listing
