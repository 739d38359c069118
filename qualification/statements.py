"""Queries that every step through the door runs: built once by the ORM, then run again with other values.

Building a query costs Django several times what the database needs for it. A `Statement` keeps what the ORM made of a
queryset, so its meaning is the queryset's, and puts in the values of each run. `insert` and `update` write rows as the
ORM would, without its signals: nothing in the project listens to them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from itertools import repeat
from types import SimpleNamespace
from typing import Any, TypeVar

from django.db import connection, connections, models, transaction
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery
from psycopg import ClientCursor

M = TypeVar("M", bound=models.Model)

# Stands for a value when the query is built: a row's number, a moment or a text that no real row has.
_PLACES: dict[type, Callable[[int], Any]] = {
    int: lambda n: n - 2**62,
    dt.datetime: lambda n: dt.datetime(1, 1, 1 + n, tzinfo=dt.UTC),
    str: lambda n: f"\N{REPLACEMENT CHARACTER}{n}",
}


# PostgreSQL plans a query anew until one connection has run it so often, then keeps the plan.
PREPARED_AFTER = 3


class PreparedCursor(ServerBindingCursor):
    """Binds values on the server, and still tells Django's query log what was run with which values."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Run one query."""
        super().execute(query, params, **options)  # type: ignore[misc]
        if connection.queries_logged:
            session = self.connection  # type: ignore[attr-defined]
            self._query = SimpleNamespace(query=ClientCursor(session).mogrify(query, params).encode())
        return self


def prepared_cursor() -> Any:
    """A cursor whose queries PostgreSQL prepares: their text never changes, and planning is half of their time."""
    connection.ensure_connection()
    session: Any = connection.connection
    usual, session.cursor_factory = session.cursor_factory, PreparedCursor
    session.prepare_threshold = PREPARED_AFTER
    try:
        return connection.cursor()
    finally:
        session.cursor_factory = usual


class Statement:
    """One query with named values. `build` gets a stand-in for each name and returns the queryset.

    For an UPDATE it returns the queryset and what is set. Thread-safe; the queryset must be the same at each call.
    """

    def __init__(self, build: Callable[..., Any], **kinds: type) -> None:
        self._build = build
        self._places = {name: _PLACES[kind](n) for n, (name, kind) in enumerate(kinds.items())}

    @cached_property
    def _compiled(self) -> tuple[Any, str, list[tuple[bool, Any]]]:
        """Compiler, SQL, and its parameters: the name of a value, or a constant."""
        built = self._build(**self._places)
        queryset, values = built if isinstance(built, tuple) else (built, None)
        query = queryset.query
        if values is not None:
            query = query.chain(UpdateQuery)
            query.add_update_values(values)
        compiler = query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        names = {place: name for name, place in self._places.items()}
        slots = [
            (True, names[p]) if isinstance(p, int | str | dt.datetime) and p in names else (False, p) for p in params
        ]
        sql, slots = self._dressed(sql, slots)
        missing = set(self._places) - {value for is_name, value in slots if is_name}
        if missing:
            raise ValueError(f"The query has no place for {sorted(missing)}.")
        return compiler, sql, slots

    def _dressed(self, sql: str, slots: list[tuple[bool, Any]]) -> tuple[str, list[tuple[bool, Any]]]:
        """The query as it is run; a subclass may put another around what the ORM made."""
        return sql, slots

    def _run(self, cursor: Any, values: dict[str, Any]) -> None:
        _compiler, sql, slots = self._compiled
        cursor.execute(sql, [values[value] if is_name else value for is_name, value in slots])

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows as the database gives them."""
        with prepared_cursor() as cursor:
            self._run(cursor, values)
            return list(cursor.fetchall())

    def count(self, **values: Any) -> int:
        """Run an UPDATE; how many rows it has changed."""
        with prepared_cursor() as cursor:
            self._run(cursor, values)
            return int(cursor.rowcount)

    @cached_property
    def _reading(self) -> tuple[Any, ...]:
        """What Django's own ModelIterable works out anew for each query."""
        compiler = self._compiled[0]
        chosen = compiler.klass_info["select_fields"]
        start, end = chosen[0], chosen[-1] + 1
        names = [column[0].target.attname for column in compiler.select[start:end]]
        # Django 5.2 takes three arguments; the stubs know a later one.
        populators = get_related_populators(compiler.klass_info, compiler.select, connection.alias)  # type: ignore[call-arg, unused-ignore]
        converters = compiler.get_converters([column[0] for column in compiler.select])
        return compiler, compiler.klass_info["model"], slice(start, end), names, populators, converters

    def instances(self, **values: Any) -> Iterator[Any]:
        """The rows as instances, with what the queryset selects and annotates beside them."""
        rows = self.rows(**values)
        compiler, model, own, names, populators, converters = self._reading
        for row in compiler.apply_converters(rows, converters) if converters else rows:
            instance = model.from_db(connection.alias, names, row[own])
            for populator in populators:
                populator.populate(row, instance)
            for name, position in (compiler.annotation_col_map or {}).items():
                setattr(instance, name, row[position])
            yield instance


@cache
def _locking(model: type[models.Model]) -> Statement:
    rows = model._base_manager.select_for_update(of=("self",), no_key=True)
    return Statement(lambda pk: rows.filter(pk=pk), pk=int)


@cache
def _fetching(model: type[models.Model]) -> Statement:
    return Statement(lambda pk: model._base_manager.filter(pk=pk), pk=int)


def lock(model: type[M], pk: int) -> M:
    """One row by its number, locked to the transaction's end. Raises DoesNotExist; a lock needs a transaction."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A row is locked inside a transaction.")
    return _one(model, _locking(model), pk)


def fetch(model: type[M], pk: int) -> M:
    """One row by its number. Raises DoesNotExist."""
    return _one(model, _fetching(model), pk)


def _one(model: type[M], statement: Statement, pk: int) -> M:
    for instance in statement.instances(pk=pk):
        return instance  # type: ignore[no-any-return]
    raise model.DoesNotExist(  # type: ignore[attr-defined]
        f"{model._meta.object_name} {pk} does not exist."
    )


@cache
def _inserting(model: type[models.Model], count: int) -> tuple[str, list[Any]]:
    quote: Callable[[Any], str] = connection.ops.quote_name
    fields = [field for field in model._meta.local_concrete_fields if field is not model._meta.auto_field]
    places = ", ".join(_placeholder(field) for field in fields)
    sql = (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(quote(field.column) for field in fields)}) "  # noqa: S608
        f"VALUES {', '.join(repeat(f'({places})', count))} RETURNING {quote(model._meta.pk.column)}"
    )
    return sql, fields


def _placeholder(field: Any) -> str:
    own = getattr(field, "get_placeholder", None)
    return str(own(None, None, connection)) if own else "%s"


def insert(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model in one query and give them their numbers."""
    sql, fields = _inserting(type(rows[0]), len(rows))
    values = [value for row in rows for value in _stored(row, fields, is_new=True)]
    with prepared_cursor() as cursor:
        cursor.execute(sql, values)
        numbers = cursor.fetchall()
    for row, (number,) in zip(rows, numbers, strict=True):
        row.pk = number
        row._state.adding, row._state.db = False, connection.alias


def _stored(row: models.Model, fields: Sequence[Any], *, is_new: bool) -> Iterator[Any]:
    """The values of a row as the ORM would store them."""
    database = connections[connection.alias]  # not through the proxy for each of its many lookups
    for field in fields:
        value = field.pre_save(row, is_new)
        yield None if value is None else field.get_db_prep_save(value, database)


@cache
def _updating(model: type[models.Model], names: tuple[str, ...], conditions: tuple[str, ...]) -> tuple[str, list[Any]]:
    quote: Callable[[Any], str] = connection.ops.quote_name
    meta: Any = model._meta
    fields = [meta.get_field(name) for name in names]
    sets = ", ".join(f"{quote(field.column)} = {_placeholder(field)}" for field in fields)
    tests = [meta.pk, *(meta.get_field(name) for name in conditions)]
    where = " AND ".join(f"{quote(field.column)} = %s" for field in tests)
    return f"UPDATE {quote(meta.db_table)} SET {sets} WHERE {where}", fields  # noqa: S608


def update(row: models.Model, names: Sequence[str], *, still: dict[str, Any]) -> bool:
    """Write these columns of one row if its other columns are still so; whether they were."""
    sql, fields = _updating(type(row), tuple(names), tuple(still))
    with prepared_cursor() as cursor:
        cursor.execute(sql, [*_stored(row, fields, is_new=False), row.pk, *still.values()])
        return bool(cursor.rowcount)
