"""Addresses of the board's numbers, and its tile on a first page."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone

from workflows.board import queries
from workflows.board.asking import Asked

register = template.Library()


@register.simple_tag
def cell_url(asked: Asked, key: str = "", value: str = "", **more: str) -> str:
    """The list behind a number: the filters in force, those of the number's line and column in their place."""
    return asked.url(reverse("board:list"), **({key: value} if key else {}), **more)


@register.simple_tag
def page_url(asked: Asked | None, name: str, **changes: str) -> str:
    """A page of the board with the filters kept."""
    path = reverse(name)
    return asked.url(path, **changes) if asked else path


@register.simple_tag
def lookup(counts: dict[str, int], key: str) -> int:
    """A number of a table's cell; 0 when there is none."""
    return counts.get(key, 0)


@register.simple_tag
def line_of(own: dict[str, queries.Line], key: str) -> queries.Line:
    """A region's line of a stage; an empty one when it has none."""
    return own.get(key) or queries.Line(key, "")


@register.inclusion_tag("board/_tile.html", takes_context=True)
def board_tile(context: template.Context) -> dict[str, Any]:
    """How the limits of the visitor's board stand, for their first page; nothing for those who have no board."""
    user = context["request"].user
    if not user.is_authenticated or not queries.is_reader(user):
        return {"total": None}
    return {"total": queries.board_of(user, timezone.now()).total}
