"""`{% load scope %}`: the grid of a capability table, and its findings."""

from __future__ import annotations

from typing import Any

from django import template

from qualification.scope import queries
from qualification.scope.grids import grid_page
from qualification.scope.messages import Told, tell_all
from qualification.scope.models import CapabilityTable

register = template.Library()


@register.inclusion_tag("scope/grid.html", takes_context=True)
def grid(context: template.Context, table: CapabilityTable, mode: str = "read") -> dict[str, Any]:
    """The grid of a table in a mode: read, edit, confirm, compare. Who may do so is asked again at every request."""
    request = context["request"]
    return {
        "table": table, "grid": grid_page(table, mode, request.GET), "request": request,
        "csrf_token": context.get("csrf_token", ""), "path": request.path,
    }  # fmt: skip


@register.filter
def findings(problems: list[dict[str, Any]]) -> list[Told]:
    """Stored findings as sentences in the reader's language."""
    return tell_all(problems)


@register.filter
def confirmation(table: CapabilityTable) -> queries.Progress:
    """How many abilities of a table there are, and how many have a verdict."""
    return queries.progress(table.rows.all())
