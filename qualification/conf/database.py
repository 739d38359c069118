"""The database: the server of DATABASE_URL, or the embedded one under var/."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from qualification.conf.environment import Environment

LOCK_TIMEOUT_SECONDS = 10
IDLE_IN_TRANSACTION_SECONDS = 60
# A connection is kept between requests and jobs: about 190 jobs a second instead of 73.
CONNECTION_SECONDS = 600


def parse_url(url: str) -> dict[str, Any]:
    """Django's settings of a PostgreSQL URL, with `?host=/folder` for a unix socket.

    Other parameters of the query (sslmode, application_name ...) go to libpq as they are.
    Raises ValueError for any other scheme: nothing but PostgreSQL is supported.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(f"DATABASE_URL must begin with postgresql://, not {parts.scheme}://")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = options.pop("host", "")
    port = options.pop("port", "")
    return {
        "ENGINE": "documents.postgres",
        "NAME": unquote(parts.path.lstrip("/")) or "postgres",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "") or host,
        "PORT": str(parts.port or port),
        "OPTIONS": options,
    }


def server_options(statement_timeout: int) -> str:
    """libpq's `options`: the limits of a session, in seconds; 0 is none."""
    limits = {
        "statement_timeout": statement_timeout,
        "lock_timeout": LOCK_TIMEOUT_SECONDS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_SECONDS,
    }
    return " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items())


def database_settings(environment: Environment) -> dict[str, Any]:
    """Settings of the default database. Starts nothing: the embedded server starts at the first connection."""
    if environment.database_url:
        database = parse_url(environment.database_url)
    else:
        database = parse_url("postgresql://postgres@/postgres")
        database["ENGINE"] = "qualification.conf.postgres"
    database["OPTIONS"].setdefault("options", server_options(environment.database_statement_timeout))
    return database | {"CONN_MAX_AGE": CONNECTION_SECONDS, "CONN_HEALTH_CHECKS": True}
