"""Check received files, and let the clean ones out of the quarantine.

A scanner looks at a file on disk and returns a Finding. All registered scanners are asked; the first
problem refuses the file. What a file was checked for is kept as its level: the structural scanner alone
does not make a file servable in production (`StoredFile.is_servable`).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import F

from documents import storage
from documents.enums import Bucket, ScanLevel, ScanState
from documents.formats import MIME, Format, by_extension
from documents.inspector import Inspector, InspectorFailed
from documents.models import StoredFile, Version

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
WALL_SECONDS = 120


class ScanFailed(Exception):
    """The check itself did not work; nothing is known about the file, and it is tried again."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one scanner found. `problem` is a code of `documents.messages`, empty when there is none."""

    problem: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


class Scanner(Protocol):
    """Something that looks at a file. `level` is what a file is worth once it passed."""

    name: str
    level: ScanLevel

    def scan(self, path: Path, name: str) -> Finding:
        """Look at the file at `path`, uploaded as `name`. Raises ScanFailed when the look did not succeed."""
        ...


class StructuralScanner:
    """Is the file what its name says, does it open, is it free of passwords, macros and bombs."""

    name = "structure"
    level = ScanLevel.STRUCTURE

    def scan(self, path: Path, name: str) -> Finding:
        """Inspect in a child process with limits; a child that was killed by them refuses the file."""
        promised = by_extension(name)
        if promised is None:
            return Finding("wrong_type", {"allowed": [item.value for item in Format]})
        answer = _run_child(path, promised)
        if answer.get("problem"):
            return Finding(answer["problem"], {"promised": promised.value, **answer.get("params", {})}, answer)
        return Finding(facts={**answer, "content_type": MIME[promised]})


_inspector = Inspector()


def _run_child(path: Path, promised: Format) -> dict[str, Any]:
    try:
        ended, said = _inspector.ask(path, promised.value, WALL_SECONDS)
    except InspectorFailed as error:
        raise ScanFailed(str(error)) from error
    if ended < 0:  # a limit, or the file itself, ended the child
        return {"problem": "too_heavy", "signal": -ended}
    if ended:
        raise ScanFailed(f"The check ended with status {ended}.")
    return dict(json.loads(said))


_scanners: list[Scanner] = [StructuralScanner()]


def register_scanner(scanner: Scanner) -> None:
    """Ask this scanner too, after those already there. One name is registered once."""
    if scanner.name not in {known.name for known in _scanners}:
        _scanners.append(scanner)


def check(file_id: uuid.UUID, *, now: dt.datetime) -> StoredFile:
    """Check one received file and move it to the clean bucket when nothing is wrong; returns the row as it is then.

    Idempotent, and safe to kill at any moment: the sweep goes on from what is recorded. A refused file's version is
    withdrawn, so that it counts nowhere. Another process at work on the same file is left to it.
    """
    StoredFile.objects.filter(pk=file_id, scan_state__in=[ScanState.PENDING, ScanState.FAILED]).update(
        scan_attempts=F("scan_attempts") + 1
    )
    with transaction.atomic():
        file = _claim(file_id)
        if file is not None:
            _look(file, now)
    if file is not None and file.scan_state == ScanState.CLEAN:
        promote(file_id, now=now)
    return StoredFile.objects.get(pk=file_id)


def _claim(file_id: uuid.UUID) -> StoredFile | None:
    locked = StoredFile.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return locked.filter(
        pk=file_id, received_at__isnull=False, discarded_at__isnull=True, bucket=Bucket.QUARANTINE
    ).first()


def _look(file: StoredFile, now: dt.datetime) -> None:
    if file.scan_state in {ScanState.CLEAN, ScanState.REFUSED}:
        return
    try:
        with storage.store(file.bucket).on_disk(file.key) as path:
            verdict = _ask_all(path, file.name)
    except Exception as error:  # whatever it was, the file is not clean
        logger.exception("File %s could not be checked", file.pk)
        _fail(file, f"{type(error).__name__}: {error}", now)
    else:
        _record(file, verdict, now)


def _ask_all(path: Path, name: str) -> dict[str, Any]:
    verdict: dict[str, Any] = {"scanners": [], "level": ScanLevel.NONE.value}
    for scanner in _scanners:
        finding = scanner.scan(path, name)
        verdict["scanners"].append(scanner.name)
        verdict.update(finding.facts)
        if finding.problem:
            return {**verdict, "problem": finding.problem, "params": dict(finding.params)}
        verdict["level"] = scanner.level.value
    return verdict


def _record(file: StoredFile, verdict: dict[str, Any], now: dt.datetime) -> None:
    refused = bool(verdict.get("problem"))
    file.scan_state = ScanState.REFUSED if refused else ScanState.CLEAN
    file.scan_level = verdict.pop("level")
    file.content_type = verdict.pop("content_type", file.content_type)
    file.scan_verdict, file.scanned_at = verdict, now
    file.save(update_fields=["scan_state", "scan_level", "content_type", "scan_verdict", "scanned_at"])
    if refused:
        Version.objects.live().filter(file=file, is_frozen=False).update(withdrawn_at=now)


def _fail(file: StoredFile, detail: str, now: dt.datetime) -> None:
    problem = "failed" if file.scan_attempts < MAX_ATTEMPTS else "gave_up"
    file.scan_state, file.scanned_at = ScanState.FAILED, now
    file.scan_verdict = {"problem": problem, "params": {}, "detail": detail[:1000]}
    file.save(update_fields=["scan_state", "scan_verdict", "scanned_at"])


def promote(file_id: uuid.UUID, *, now: dt.datetime) -> bool:
    """Copy a checked file to the clean bucket, prove the hash, stamp the row, then empty the quarantine.

    Returns whether the file lies in the clean bucket afterwards. A copy with another hash fails the file.
    """
    with transaction.atomic():
        file = _claim(file_id)
        if file is None or file.scan_state != ScanState.CLEAN:
            return StoredFile.objects.filter(pk=file_id, bucket=Bucket.CLEAN).exists()
        try:
            storage.copy_to_clean(file.key, storage.Written(file.size or 0, file.sha256))
        except (storage.Altered, FileNotFoundError):
            logger.exception("File %s was altered or lost in the quarantine", file.pk)
            _lose(file, now)
            return False
        file.bucket, file.promoted_at = Bucket.CLEAN, now
        file.save(update_fields=["bucket", "promoted_at"])
    storage.remove(Bucket.QUARANTINE, file.key)
    return True


def _lose(file: StoredFile, now: dt.datetime) -> None:
    file.scan_state, file.scanned_at, file.scan_attempts = ScanState.FAILED, now, MAX_ATTEMPTS
    file.scan_verdict = {"problem": "altered", "params": {}}
    file.save(update_fields=["scan_state", "scan_verdict", "scanned_at", "scan_attempts"])
    Version.objects.live().filter(file=file, is_frozen=False).update(withdrawn_at=now)


def is_checked_at_once(size: int) -> bool:
    """Whether a file is small enough to be checked while the person waits."""
    return size <= settings.UPLOAD_CHECK_AT_ONCE_BYTES
