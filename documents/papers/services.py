"""Ask for papers, and make them.

`request` writes a row in the caller's transaction and nothing else. `produce` renders and signs outside
any transaction and stores the result in one; whatever goes wrong is kept on the row, which is tried
again with a doubling delay until it succeeds.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import Any

from django.db import Error, connection, transaction
from django.db.models import F
from django.utils import timezone

from documents import statements
from documents.models import StoredFile
from documents.papers import archive, contexts, making
from documents.papers.enums import PaperState
from documents.papers.models import Paper
from documents.papers.registry import handlers_of, when_stored

__all__ = ["produce", "produce_due", "request", "retry", "when_stored"]

logger = logging.getLogger(__name__)

# The job that follows the commit comes first; the sweep looks only at what it has left.
JOB_HEAD_START = dt.timedelta(minutes=2)
FIRST_DELAY = dt.timedelta(minutes=1)
LONGEST_DELAY = dt.timedelta(hours=1)


def request(
    *,
    kind: str,
    template: str,
    title: str,
    context: dict[str, Any],
    signers: list[str],
    owner_kind: str,
    owner_id: uuid.UUID,
    dated_on: dt.date,
    document_number: str = "",
    language: str = "zh-hans",
    now: dt.datetime,
) -> Paper:
    """Ask for a paper; a worker makes it after the caller's transaction has committed.

    `signers` are names of keys (authority codes) in the order in which they sign; `context` must have
    the shape of `documents.papers.contexts` for the template. Raises ContextError, and ValueError
    without a signer; then the caller's step must not happen.
    """
    if not signers or len(set(signers)) != len(signers):
        raise ValueError(f"A paper needs at least one signer, and each once; got {signers!r}.")
    paper = Paper(
        kind=kind, template=template, title=title, context=contexts.checked(template, context), signers=signers,
        owner_kind=owner_kind, owner_id=owner_id, dated_on=dated_on, document_number=document_number,
        language=language, requested_at=now, next_try_at=now + JOB_HEAD_START,
    )  # fmt: skip
    statements.insert([paper])
    _enqueue(paper)
    return paper


def retry(*, paper: Paper, now: dt.datetime) -> None:
    """Try a waiting paper again at once, for example after a missing key was put in place."""
    Paper.objects.waiting().filter(pk=paper.pk).update(next_try_at=now + JOB_HEAD_START)
    _enqueue(paper)


def _enqueue(paper: Paper) -> None:
    from documents.papers.tasks import produce as job

    transaction.on_commit(lambda: job.enqueue(paper_id=paper.pk))


def produce(paper_id: int, *, now: dt.datetime | None = None) -> Paper:
    """Make one paper: render, sign, store. Idempotent; never called inside a transaction.

    Any failure is logged and kept in `last_error`, with the moment of the next try; nothing is raised,
    because the row itself is the promise to go on. `now` is for simulated time only.
    """
    paper = Paper.objects.get(pk=paper_id)
    if not paper.is_stored and _claim(paper, now=now or timezone.now()):
        _attempt(paper, now=now)
        paper.refresh_from_db()
    return paper


def produce_due(*, now: dt.datetime, limit: int) -> int:
    """Make what is due, at most `limit` papers; returns how many were tried."""
    due = list(Paper.objects.due(now).values_list("pk", flat=True)[:limit])
    for paper_id in due:
        produce(paper_id)
    return len(due)


def _claim(paper: Paper, *, now: dt.datetime) -> bool:
    # Counted before the work: a worker killed in the middle leaves a row that is due again later. The
    # old count in the filter lets one of two workers through that have read the same row.
    return bool(
        Paper.objects.waiting()
        .filter(pk=paper.pk, attempts=paper.attempts)
        .update(attempts=F("attempts") + 1, next_try_at=now + delay_after(paper.attempts + 1))
    )


def delay_after(attempts: int) -> dt.timedelta:
    """How long after the n-th try the next one comes: 1, 2, 4 ... minutes, at most an hour."""
    doublings = min(attempts - 1, 10)
    return min(FIRST_DELAY * int(2**doublings), LONGEST_DELAY)


def _attempt(paper: Paper, *, now: dt.datetime | None) -> None:
    try:
        store(paper=paper, pdf=making.make(paper), now=now or timezone.now())
    except Exception as error:  # the row keeps the error, whatever it is, and is tried again
        logger.exception("Paper %s (%s) could not be made", paper.uuid, paper.kind)
        Paper.objects.waiting().filter(pk=paper.pk).update(state=PaperState.FAILED, last_error=_told(error))


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:4000]


def store(*, paper: Paper, pdf: bytes, now: dt.datetime) -> bool:
    """Store a signed PDF as the paper's file and run the handlers, in one transaction of its own.

    The bytes go into the store first; whoever comes second finds the row stored and takes its bytes
    back. Returns whether this PDF became the file. Raises what a handler raises; then nothing is stored.
    An answer to the commit that was lost on the way says nothing: the row itself is asked again.
    """
    kept = archive.put(paper, pdf)
    try:
        won = _store_row(paper.pk, kept, now)
    except BaseException as error:
        if _discard_unless_stored(kept) and isinstance(error, Error):
            return True
        raise
    if not won:
        archive.discard(kept)
    return won


def _discard_unless_stored(kept: archive.Kept) -> bool:
    """Take the bytes back where no row has them; whether a row has them.

    While the database does not answer they stay: the sweep of the store takes them when no row has them.
    """
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    try:
        is_stored = StoredFile.objects.filter(pk=kept.uuid).exists()
    except Error:
        logger.exception("Whether the file %s is stored cannot be asked; its bytes stay", kept.uuid)
        return False
    if not is_stored:
        archive.discard(kept)
    return is_stored


def _store_row(paper_id: int, kept: archive.Kept, now: dt.datetime) -> bool:
    with transaction.atomic(durable=True):
        paper = Paper.objects.select_for_update(of=("self",)).get(pk=paper_id)
        if paper.is_stored:
            return False
        paper.file = archive.row_of(kept, now=now)
        paper.state, paper.stored_at, paper.last_error = PaperState.STORED, now, ""
        paper.save(update_fields=["file", "state", "stored_at", "last_error"])
        for handler in handlers_of(paper.kind):
            handler(paper)
        return True
