"""GET cannot write: a page that was only asked for may not change the database."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
WRITE = re.compile(
    r"""\b(?:INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|UPDATE|COPY)\s+(?:ONLY\s+)?"?(?P<table>\w+)"""
    r"""|\bFOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE)\b|\b(?:CREATE|ALTER|DROP)\s""",
    re.IGNORECASE,
)


class WriteRefused(RuntimeError):
    """A statement that writes or locks was sent while only reading is allowed."""


def writes(sql: str) -> bool:
    """Whether a statement writes to, or locks, a table that is not exempt."""
    for match in WRITE.finditer(sql):
        if _is_lock(sql, match):
            return True
        if not (match["table"] or "").lower().startswith(settings.READONLY_EXEMPT_TABLES):
            return True
    return False


def _is_lock(sql: str, match: re.Match[str]) -> bool:
    return sql[match.start() : match.start() + 4].upper() == "FOR "


def _refuse_writes(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if writes(sql):
        raise WriteRefused(f"A page that only reads sent: {sql[:200]}")
    return execute(sql, params, many, context)


@contextmanager
def read_only() -> Iterator[None]:
    """Refuse every statement that writes or locks, on the default connection."""
    with connections["default"].execute_wrapper(_refuse_writes):
        yield


class ReadOnlyMiddleware:
    """Wraps the database for every request with a method that only reads."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in SAFE_METHODS:
            return self.get_response(request)
        with read_only():
            return self.get_response(request)
