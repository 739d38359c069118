"""Queries that every step through the door runs: built once by the ORM, then run again with other values.

Building a query costs Django several times what the database needs for it. A `Statement` keeps what the ORM made of a
queryset, so its meaning is the queryset's, and puts in the values of each run. `insert` and `update` write rows as the
ORM would, without its signals: nothing in the project listens to them.
"""

from __future__ import annotations

import datetime as dt
import inspect
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import count, repeat
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

from django.db import connection, connections, models, transaction
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute, ForwardManyToOneDescriptor
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery
from django_fsm import FSMFieldDescriptor
from psycopg import ClientCursor
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import OperationalError, error_from_result
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus

M = TypeVar("M", bound=models.Model)

# Stands for a value when the query is built: a row's number, a moment or a text that no real row has.
_PLACES: dict[type, Callable[[int], Any]] = {
    int: lambda n: n - 2**62,
    dt.datetime: lambda n: dt.datetime(1, 1, 1 + n, tzinfo=dt.UTC),
    str: lambda n: f"\N{REPLACEMENT CHARACTER}{n}",
    uuid.UUID: lambda n: uuid.UUID(int=n),
    dt.date: lambda n: dt.date(1, 1, 1 + n),
}


# PostgreSQL plans a query anew until one connection has run it so often, then keeps the plan.
PREPARED_AFTER = 3
# So many plans one connection keeps.
PLANS_KEPT = 600


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
    """A cursor that sends text and values apart, as for a prepared query, and tells Django's query log of them."""
    connection.ensure_connection()
    session: Any = connection.connection
    usual, session.cursor_factory = session.cursor_factory, PreparedCursor
    try:
        return connection.cursor()
    finally:
        session.cursor_factory = usual


class _Plan(NamedTuple):
    """One text with values of certain types, as one session has prepared it; and what reads its rows."""

    name: bytes
    reading: Any


class _Session:
    """The prepared queries of one connection to the database; they end with it.

    A query that is prepared goes to PostgreSQL by libpq's own call, without the cursor that psycopg would make of it:
    for the short queries of a transition the cursor costs more than the database.
    """

    def __init__(self, session: Any) -> None:
        session.prepare_threshold = None  # psycopg would drop all plans of the connection now and then, ours too
        self._session = session
        self._wire = session.pgconn
        self._writing = Transformer.from_context(session)
        self._runs: dict[str, int] = {}
        self._plans: dict[tuple[str, tuple[int, ...]], _Plan] = {}

    def execute(self, sql: str, params: Sequence[Any], *, has_rows: bool) -> tuple[list[Any], int]:
        wire, writing = self._wire, self._writing
        values = writing.dump_sequence(params, [PyFormat.AUTO] * len(params))
        key = sql, writing.types or ()
        plan = self._plans.get(key)
        if wire.transaction_status == IDLE and not self._session.autocommit:
            _checked(wire.exec_(self._session._get_tx_start_command()))
        if plan is None:
            plan = self._prepared(sql, key)
        if plan is None:
            reading = Transformer.from_context(self._session)
            result = wire.exec_params(_numbered(sql), values, writing.types, writing.formats)
        else:
            reading = plan.reading
            result = wire.exec_prepared(plan.name, values, writing.formats)
            if result.status not in DONE and result.error_field(DiagnosticField.SQLSTATE) == STALE:
                self._plans.pop(key)  # another process has changed the table: the next run prepares anew
        _checked(result)
        if not has_rows:
            return [], result.command_tuples or 0
        reading.set_pgresult(result)
        try:
            rows: list[Any] = reading.load_rows(0, result.ntuples, tuple)
        finally:
            reading.set_pgresult(None)  # its rows are not kept until the next run
        return rows, len(rows)

    def _prepared(self, sql: str, key: tuple[str, tuple[int, ...]]) -> _Plan | None:
        """The plan of a text that has come often enough; the one that was made first makes room for it."""
        runs = self._runs[sql] = self._runs.get(sql, 0) + 1
        if runs <= PREPARED_AFTER:
            return None
        if len(self._runs) > 2 * PLANS_KEPT:
            self._runs.clear()
        if len(self._plans) >= PLANS_KEPT:
            oldest = self._plans.pop(next(iter(self._plans)))
            _checked(self._wire.exec_(b"DEALLOCATE " + oldest.name))
        name = b"statement_%d" % next(_plans_made)
        _checked(self._wire.prepare(name, _numbered(sql), key[1]))
        plan = self._plans[key] = _Plan(name, Transformer.from_context(self._session))
        return plan

    def drop(self) -> None:
        """Let PostgreSQL forget all plans of this connection."""
        _checked(self._wire.exec_(b"DEALLOCATE ALL"))


# A name that comes once needs no look at what a connection still knows.
_plans_made = count(1)
STALE = b"0A000"
IDLE = TransactionStatus.IDLE
DONE = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


def _checked(result: Any) -> None:
    if result.status in DONE:
        return
    if not result.error_field(DiagnosticField.SQLSTATE):  # not the database's own words: the line to it is broken
        raise OperationalError(result.get_error_message())
    raise error_from_result(result)


def _numbered(sql: str) -> bytes:
    """Django's places are PostgreSQL's `$1`, `$2`, …"""
    number = count(1)
    return _PLACE.sub(lambda place: "%" if place[0] == "%%" else f"${next(number)}", sql).encode()


_PLACE = re.compile("%[s%]")


def execute(sql: str, params: Sequence[Any], *, has_rows: bool = True) -> tuple[list[Any], int]:
    """Run one query whose text never changes; its rows, and how many there are or were changed.

    Where somebody looks at the queries of a connection it goes the usual way of Django, so that all are seen.
    """
    database = connections[connection.alias]
    if database.execute_wrappers or database.queries_logged:
        with prepared_cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall()) if has_rows else [], cursor.rowcount
    database.close_if_health_check_failed()
    database.ensure_connection()
    database.validate_no_broken_transaction()
    session: Any = database.connection
    known = session.__dict__.get("_statements")
    if known is None:
        known = session.__dict__["_statements"] = _Session(session)
    with database.wrap_database_errors:
        found: tuple[list[Any], int] = known.execute(sql, params, has_rows=has_rows)
    return found


def forget(database: Any) -> None:
    """Let a connection drop its plans: the tables are going to change."""
    session = database.connection
    known = session.__dict__.pop("_statements", None) if session is not None else None
    if known is not None:
        with database.wrap_database_errors:
            known.drop()


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
            (True, names[p]) if isinstance(p, int | str | dt.date | uuid.UUID) and p in names else (False, p)
            for p in params
        ]
        sql, slots = self._dressed(sql, slots)
        missing = set(self._places) - {value for is_name, value in slots if is_name}
        if missing:
            raise ValueError(f"The query has no place for {sorted(missing)}.")
        return compiler, sql, slots

    def _dressed(self, sql: str, slots: list[tuple[bool, Any]]) -> tuple[str, list[tuple[bool, Any]]]:
        """The query as it is run; a subclass may put another around what the ORM made."""
        return sql, slots

    def _run(self, values: dict[str, Any], *, has_rows: bool) -> tuple[list[Any], int]:
        _compiler, sql, slots = self._compiled
        return execute(sql, [values[value] if is_name else value for is_name, value in slots], has_rows=has_rows)

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows as the database gives them."""
        return self._run(values, has_rows=True)[0]

    def count(self, **values: Any) -> int:
        """Run an UPDATE; how many rows it has changed."""
        return self._run(values, has_rows=False)[1]

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
        annotated = list((compiler.annotation_col_map or {}).items())
        return compiler, compiler.klass_info["model"], slice(start, end), names, populators, converters, annotated

    def instances(self, **values: Any) -> Iterator[Any]:
        """The rows as instances, with what the queryset selects and annotates beside them."""
        rows: Any = self.rows(**values)
        if not rows:
            return
        compiler, model, own, names, populators, converters, annotated = self._reading
        alias = connection.alias
        for row in compiler.apply_converters(rows, converters) if converters else rows:
            instance = model.from_db(alias, names, row[own])
            for populator in populators:
                populator.populate(row, instance)
            for name, position in annotated:
                setattr(instance, name, row[position])
            yield instance


@cache
def _locking(model: type[models.Model]) -> Statement:
    rows = model._base_manager.select_for_update(of=("self",), no_key=True)
    return Statement(lambda pk: rows.filter(pk=pk), pk=int)


@cache
def _fetching(model: type[models.Model]) -> Statement:
    return Statement(lambda pk: model._base_manager.filter(pk=pk), pk=_kind_of(model._meta.pk))


def _kind_of(field: Any) -> type:
    """The kind of value that stands in a column for the query's building."""
    while field.remote_field is not None:
        field = field.target_field
    for kind, classes in _KINDS.items():
        if isinstance(field, classes):
            return kind
    raise TypeError(f"{field} has no kind that a prepared query can be built with.")


_KINDS: dict[type, tuple[type[models.Field[Any, Any]], ...]] = {
    int: (models.IntegerField,),
    uuid.UUID: (models.UUIDField,),
    str: (models.CharField, models.TextField),
    dt.datetime: (models.DateTimeField,),
    dt.date: (models.DateField,),
}


def lock(model: type[M], pk: int) -> M:
    """One row by its number, locked to the transaction's end. Raises DoesNotExist; a lock needs a transaction."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A row is locked inside a transaction.")
    return _one(model, _locking(model), pk)


def fetch(model: type[M], pk: int | uuid.UUID) -> M:
    """One row by its number. Raises DoesNotExist."""
    return _one(model, _fetching(model), pk)


def _one(model: type[M], statement: Statement, pk: int | uuid.UUID) -> M:
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
    numbers, _count = execute(sql, values)
    for row, (number,) in zip(rows, numbers, strict=True):
        row.pk = number
        row._state.adding, row._state.db = False, connection.alias


@cache
def _claiming(model: type[models.Model], unique: tuple[str, ...]) -> tuple[str, list[Any]]:
    quote: Callable[[Any], str] = connection.ops.quote_name
    sql, fields = _inserting(model, 1)
    columns = [quote(model._meta.get_field(name).column) for name in unique]  # type: ignore[union-attr]
    wanted = ", ".join(quote(field.column) for field in model._meta.concrete_fields)
    first = columns[0]
    return (
        f"{sql.rpartition(' RETURNING ')[0]} ON CONFLICT ({', '.join(columns)}) "
        f"DO UPDATE SET {first} = EXCLUDED.{first} RETURNING xmax = 0, {wanted}"
    ), fields


def claim(row: M, unique: Sequence[str]) -> tuple[M, bool]:
    """Insert a row, or take the one that has the same values in these unique columns; and whether it is a new one.

    The row is locked to the transaction's end either way. One query, without a moment in which another could come first.
    """
    sql, fields = _claiming(type(row), tuple(unique))
    ((is_new, *values),), _count = execute(sql, list(_stored(row, fields, is_new=True)))
    names = [field.attname for field in row._meta.concrete_fields]
    return type(row).from_db(connection.alias, names, values), bool(is_new)


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
    _rows, count = execute(sql, [*_stored(row, fields, is_new=False), row.pk, *still.values()], has_rows=False)
    return bool(count)


class PreparedRelation(ForwardManyToOneDescriptor):  # type: ignore[type-arg]
    """A foreign key whose row is fetched by a prepared query when it is first asked for."""

    def get_object(self, instance: Any) -> Any:
        """The row it points to."""
        (key,) = self.field.get_local_related_value(instance)
        return fetch(self.field.remote_field.model, key)


def prepare_relations(classes: Iterable[type[models.Model]]) -> None:
    """Let the foreign keys of models fetch their rows by prepared queries, where they point to a primary key."""
    for model in classes:
        fields: Iterable[Any] = model._meta.local_fields
        for field in fields:
            if type(model.__dict__.get(field.name)) is ForwardManyToOneDescriptor and field.target_field.primary_key:
                setattr(model, field.name, PreparedRelation(field))


def _from_row(cls: type[M], db: str | None, field_names: Iterable[str], values: Iterable[Any]) -> M:
    """Django's `from_db` without going through `__init__`: a row has nothing to check, to default or to tell."""
    instance = cls.__new__(cls)
    state = instance._state = ModelState()
    state.adding, state.db = False, db
    instance.__dict__.update(zip(field_names, values, strict=True))
    return instance


def read_plainly(classes: Iterable[type[models.Model]]) -> None:
    """Let rows become instances without `__init__`, where that would do nothing else with them.

    That is so of models which neither have an `__init__` or `from_db` of their own, nor fields that do more with a
    value than keep it, nor listeners to the signals of making an instance.
    """
    usual: Any = models.Model.from_db
    for model in classes:
        own: Any = model.from_db
        plain = model.__init__ is models.Model.__init__ and own.__func__ in {usual.__func__, _from_row}
        told = models.signals.pre_init.has_listeners(model) or models.signals.post_init.has_listeners(model)
        if plain and not told and all(_is_kept_as_is(model, field) for field in model._meta.concrete_fields):
            model.from_db = classmethod(_from_row)  # type: ignore[method-assign, assignment]
        elif own.__func__ is _from_row:  # of the model it inherits from
            model.from_db = classmethod(usual.__func__)  # type: ignore[method-assign, assignment]


def _is_kept_as_is(model: type[models.Model], field: Any) -> bool:
    """Whether setting the field of an instance puts the value into its `__dict__`, and nothing more."""
    setter = getattr(inspect.getattr_static(model, field.attname), "__set__", None)
    return setter is None or getattr(setter, "__func__", None) in _SETTERS


_SETTERS = {ForeignKeyDeferredAttribute.__set__, FSMFieldDescriptor.__set__}
