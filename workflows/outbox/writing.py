"""Many messages written at once."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from workflows.outbox.enums import Kind
from workflows.outbox.models import Message


@dataclass(frozen=True, slots=True)
class Line:
    """One message to be. `is_dispatched`: it needs no way out of its own, another mail says it."""

    recipient_id: int
    authority_id: int
    kind: Kind
    subject_type: str
    subject_id: int
    application_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    is_dispatched: bool = False


_COPY = (
    f"COPY {Message._meta.db_table} (uuid, recipient_id, kind, authority_id, application_id, subject_type, subject_id, "
    "facts, created_at, is_dispatched) FROM STDIN"
)


def write(lines: Iterable[Line], now: dt.datetime) -> int:
    """Write messages in one statement; returns how many."""
    # The lines first: who makes them may ask the database, which hears nothing else while it copies.
    rows = list(lines)
    if not rows:
        return 0
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for line in rows:
            copy.write_row((
                uuid.uuid4(), line.recipient_id, line.kind.value, line.authority_id, line.application_id,
                line.subject_type, line.subject_id, json.dumps(line.facts, ensure_ascii=False), now, line.is_dispatched,
            ))  # fmt: skip
    return len(rows)
