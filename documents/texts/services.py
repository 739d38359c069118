"""Read the text of stored files, in a child with limits; whatever happens, the file itself stays as it is."""

from __future__ import annotations

import datetime as dt
import json
import logging
import signal
import uuid
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from documents import outage, statements, storage
from documents.enums import Bucket
from documents.formats import by_extension
from documents.inspector import Inspector
from documents.models import StoredFile
from documents.texts import words
from documents.texts.enums import Outcome, Why
from documents.texts.models import FileText, TextPage

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 4
WALL_SECONDS = 120
# The job comes first; what it left is taken by the sweep after this time.
SWEEP_AFTER = dt.timedelta(minutes=3)

_inspector = Inspector("documents.texts.reading")


class CannotRead(Exception):
    """Nothing is known about the text: the reading itself did not work, and is tried again."""

    def __init__(self, detail: str, *, is_store_away: bool = False) -> None:
        super().__init__(detail)
        self.is_store_away = is_store_away


def ask_for(file: StoredFile, now: dt.datetime) -> None:
    """Have the text of a file read that was just stored: the row in this transaction, the job after it."""
    from documents.texts.tasks import read_text

    statements.claim(FileText(file=file, due_at=now + SWEEP_AFTER), ["file"])
    transaction.on_commit(lambda: read_text.enqueue(file_id=str(file.pk)))


def read(*, file_id: uuid.UUID, now: dt.datetime) -> Outcome | None:
    """Read one file's text and keep it with its index; None when there is nothing to do or another was quicker.

    Idempotent and safe to kill: the attempt is counted before, and the sweep takes what is still pending. Nothing is
    locked while the file is read. A store that does not answer is no attempt at the file.
    """
    pending = FileText.objects.filter(pk=file_id, outcome=Outcome.PENDING, file__bucket=Bucket.CLEAN)
    row = pending.select_related("file").first()
    if row is None:
        return None
    pending.update(attempts=F("attempts") + 1, due_at=now + SWEEP_AFTER)
    try:
        said, pages = _read(row.file)
    except CannotRead as error:
        logger.warning("The text of file %s could not be read: %s", file_id, error)
        return _put_off(pending, error, now)
    with transaction.atomic():
        locked = pending.select_for_update(of=("self",), no_key=True).first()
        if locked is None:
            return None
        return _keep(locked, said, pages, now)


def _read(file: StoredFile) -> tuple[dict[str, Any], list[TextPage]]:
    said = _ask(file)
    return said, [_page(file, n, place) for n, place in enumerate(said.get("places", []), start=1)]


def _ask(file: StoredFile) -> dict[str, Any]:
    kind = by_extension(file.name)
    if kind is None:
        return {"problem": Why.BROKEN.value, "detail": "unknown ending"}
    try:
        with storage.store(file.bucket).on_disk(file.key) as path:
            ended, said = _inspector.ask(path, kind.value, WALL_SECONDS)
    except FileNotFoundError:
        return {"problem": Why.LOST.value}
    except Exception as error:  # the store, the disk, or the process that reads
        raise CannotRead(f"{type(error).__name__}: {error}", is_store_away=outage.is_store_away(error)) from error
    if ended == -signal.SIGALRM:  # of its time on the clock: the machine may only have been busy
        raise CannotRead(f"It was not read within {WALL_SECONDS} seconds.")
    if ended < 0:  # a limit, or the file itself, ended the child
        return {"problem": Why.TOO_HEAVY.value, "detail": f"signal {-ended}"}
    if ended:
        raise CannotRead(f"The reading ended with status {ended}.")
    return dict(json.loads(said))


def _keep(row: FileText, said: dict[str, Any], pages: list[TextPage], now: dt.datetime) -> Outcome:
    row.why = said.get("without") or said.get("problem") or ""
    outcome = Outcome.READ if not row.why else Outcome.WITHOUT if said.get("without") else Outcome.FAILED
    row.outcome, row.ended_at = outcome, now
    row.detail = said.get("detail", "")[:300].replace("\x00", "")
    row.is_cut, row.blank_pages = bool(said.get("is_cut")), said.get("blank_pages", 0)
    row.save()
    TextPage.objects.filter(file=row.file_id).delete()
    TextPage.objects.bulk_create(pages, batch_size=200)
    return outcome


def _page(file: StoredFile, position: int, place: dict[str, Any]) -> TextPage:
    text = words.readable(place["text"])
    body, _places = words.normal(text)
    return TextPage(
        file=file, position=position, page=place["page"], sheet=words.readable(place["sheet"])[:120],
        first_row=place["row"], text=text, body=body, terms=words.terms_of(body),
    )  # fmt: skip


def _put_off(pending: QuerySet[FileText], error: CannotRead, now: dt.datetime) -> Outcome | None:
    with transaction.atomic():
        row = pending.select_for_update(of=("self",), no_key=True).first()
        if row is None:
            return None
        row.detail = str(error)[:300].replace("\x00", "")
        if error.is_store_away:
            row.attempts -= 1
        elif row.attempts >= MAX_ATTEMPTS:
            row.outcome, row.why, row.ended_at = Outcome.FAILED, Why.GAVE_UP, now
        row.due_at = now + SWEEP_AFTER * 2**row.attempts
        row.save(update_fields=["detail", "attempts", "outcome", "why", "ended_at", "due_at"])
    return Outcome(row.outcome)
