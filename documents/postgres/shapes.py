"""The shape of a query: everything that its SQL depends on, but the values that are put in.

Two queries of the same shape have the same SQL. A shape is only told where all parts of the query are known here; any
other query has none, and is compiled each time as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.apps import apps
from django.db.models import Count, F, Max, Min, Model, OrderBy, Sum, Value
from django.db.models.expressions import Col, Star
from django.db.models.fields.related_lookups import (
    RelatedExact,
    RelatedGreaterThan,
    RelatedGreaterThanOrEqual,
    RelatedIn,
    RelatedIsNull,
    RelatedLessThan,
    RelatedLessThanOrEqual,
)
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IntegerFieldExact,
    IntegerGreaterThan,
    IntegerGreaterThanOrEqual,
    IntegerLessThan,
    IntegerLessThanOrEqual,
    IsNull,
    LessThan,
    LessThanOrEqual,
)
from django.db.models.sql import Query, UpdateQuery
from django.db.models.sql.datastructures import BaseTable, Join
from django.db.models.sql.where import NothingNode, WhereNode

# A longer list has a text of its own for each length, which would not come again.
LIST_LENGTH = 12

_NULLS = frozenset({IsNull, RelatedIsNull})
_LISTS = frozenset({In, RelatedIn})
_COMPARED = frozenset({
    Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual, IntegerFieldExact, IntegerGreaterThan,
    IntegerGreaterThanOrEqual, IntegerLessThan, IntegerLessThanOrEqual, RelatedExact, RelatedGreaterThan,
    RelatedGreaterThanOrEqual, RelatedLessThan, RelatedLessThanOrEqual,
})  # fmt: skip
_AGGREGATES = frozenset({Count, Max, Min, Sum})
_PLAIN = frozenset({bool, int, str, type(None)})


class Unshaped(Exception):
    """The query has a part that is not known here."""


def shape_of(compiler: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """The shape of the compiler's query, and the values of its conditions in the order of the SQL.

    Raises Unshaped; and EmptyResultSet or FullResultSet where a condition already says so.
    """
    query = compiler.query
    if type(query) is not Query:
        raise Unshaped
    return _shape(query, compiler, [compiler.elide_empty], [])


def shape_of_update(compiler: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """The same of an UPDATE of one table: first the values that are set, then those of the conditions."""
    query: Any = compiler.query
    if type(query) is not UpdateQuery or sum(count > 0 for count in query.alias_refcount.values()) > 1:
        raise Unshaped
    values: list[Any] = []
    parts = [_set(field, value, compiler.connection, values) for field, _model, value in query.values]  # type: ignore[attr-defined]
    return _shape(query, compiler, parts, values)


def _shape(query: Any, compiler: Any, parts: list[Any], values: list[Any]) -> tuple[tuple[Any, ...], list[Any]]:
    # A constraint is checked by a query of no model.
    if query.model is None or query.model._meta.apps is not apps:
        raise Unshaped
    parts.append(type(query))
    for name, part in query.__dict__.items():
        if name == "where":
            parts.append(_where(part, compiler, values))
        elif name not in _DERIVED:
            told = _PARTS.get(name)
            parts.append((name, told(part) if told else _plain(part)))
    return tuple(parts), values


def _set(field: Any, value: Any, connection: Any, values: list[Any]) -> tuple[Any, ...]:
    """One column that is set; NULL stands in the text itself."""
    if isinstance(value, Model):
        value = value.prepare_database_save(field)
    if hasattr(value, "resolve_expression"):
        raise Unshaped
    stored = field.get_db_prep_save(value, connection=connection)
    if hasattr(stored, "as_sql"):
        raise Unshaped
    if stored is not None:
        values.append(stored)
    return (id(field), stored is None)


def _where(node: Any, compiler: Any, values: list[Any]) -> tuple[Any, ...]:
    parts: list[Any] = [node.connector, node.negated]
    for child in node.children:
        kind = type(child)
        if kind is WhereNode:
            parts.append(_where(child, compiler, values))
        elif kind is NothingNode:
            parts.append(NothingNode)
        else:
            parts.append((kind, _column(child.lhs), _right(kind, child, compiler, values)) if kind in _KNOWN else _no())
    return tuple(parts)


_KNOWN = _NULLS | _LISTS | _COMPARED


def _right(kind: type, lookup: Any, compiler: Any, values: list[Any]) -> Any:
    """What the right side adds to the text; its values are put to the others."""
    right = lookup.rhs
    if kind in _NULLS or isinstance(right, bool):
        return right if isinstance(right, bool) else _no()
    if hasattr(right, "resolve_expression") or hasattr(right, "as_sql") or lookup.bilateral_transforms:
        raise Unshaped
    if kind in _LISTS and (not isinstance(right, list | tuple | set | frozenset) or len(right) > LIST_LENGTH):
        raise Unshaped
    text, own = lookup.process_rhs(compiler, compiler.connection)
    values.extend(own)
    return text


def _no() -> Any:
    raise Unshaped


def _column(part: Any) -> tuple[Any, ...]:
    # Fields of models in use live as long as the process, so that their address names them.
    return (part.alias, id(part.target), id(part.output_field)) if type(part) is Col else _no()


def _columns(part: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(_column(column) for column in part)


def _tables(part: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple((alias, _table(table)) for alias, table in part.items())


def _table(part: Any) -> tuple[Any, ...]:
    if type(part) is BaseTable:
        return (part.table_name, part.table_alias)
    if type(part) is not Join or part.filtered_relation is not None:
        raise Unshaped
    return (part.table_name, part.table_alias, part.parent_alias, part.join_type, id(part.join_field), part.nullable)


def _annotations(part: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple((name, _annotation(annotation)) for name, annotation in part.items())


def _annotation(part: Any) -> tuple[Any, ...]:
    if type(part) is Value and type(part.value) is int:
        return (Value, part.value, _kind(part))
    if (
        type(part) not in _AGGREGATES
        or part.filter is not None
        or part.distinct
        or part.extra
        or part.empty_result_set_value
    ):
        raise Unshaped
    (inner,) = part.source_expressions
    return (type(part), _kind(part), Star if type(inner) is Star else _column(inner))


def _kind(part: Any) -> type:
    return type(part._output_field_or_none)


def _order(part: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(one if type(one) is str else _ordering(one) for one in part)


def _ordering(part: Any) -> tuple[Any, ...]:
    if type(part) is not OrderBy or type(part.expression) is not F:
        raise Unshaped
    named: Any = part.expression
    return (named.name, part.descending, part.nulls_first, part.nulls_last)


def _tree(part: Any) -> Any:
    return tuple((name, _tree(below)) for name, below in part.items()) if isinstance(part, dict) else _plain(part)


def _nothing(part: Any) -> None:
    if part:
        raise Unshaped


def _names(part: Any) -> Any:
    return None if part is None else tuple(sorted(part))


def _plain(part: Any) -> Any:
    if type(part) in _PLAIN:
        return part
    if isinstance(part, tuple | frozenset) and all(type(one) in _PLAIN for one in part):
        return part
    raise Unshaped


_PARTS: dict[str, Callable[[Any], Any]] = {
    "model": lambda part: part,
    "alias_map": _tables,
    "alias_refcount": lambda part: tuple((alias, count > 0) for alias, count in part.items()),
    "annotations": _annotations,
    "annotation_select_mask": _names,
    "deferred_loading": lambda part: (frozenset(part[0]), part[1]),
    "external_aliases": _nothing,
    "extra": _nothing,
    "extra_select_mask": _names,
    "related_ids": _nothing,
    "related_ids_index": _nothing,
    "related_updates": _nothing,
    "order_by": _order,
    "select": _columns,
    "select_related": _tree,
    "selected": _tree,
    "_filtered_relations": _nothing,
}
# What Django works out from the rest.
_DERIVED = frozenset({
    "table_map", "used_aliases", "base_table", "filter_is_sticky", "_annotation_select_cache", "_extra_select_cache",
    "_lookup_joins", "values",
})  # fmt: skip
