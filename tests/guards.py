"""Guards that make a test fail for a fault that would otherwise show only later, on somebody else's machine."""

from __future__ import annotations

import random
import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import EmptyResultSet
from django.db.backends.postgresql.compiler import SQLCompiler as DjangoSelect
from django.db.backends.postgresql.compiler import SQLUpdateCompiler as DjangoUpdate
from django.db.models import Model, QuerySet

from documents.postgres import compiler

ROOT = Path(__file__).resolve().parent.parent
OURS = ("documents", "qualification", "workflows")


def is_ours(model: type[Model]) -> bool:
    """Whether the model belongs to this project."""
    return model.__module__.split(".")[0] in OURS


def shuffle_unordered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of our own models come back in any order unless an order was asked for, as PostgreSQL may do."""
    fetch_all, iterator = QuerySet._fetch_all, QuerySet.iterator

    def shuffled_fetch(self: QuerySet[Any]) -> None:
        is_first = self._result_cache is None
        fetch_all(self)
        if is_first and _has_no_order(self):
            random.shuffle(self._result_cache)

    def shuffled_iterator(self: QuerySet[Any], *args: Any, **kwargs: Any) -> Iterator[Any]:
        rows = iterator(self, *args, **kwargs)
        if not _has_no_order(self):
            return rows
        listed = list(rows)
        random.shuffle(listed)
        return iter(listed)

    monkeypatch.setattr(QuerySet, "_fetch_all", shuffled_fetch)
    monkeypatch.setattr(QuerySet, "iterator", shuffled_iterator)


def compile_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQL that is remembered for a shape of query is the SQL that Django makes of this very query."""
    remembered = compiler.remembered

    def checked(one: Any, shaped: Callable[[Any], Any]) -> compiler.Made | None:
        kind = DjangoUpdate if isinstance(one, DjangoUpdate) else DjangoSelect
        again = kind(one.query.clone(), one.connection, one.using, one.elide_empty)
        made = remembered(one, shaped)
        if made is not None and made[0] == compiler.NO_ROWS:
            with pytest.raises(EmptyResultSet):
                again.as_sql()
        elif made is not None:
            sql, params = again.as_sql()
            widths = [getattr(each, "col_count", None) for each in (one, again)]
            assert (made[0], len(made[1]), widths[0]) == (sql, len(params), widths[1]), "The shape is too wide."
            assert all(map(compiler._is_same, made[1], params)), "The values are others, or in another order."
        return made

    monkeypatch.setattr(compiler, "remembered", checked)


def _has_no_order(queryset: QuerySet[Any]) -> bool:
    return is_ours(queryset.model) and not queryset.ordered


def demand_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """`select_for_update()` without `of=` locks the joined tables, too: of our own models it is refused."""
    original = QuerySet.select_for_update

    def checked(self: QuerySet[Any], *args: Any, of: tuple[str, ...] = (), **kwargs: Any) -> QuerySet[Any]:
        if not of and is_ours(self.model):
            pytest.fail(f"select_for_update() of {self.model.__name__} without of=('self',).", pytrace=True)
        return original(self, *args, of=of, **kwargs)

    monkeypatch.setattr(QuerySet, "select_for_update", checked)


class UndefinedVariable:
    """Django's `string_if_invalid`: a template of ours that names something undefined fails the test."""

    def __contains__(self, key: str) -> bool:
        return key == "%s"

    def __bool__(self) -> bool:
        """True only for Django's question whether it is set: to `{% if %}` a missing related row is a no."""
        return sys._getframe(1).f_code.co_name == "resolve"

    def __getattr__(self, name: str) -> Any:
        """Django hands this object itself on for a missing related row and a method that needs arguments."""
        if name.startswith("__") and name != "__html__":
            raise AttributeError(name)
        pytest.fail(f"{_template_in_use()} shows {name!r} of a row that is not there.", pytrace=False)

    def __mod__(self, variable: object) -> str:
        origin = _template_in_use()
        if origin is None or not origin.startswith(str(ROOT)) or "site-packages" in origin:
            return ""
        pytest.fail(f"Undefined template variable {variable!s} in {Path(origin).relative_to(ROOT)}.", pytrace=False)


def _template_in_use() -> str | None:
    """The file of the innermost template that is being rendered."""
    frame = sys._getframe(2)
    while frame is not None:
        context = frame.f_locals.get("context")
        name = getattr(getattr(context, "template_name", None), "__str__", lambda: None)() if context else None
        node = frame.f_locals.get("self")
        origin = getattr(getattr(node, "origin", None), "name", None)
        if origin and re.search(r"\.(html|txt|xml|svg)$", str(origin)):
            return str(origin)
        if name and Path(str(name)).is_absolute():
            return str(name)
        frame = frame.f_back  # type: ignore[assignment]
    return None


LOOPBACK = re.compile(r"^(127\.\d+\.\d+\.\d+|::1|localhost|0\.0\.0\.0)$")


def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to another machine."""
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _checked(getattr(socket.socket, name)))


def _checked(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not LOOPBACK.match(str(address[0])):
            pytest.fail(f"A test tried to reach {address[0]}: only this machine may be talked to.", pytrace=True)
        return original(self, address)

    return connect
