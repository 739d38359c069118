"""Addresses of the interface for programs."""

from __future__ import annotations

from typing import Any

from django.urls import include, path

from qualification import access
from workflows.deadlines.api import api

OPEN = frozenset({"due", "openapi-json", "api-root"})


def _ruled(urls: list[Any]) -> list[Any]:
    """Give the library's addresses their access rules: each operation asks its own `auth`, this tells the walk of it."""
    for pattern in urls:
        if pattern.name in OPEN:
            access.public(pattern.callback)
        else:
            pattern.callback.access_rule = "signed in, or a personal secret"
    return urls


_PATTERNS, _APP, _NAMESPACE = api.urls
urlpatterns = [path("", include((_ruled(_PATTERNS), _APP), namespace=_NAMESPACE))]
