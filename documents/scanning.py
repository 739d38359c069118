"""Check received files, and let the clean ones out of the quarantine.

A scanner looks at a file on disk and returns a Finding. All registered scanners are asked; the first
problem refuses the file. What a file was checked for is kept as its level: the structural scanner alone
does not make a file servable in production (`StoredFile.is_servable`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import signal
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import F

from documents import leases, outage, statements, storage
from documents.enums import Bucket, ScanLevel, ScanState
from documents.formats import MIME, Format, by_extension
from documents.inspector import Inspector, InspectorFailed
from documents.leases import Lease, LeaseLost
from documents.models import StoredFile, Version
from documents.statements import Statement

logger = logging.getLogger(__name__)

# With the waiting between them (`documents.tasks.delay`) about a day.
MAX_ATTEMPTS = 12
# A large file takes longer, on a busy machine with a slow disk too.
WALL_SECONDS = 120.0
BYTES_A_SECOND = 8 * 1024 * 1024


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

    def scan(self, path: Path, name: str, kin: str = "") -> Finding:
        """Look at the file at `path`, uploaded as `name` by the sender `kin`.

        Raises ScanFailed when the look did not succeed.
        """
        ...


class StructuralScanner:
    """Is the file what its name says, does it open, is it free of passwords, macros and bombs."""

    name = "structure"
    level = ScanLevel.STRUCTURE

    def scan(self, path: Path, name: str, kin: str = "") -> Finding:
        """Inspect in a child process with limits; a child that was killed by them refuses the file."""
        promised = by_extension(name)
        if promised is None:
            return Finding("wrong_type", {"allowed": [item.value for item in Format]})
        answer = _run_child(path, promised, kin)
        if answer.get("problem"):
            return Finding(answer["problem"], {"promised": promised.value, **answer.get("params", {})}, answer)
        return Finding(facts={**answer, "content_type": MIME[promised]})


_inspector = Inspector()


def _run_child(path: Path, promised: Format, kin: str) -> dict[str, Any]:
    try:
        seconds = WALL_SECONDS + path.stat().st_size / BYTES_A_SECOND
        ended, said = _inspector.ask(path, promised.value, seconds, kin=kin)
    except InspectorFailed as error:
        raise ScanFailed(str(error)) from error
    if ended == -signal.SIGALRM:  # the machine was busy; a file that is too heavy reaches the limit of the processor
        raise ScanFailed("The check took too long.")
    if ended < 0:  # a limit, or the file itself, ended the child
        return {"problem": "too_heavy", "signal": -ended}
    if ended:
        raise ScanFailed(f"The check ended with status {ended}.")
    return dict(json.loads(said))


_scanners: list[Scanner] = [StructuralScanner()]
_told: list[Callable[[StoredFile, dt.datetime], None]] = []


def register_scanner(scanner: Scanner) -> None:
    """Ask this scanner too, after those already there. One name is registered once."""
    if scanner.name not in {known.name for known in _scanners}:
        _scanners.append(scanner)


def when_promoted(tell: Callable[[StoredFile, dt.datetime], None]) -> None:
    """Have a function told, in the same transaction, of every file that comes into the clean bucket."""
    if tell not in _told:
        _told.append(tell)


def check(file_id: uuid.UUID, *, now: dt.datetime, held: Lease | None = None) -> StoredFile:
    """Check one received file and move it to the clean bucket when nothing is wrong; returns the row as it is then.

    Idempotent, and safe to kill at any moment: the sweep goes on from what is recorded. A refused file's version is
    withdrawn, so that it counts nowhere. No transaction is open while it is looked at or copied: a lease keeps others
    away, and a file that another process is at work on is left to it. A store that does not answer is no attempt at
    the file: its error is raised. `held`: whoever received the file has the lease, and has counted this attempt.
    """
    lease = held or leases.to_check(file_id, now)
    file = StoredFile.objects.get(pk=file_id) if lease is None else next(READ.instances(pk=file_id))
    if lease is None or file.is_stored:
        return file
    try:
        with leases.kept(lease):
            fault = _go_through(file, lease, now)
    except LeaseLost:
        logger.warning("File %s was taken over by another process", file_id)
        return StoredFile.objects.get(pk=file_id)
    except Exception as error:
        if outage.is_store_away(error):
            StoredFile.objects.filter(pk=file_id, scan_attempts__gt=0).update(scan_attempts=F("scan_attempts") - 1)
        raise
    if fault is not None:
        raise fault
    if file.is_stored:
        storage.remove(Bucket.QUARANTINE, file.key)
    return file


def _go_through(file: StoredFile, lease: Lease, now: dt.datetime) -> Exception | None:
    """Look, move what is clean, and write both down at once; returns what went wrong after the look."""
    changed = _look(file, now)
    fault = promote(file, changed, now, still=lease.renew) if file.scan_state == ScanState.CLEAN else None
    _write_down(file, changed, lease, now)
    return fault


def _write_down(file: StoredFile, changed: set[str], lease: Lease, now: dt.datetime) -> None:
    """What was found, the lease's end, and whatever follows from it, in one short transaction. Raises LeaseLost."""
    file.lease = file.leased_until = None
    with transaction.atomic():
        if not statements.update(file, sorted(changed | set(leases.NOBODY)), still={"lease": lease.token}):
            raise LeaseLost(file.pk)
        if file.scan_state == ScanState.REFUSED or _is_lost(file):
            Version.objects.live().filter(file=file, is_frozen=False).update(withdrawn_at=now)
        for tell in _told if file.is_stored else ():
            tell(file, now)


READ = Statement(lambda pk: StoredFile.objects.filter(pk=pk), pk=uuid.UUID)


def _look(file: StoredFile, now: dt.datetime) -> set[str]:
    """Have the scanners look, unless they have; returns which columns of the row have changed."""
    if file.scan_state in {ScanState.CLEAN, ScanState.REFUSED}:
        return set()
    try:
        with storage.store(file.bucket).on_disk(file.key) as path:
            _demand_same(path, file)
            verdict = _ask_all(path, file)
    except storage.Altered:
        logger.exception("File %s was altered in the quarantine", file.pk)
        return _lose(file, now)
    except Exception as error:  # whatever it was, the file is not clean
        if outage.is_store_away(error):
            raise
        logger.exception("File %s could not be checked", file.pk)
        return _fail(file, f"{type(error).__name__}: {error}", now)
    return _record(file, verdict, now)


def _demand_same(path: Path, file: StoredFile) -> None:
    """What is looked at is what was received: who still holds a form for the key could put other bytes there."""
    with path.open("rb") as handle:
        if hashlib.file_digest(handle, "sha256").hexdigest() != file.sha256:
            raise storage.Altered(file.key)


def _ask_all(path: Path, file: StoredFile) -> dict[str, Any]:
    verdict: dict[str, Any] = {"scanners": [], "level": ScanLevel.NONE.value}
    for scanner in _scanners:
        finding = scanner.scan(path, file.name, str(file.uploaded_by_id or ""))
        verdict["scanners"].append(scanner.name)
        verdict.update(finding.facts)
        if finding.problem:
            return {**verdict, "problem": finding.problem, "params": dict(finding.params)}
        verdict["level"] = scanner.level.value
    return verdict


def _record(file: StoredFile, verdict: dict[str, Any], now: dt.datetime) -> set[str]:
    refused = bool(verdict.get("problem"))
    file.scan_state = ScanState.REFUSED if refused else ScanState.CLEAN
    file.scan_level = verdict.pop("level")
    file.content_type = verdict.pop("content_type", file.content_type)
    file.scan_verdict, file.scanned_at = verdict, now
    return {"scan_state", "scan_level", "content_type", "scan_verdict", "scanned_at"}


def _fail(file: StoredFile, detail: str, now: dt.datetime) -> set[str]:
    problem = "failed" if file.scan_attempts < MAX_ATTEMPTS else "gave_up"
    file.scan_state, file.scanned_at = ScanState.FAILED, now
    file.scan_verdict = {"problem": problem, "params": {}, "detail": detail[:1000]}
    return {"scan_state", "scan_verdict", "scanned_at"}


def promote(file: StoredFile, changed: set[str], now: dt.datetime, *, still: Callable[[], None]) -> Exception | None:
    """Copy a checked file to the clean bucket and prove the hash; adds to the columns that have changed.

    `still` is asked before bytes are removed there, and raises LeaseLost when the file is another's by now. A copy with another hash fails the file. Returns what else went wrong: what the scanners said is kept all the same.
    """
    try:
        storage.copy_to_clean(file.key, storage.Written(file.size or 0, file.sha256), still=still)
    except LeaseLost:
        raise
    except (storage.Altered, FileNotFoundError):
        logger.exception("File %s was altered or lost in the quarantine", file.pk)
        changed |= _lose(file, now)
    except Exception as error:
        return error
    else:
        file.bucket, file.promoted_at = Bucket.CLEAN, now
        changed |= {"bucket", "promoted_at"}
    return None


def _lose(file: StoredFile, now: dt.datetime) -> set[str]:
    file.scan_state, file.scanned_at, file.scan_attempts = ScanState.FAILED, now, MAX_ATTEMPTS
    file.scan_verdict = {"problem": "altered", "params": {}}
    return {"scan_state", "scan_verdict", "scanned_at", "scan_attempts"}


def _is_lost(file: StoredFile) -> bool:
    return bool(file.scan_verdict.get("problem") == "altered")


def is_checked_at_once(size: int) -> bool:
    """Whether a file is small enough to be checked while the person waits."""
    return size <= settings.UPLOAD_CHECK_AT_ONCE_BYTES
