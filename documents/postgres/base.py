"""Django's PostgreSQL backend with compilers that remember what they have compiled."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.backends.postgresql import base, operations
from django.db.backends.postgresql.psycopg_any import BaseTzLoader


class MomentLoader(BaseTzLoader):  # type: ignore[misc, unused-ignore]
    """Reads a moment in UTC by Python's own reader; whatever that does not know, psycopg reads."""

    timezone = dt.UTC

    def load(self, data: Any) -> dt.datetime:
        """The moment of a timestamptz."""
        text = str(data, "ascii")
        if text.endswith("+00"):
            try:
                return dt.datetime.fromisoformat(text)
            except ValueError:
                pass
        moment: dt.datetime = super().load(data)
        return moment


class DatabaseOperations(operations.DatabaseOperations):
    """Names the compilers."""

    compiler_module = "documents.postgres.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL."""

    ops_class = DatabaseOperations

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that reads moments quickly where Django wants them in UTC."""
        connection = super().get_new_connection(conn_params)
        if self.timezone == MomentLoader.timezone:
            connection.adapters.register_loader("timestamptz", MomentLoader)
        return connection

    def schema_editor(self, *args: Any, **kwargs: Any) -> Any:
        """Whoever changes tables begins without plans made for the tables as they were."""
        from documents import statements  # models are loaded after the backend

        statements.forget(self)
        return super().schema_editor(*args, **kwargs)
