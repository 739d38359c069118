"""Conditions that tie states and time stamps together."""

from __future__ import annotations

from django.db.models import Q


def stamped(stamp: str, *states: str) -> Q:
    """The stamp is set in exactly these states."""
    return Q(**{f"{stamp}__isnull": False}, state__in=states) | Q(**{f"{stamp}__isnull": True}) & ~Q(state__in=states)
