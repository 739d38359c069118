"""Whose password was wrong: the name under which axes counts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def name_of_attempt(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The user name or mail address that was typed, in small letters; the same for a failure and a later check."""
    typed = request.POST.get("login") if request else None
    given = credentials or {}
    return str(typed or given.get("username") or given.get("email") or "").strip().lower()
