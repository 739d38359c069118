"""The queries of `documents.statements`, under the name by which the layers above know them."""

from documents.statements import (
    PREPARED_AFTER,
    PreparedCursor,
    Statement,
    execute,
    fetch,
    insert,
    lock,
    prepare_relations,
    prepared_cursor,
    update,
)

__all__ = [
    "PREPARED_AFTER",
    "PreparedCursor",
    "Statement",
    "execute",
    "fetch",
    "insert",
    "lock",
    "prepare_relations",
    "prepared_cursor",
    "update",
]
