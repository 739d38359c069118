"""The lifeline: one connection that tells the reaper that this worker process lives.

A job may work for minutes without the database, or lose its connection; the lifeline stays and comes back
by itself, and ends with the process.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time

import psycopg
from django.db import connection
from django.utils.crypto import get_random_string

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
PREFIX = "tongzheng-worker"
# PostgreSQL cuts an application_name after 63 bytes.
HOST_LENGTH = 24


def new_worker_id() -> str:
    """An id that no other worker process has had: machine, process and a random part."""
    host = "".join(c for c in socket.gethostname() if c.isascii() and c.isprintable())[:HOST_LENGTH]
    return f"{PREFIX}-{host}-{os.getpid()}-{get_random_string(8)}"


def take_name(worker_id: str) -> None:
    """Make every later connection of this process carry the id as its application_name."""
    os.environ["PGAPPNAME"] = worker_id
    connection.close()


def start(worker_id: str) -> threading.Thread:
    """Hold the lifeline in a thread, and return once it is there. Call `take_name` first."""
    arguments = connection.get_connection_params()
    for name in ("context", "cursor_factory"):
        arguments.pop(name, None)
    ready = threading.Event()
    thread = threading.Thread(target=_hold, args=(arguments, ready), name=f"lifeline-{worker_id}", daemon=True)
    thread.start()
    ready.wait()
    return thread


def _hold(arguments: dict[str, object], ready: threading.Event) -> None:
    while True:
        try:
            with psycopg.connect(**arguments, autocommit=True) as line:  # type: ignore[arg-type]
                ready.set()
                _beat(line)
        except psycopg.Error as error:
            log.warning("The lifeline is broken: %s", error)
            time.sleep(BEAT_SECONDS)


def _beat(line: psycopg.Connection[tuple[object, ...]]) -> None:
    while True:
        line.execute("SELECT 1")
        time.sleep(BEAT_SECONDS)
