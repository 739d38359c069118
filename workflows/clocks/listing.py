"""Columns of a due moment in lists that are exported: the moment with its time zone, and whether it is provisional."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from qualification.pages.dates import ZONE
from qualification.pages.lists import Column
from workflows.clocks.models import Clock

DUE_MOMENT = _("Due moment (exclusive)")


def exact(moment: dt.datetime | None) -> str:
    """A moment with its time zone, as ISO 8601 writes it."""
    return localtime(moment, ZONE).isoformat(timespec="seconds") if moment else ""


def with_provisional(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Rows that name their clock (`clock_pk`), with whether its due moment hangs on a year not published yet."""
    clock = Clock.objects.filter(pk=OuterRef("clock_pk")).order_by("pk")
    found: QuerySet[Any] = rows.annotate(due_is_provisional=Subquery(clock.values("is_provisional")[:1]))
    return found


def provisional_column(of: Callable[[Any], bool | None] = lambda row: row.due_is_provisional) -> Column:
    """The column of the exported file that says “yes” of a provisional due moment, and nothing of the others."""
    return Column("provisional", _("provisional"), value=lambda row: str(_("yes")) if of(row) else "")
