"""Who is at work on a file: a lease on its row, so that no row is locked while its bytes are read, checked or copied.

One statement takes the lease, and the work's own result ends it. Meanwhile a thread says again and again that the work
goes on. A process that was killed says nothing more: its lease runs out, and the sweep takes the file anew.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Case, F, Q, QuerySet, Value, When

from documents.enums import Bucket, ScanState
from documents.models import StoredFile
from documents.statements import Statement

logger = logging.getLogger(__name__)

# Whoever is silent for so long is dead.
LEASE = dt.timedelta(minutes=5)
BEAT_SECONDS = 60.0
# Nobody is at work on one file for longer: then the thread is silent, too.
LONGEST_SECONDS = 2 * 60 * 60.0


class LeaseLost(Exception):
    """Another process is at work on the file by now; what this one has found is not written down."""


@dataclass(slots=True)
class Lease:
    """The right to work on some files. `now` is the moment when it was taken, by the clock of whoever took it."""

    file_ids: tuple[uuid.UUID, ...]
    now: dt.datetime
    token: uuid.UUID = field(default_factory=uuid.uuid4)
    begun: float = field(default_factory=time.monotonic)

    @property
    def until(self) -> dt.datetime:
        """When it runs out, told now."""
        return self.now + dt.timedelta(seconds=time.monotonic() - self.begun) + LEASE

    def renew(self) -> None:
        """Say that the work goes on. Raises LeaseLost when it has none of the files any more."""
        if not self._own(self.file_ids).update(leased_until=self.until):
            raise LeaseLost(self.file_ids)

    def release(self, *file_ids: uuid.UUID) -> None:
        """Give files back, all by default; nothing happens to another's. What cannot be given back now runs out."""
        try:
            self._own(file_ids or self.file_ids).update(**NOBODY)
        except DatabaseError:
            logger.exception("The lease of %s could not be given back", self.file_ids)

    def _own(self, file_ids: tuple[uuid.UUID, ...]) -> QuerySet[StoredFile]:
        return StoredFile.objects.filter(pk__in=file_ids, lease=self.token)


NOBODY: dict[str, Any] = {"lease": None, "leased_until": None}


def is_free(now: dt.datetime) -> Q:
    """Files that nobody is at work on."""
    return Q(leased_until__isnull=True) | Q(leased_until__lte=now)


def _free(now: dt.datetime) -> QuerySet[StoredFile]:
    return StoredFile.objects.filter(is_free(now), discarded_at__isnull=True, bucket=Bucket.QUARANTINE)


def to_read(file_ids: list[uuid.UUID], now: dt.datetime) -> Lease:
    """The right to read what has arrived of these files; those that another has, or that were read, are not in it."""
    lease = Lease((), now)
    wanted = _free(now).filter(pk__in=file_ids, received_at__isnull=True)
    wanted.update(lease=lease.token, leased_until=lease.until)
    taken = StoredFile.objects.filter(pk__in=file_ids, lease=lease.token)
    lease.file_ids = tuple(taken.values_list("pk", flat=True))
    return lease


def _to_check(pk: uuid.UUID, now: dt.datetime, token: uuid.UUID, until: dt.datetime) -> Any:
    unchecked = When(scan_state__in=[ScanState.PENDING, ScanState.FAILED], then=Value(1))
    attempts = F("scan_attempts") + Case(unchecked, default=Value(0))
    wanted = _free(now).filter(pk=pk, received_at__isnull=False)
    return wanted, {"lease": token, "leased_until": until, "scan_attempts": attempts}


TO_CHECK = Statement(_to_check, pk=uuid.UUID, now=dt.datetime, token=uuid.UUID, until=dt.datetime)


def to_check(file_id: uuid.UUID, now: dt.datetime) -> Lease | None:
    """The right to check a received file, and the attempt counted; None while another has it, and where it is checked."""
    lease = Lease((file_id,), now)
    is_taken = TO_CHECK.count(pk=file_id, now=now, token=lease.token, until=lease.until)
    return lease if is_taken else None


@contextmanager
def kept(lease: Lease) -> Iterator[None]:
    """Renew the lease while the work goes on, and give it back when the work fails; its result ends it otherwise."""
    is_over = threading.Event()
    beat = threading.Thread(target=_beat, args=(lease, is_over), name=f"lease {lease.token}", daemon=True)
    beat.start()
    try:
        yield
    except Exception:
        lease.release()
        raise
    finally:
        is_over.set()


def _beat(lease: Lease, is_over: threading.Event) -> None:
    try:
        while not is_over.wait(BEAT_SECONDS) and time.monotonic() - lease.begun < LONGEST_SECONDS:
            try:
                lease.renew()
            except LeaseLost:
                return
            except Exception:  # the database may be back at the next beat
                logger.exception("The lease of %s could not be renewed", lease.file_ids)
                connection.close()
    finally:
        connection.close()
