"""Keep what was handed in or issued: locked in the store until its date, and proved to be unchanged day by day."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import takewhile

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from documents import outage, storage
from documents.enums import Bucket, Fault
from documents.models import StoredFile

logger = logging.getLogger(__name__)

PROVED_EVERY = dt.timedelta(hours=20)
PROOF_BATCH = 5000
PROOF_SECONDS = 120


def retention_end(now: dt.datetime) -> dt.datetime:
    """Until when a file that is handed in or issued now is kept: that many years later, on the month's last day at most."""
    local = timezone.localtime(now)
    year = local.year + settings.RETENTION_YEARS
    day = 28 if (local.month, local.day) == (2, 29) else local.day
    return local.replace(year=year, day=day)


def retain(files: QuerySet[StoredFile], *, now: dt.datetime) -> int:
    """Write down that files are kept from now on; a date is only ever made later. The store is told after the commit.

    Call it in the transaction that hands in or issues.
    """
    until = retention_end(now)
    return files.filter(Q(retain_until__isnull=True) | Q(retain_until__lt=until)).update(retain_until=until)


def lock_due(*, limit: int) -> int:
    """Lock in the store what the rows say must be kept; what fails is tried again by the next sweep.

    Returns how many were locked. A file that cannot be locked holds up no other; the first fault is raised at the end.
    """
    locked, fault = 0, None
    for file in StoredFile.objects.to_lock().exclude(fault=Fault.LOST).order_by("retain_until", "pk")[:limit]:
        try:
            storage.store(Bucket.CLEAN).retain(file.key, file.retain_until)  # type: ignore[arg-type]
        except FileNotFoundError:
            _note_fault(file, Fault.LOST)
        except Exception as error:
            logger.exception("File %s could not be locked.", file.pk)
            fault = fault or error
            if outage.is_store_away(error):
                break
        else:
            locked += StoredFile.objects.filter(pk=file.pk).update(locked_until=file.retain_until)
    if fault is not None:
        raise fault
    return locked


@dataclass(slots=True)
class Proof:
    """What a proof has found."""

    proved: int = 0
    lost: list[StoredFile] = field(default_factory=list)
    altered: list[StoredFile] = field(default_factory=list)

    @property
    def bad(self) -> int:
        """How many files are not what they were."""
        return len(self.lost) + len(self.altered)


def prove_due(*, now: dt.datetime, limit: int = PROOF_BATCH) -> Proof:
    """Prove the files whose last proof is the oldest, as far as it is older than a night; at most two minutes long."""
    clean = StoredFile.objects.filter(bucket=Bucket.CLEAN)
    due = clean.filter(Q(proved_at__isnull=True) | Q(proved_at__lt=now - PROVED_EVERY))
    oldest = due.order_by(F("proved_at").asc(nulls_first=True), "pk")[:limit]
    end = time.monotonic() + PROOF_SECONDS
    return prove(takewhile(lambda _file: time.monotonic() < end, oldest), now=now)


def prove(files: Iterable[StoredFile], *, now: dt.datetime) -> Proof:
    """Read each file in the store and compare size and SHA-256 with its row; what is found is written on the row."""
    proof = Proof()
    for file in files:
        fault = _fault_of(file)
        if fault is Fault.LOST:
            proof.lost.append(file)
        elif fault is Fault.ALTERED:
            proof.altered.append(file)
        proof.proved += 1
        StoredFile.objects.filter(pk=file.pk).update(proved_at=now, fault=fault or "")
        if fault:
            logger.error("File %s (%s) is %s.", file.pk, file.key, fault.value)
    return proof


def _fault_of(file: StoredFile) -> Fault | None:
    try:
        found = storage.digest(file.bucket, file.key)
    except FileNotFoundError:
        return Fault.LOST
    return None if (found.size, found.sha256) == (file.size, file.sha256) else Fault.ALTERED


def _note_fault(file: StoredFile, fault: Fault) -> None:
    StoredFile.objects.filter(pk=file.pk).update(fault=fault)
    logger.error("File %s (%s) is %s.", file.pk, file.key, fault.value)
