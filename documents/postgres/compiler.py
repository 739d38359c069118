"""Django's compilers for PostgreSQL, which keep what they have made of each shape of query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db.backends.postgresql import compiler as django
from django.db.models.sql.constants import GET_ITERATOR_CHUNK_SIZE, MULTI, ROW_COUNT, SINGLE
from psycopg.types.json import Jsonb

from documents import statements
from documents.postgres.shapes import Unshaped, shape_of, shape_of_update

SQLAggregateCompiler = django.SQLAggregateCompiler
SQLDeleteCompiler = django.SQLDeleteCompiler

# What a compiler knows after it has made the SQL, and others need to read the rows.
LEARNED = ("select", "klass_info", "annotation_col_map", "col_count", "has_extra_select")
# Stands for the SQL of a shape that has no rows whatever its values are, such as that of `none()`.
NO_ROWS = ""
# Shapes of one process; a program has some hundreds.
MOST = 5000

Made = tuple[str, list[Any]]
Known = tuple[str, tuple[Any, ...], dict[str, Any]]
_known: dict[tuple[Any, ...], Known | None] = {}


def remembered(compiler: Any, shaped: Callable[[Any], tuple[tuple[Any, ...], list[Any]]]) -> Made | None:
    """SQL and values of a compiler's query, with everything else a compiler knows of it; None where it has no shape."""
    try:
        shape, values = shaped(compiler)
    except (Unshaped, EmptyResultSet, FullResultSet):
        return None
    if shape not in _known:
        _learn(compiler, shape, values)
    known = _known.get(shape)  # another thread may have emptied it
    if known is None:
        return None
    sql, first, learned = known
    compiler.__dict__.update(learned)
    return sql, [*first, *values]


def _learn(compiler: Any, shape: tuple[Any, ...], values: list[Any]) -> None:
    """Compile once. A shape whose values do not come as expected is compiled each time."""
    if len(_known) >= MOST:
        _known.clear()
    _known[shape] = None
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        sql, params = NO_ROWS, tuple(values)
    except FullResultSet:
        return
    own = len(params) - len(values)
    if own >= 0 and all(map(_is_same, params[own:], values)):
        _known[shape] = sql, tuple(params[:own]), {name: getattr(compiler, name, None) for name in LEARNED}


def _is_same(one: Any, other: Any) -> bool:
    return bool(one.obj == other.obj if isinstance(one, Jsonb) and isinstance(other, Jsonb) else one == other)


class SQLCompiler(django.SQLCompiler):
    """Compiles a shape of query once; its SQL is then prepared by PostgreSQL."""

    def execute_sql(
        self, result_type: Any = MULTI, chunked_fetch: bool = False, chunk_size: int = GET_ITERATOR_CHUNK_SIZE
    ) -> Any:
        """Run the query; as Django's, which does it where the shape is not known."""
        made = None if chunked_fetch or result_type not in {MULTI, SINGLE} else self._remembered()
        if made is None:
            return super().execute_sql(result_type, chunked_fetch, chunk_size)
        rows = statements.execute(*made)[0] if made[0] != NO_ROWS else []
        width: Any = self.col_count
        if result_type == SINGLE:
            return rows[0][:width] if rows else None
        return [[row[:width] for row in rows] if self.has_extra_select else rows]

    def _remembered(self) -> Made | None:
        if self.query.select_for_update and self.connection.get_autocommit():
            return None  # Django says that it needs a transaction
        return remembered(self, shape_of)


class SQLUpdateCompiler(django.SQLUpdateCompiler):
    """The same for an UPDATE."""

    def execute_sql(self, result_type: Any) -> Any:  # type: ignore[override]
        """Run the query; how many rows it has changed."""
        made = self._remembered() if result_type == ROW_COUNT else None
        if made is None:
            return super().execute_sql(result_type)
        return statements.execute(*made, has_rows=False)[1] if made[0] != NO_ROWS else 0

    def _remembered(self) -> Made | None:
        return remembered(self, shape_of_update)


class SQLInsertCompiler(django.SQLInsertCompiler):
    """One new row is inserted by a prepared query."""

    def execute_sql(self, returning_fields: Any = None) -> Any:  # type: ignore[override]
        """Run the query; the columns that are asked back."""
        if len(self.query.objs) != 1:
            return super().execute_sql(returning_fields)
        self.returning_fields = returning_fields
        ((sql, params),) = self.as_sql()
        rows, _count = statements.execute(sql, params, has_rows=bool(returning_fields))
        table = self.query.get_meta().db_table
        converters = self.get_converters([field.get_col(table) for field in returning_fields or ()])
        return list(self.apply_converters(rows, converters)) if converters else rows
