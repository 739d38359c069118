"""What is to be done in the transaction that stores a paper, by kind of paper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from documents.papers.models import Paper

Handler = Callable[[Paper], None]

_handlers: dict[str, list[Handler]] = defaultdict(list)


def when_stored(kind: str, handler: Handler) -> None:
    """Run `handler(paper)` in the transaction that stores a paper of this kind.

    The handler finds the moment in `paper.stored_at`; if it raises, nothing is stored and the paper is
    tried again. Registering the same handler twice counts once.
    """
    if handler not in _handlers[kind]:
        _handlers[kind].append(handler)


def forget(kind: str, handler: Handler) -> None:
    """Take a handler back."""
    _handlers[kind].remove(handler)


def handlers_of(kind: str) -> tuple[Handler, ...]:
    """The handlers of a kind, in the order of their registration."""
    return tuple(_handlers.get(kind, ()))
