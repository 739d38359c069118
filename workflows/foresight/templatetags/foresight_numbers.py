"""`{{ share|percent }}`: a share of one in per cent."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """With one decimal; a dash for nothing."""
    return "—" if share is None else f"{share * 100:.1f} %"
