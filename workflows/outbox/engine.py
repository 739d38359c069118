"""The door's outbox port: writes the rows of who is told of a step, and nothing else.

Runs inside the door's transaction: a step that is undone has told nobody. Words are made where they are read, mail
leaves after the commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qualification import statements
from qualification.door import Event
from workflows.outbox.models import Message
from workflows.outbox.recipients import People, Scene
from workflows.outbox.table import MESSAGES, MessageSpec


def on_event(event: Event) -> None:
    """Write the messages of one step: one query for the people of a kind, one insert. A step nobody is told of costs none."""
    specs = [spec for spec in MESSAGES.get((event.label, event.verb), ()) if spec.when is None or spec.when(event)]
    if not specs:
        return
    people = People(Scene.of(event), [group for spec in specs for group in spec.to])
    messages = {(m.recipient_id, m.kind): m for spec in specs for m in _messages(event, spec, people)}
    if messages:
        statements.insert(list(messages.values()))


def _messages(event: Event, spec: MessageSpec, people: People) -> Iterator[Message]:
    told = people.of(spec.to)
    if event.by is not None and not spec.tells_actor:
        told.pop(event.by.pk, None)
    for user_id, authority_id in told.items():
        yield Message(
            recipient_id=user_id, authority_id=authority_id, kind=spec.kind, application=event.application,
            subject_type=event.label, subject_id=event.subject.pk, facts=_facts(event), log=event.log,
            created_at=event.at,
        )  # fmt: skip


def _facts(event: Event) -> dict[str, Any]:
    """What is not kept elsewhere: a certificate outside a case is named by its number."""
    number = getattr(event.subject, "number", None) if event.application is None else None
    return {"number": number} if number else {}
