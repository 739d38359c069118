"""Django's PostgreSQL backend with compilers that remember what they have compiled."""

from __future__ import annotations

from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    """Names the compilers."""

    compiler_module = "documents.postgres.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL."""

    ops_class = DatabaseOperations
