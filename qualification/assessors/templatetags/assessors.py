"""`{% load assessors %}`: codes of competence in words, the answer to an offer as a badge, small lookups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from qualification.assessors.enums import OfferState
from qualification.assessors.models import Offer
from qualification.assessors.pictures import OFFER_LOOK, field_names

register = template.Library()


@register.simple_tag(takes_context=True)
def fields_in_words(context: template.Context, codes: Iterable[str]) -> str:
    """The fields of some codes, by name; the dictionary is read once for a page."""
    request = context.get("request")
    if request is None:
        names = field_names()
    else:
        if not hasattr(request, "_field_names"):
            request._field_names = field_names()
        names = request._field_names
    return str(_(", ")).join(f"{code} {names.get(code, '')}".strip() for code in codes)


@register.inclusion_tag("components/badge.html")
def offer_badge(offer: Offer) -> dict[str, str]:
    """The state of an offer as an icon and a word."""
    icon, tone = OFFER_LOOK[OfferState(offer.state)]
    return {"label": offer.get_state_display(), "icon": icon, "tone": tone}


@register.filter
def at(values: Mapping[str, Any], key: str) -> Any:
    """One value of a mapping; the key itself where it is not known."""
    return values.get(key, key)


@register.filter
def as_list(value: Any) -> list[Any]:
    """The value as the only one of a list."""
    return [value]


@register.filter
def add_text(text: str, value: Any) -> str:
    """The text with the value behind it."""
    return f"{text}{value}"
