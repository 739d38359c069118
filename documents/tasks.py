"""The job that checks a large file, and the sweep that goes on where a killed process stopped."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from documents import scanning, storage
from documents.enums import Bucket, ScanState
from documents.models import StoredFile
from documents.upload import discard

LIMIT = 200
# A request or job still at work on a file is left to it for these times.
CHECK_AFTER = dt.timedelta(minutes=2)
UNFINISHED_AFTER = dt.timedelta(hours=1)


@task()
def check_file(file_id: str) -> str:
    """Check one file; the row keeps what was found, and the sweep tries again what failed."""
    return str(scanning.check(uuid.UUID(file_id), now=timezone.now()).scan_state)


def sweep() -> int:
    """Finish or give up what was left behind; returns how many files were touched. Run every minute."""
    now = timezone.now()
    return check_left(now=now) + give_up_unfinished(now=now) + empty_quarantine(now=now)


def check_left(*, now: dt.datetime) -> int:
    """Check received files nobody is at work on, and promote checked ones still in the quarantine."""
    left = StoredFile.objects.to_check(scanning.MAX_ATTEMPTS).filter(received_at__lt=now - CHECK_AFTER)
    ids = list(left.values_list("pk", flat=True)[:LIMIT])
    for file_id in ids:
        scanning.check(file_id, now=now)
    return len(ids)


def give_up_unfinished(*, now: dt.datetime) -> int:
    """Mark rows whose bytes did not arrive within an hour as failed, and remove what arrived of them."""
    left = list(StoredFile.objects.unreceived().filter(created_at__lt=now - UNFINISHED_AFTER)[:LIMIT])
    for file in left:
        discard(file=file, problem="unfinished", params={}, now=now)
    return len(left)


def empty_quarantine(*, now: dt.datetime) -> int:
    """Remove bytes no row needs in the quarantine: without a row, promoted, discarded, or refused some days ago."""
    old = [(key, at) for key, at in storage.store(Bucket.QUARANTINE).listing() if at < now - UNFINISHED_AFTER]
    removed = 0
    for start in range(0, len(old), LIMIT):
        removed += _remove_needless([key for key, _at in old[start : start + LIMIT]], now)
    return removed


def _remove_needless(keys: list[str], now: dt.datetime) -> int:
    files = {file.key: file for file in StoredFile.objects.filter(key__in=keys)}
    needless = [key for key in keys if key not in files or not _needs_quarantine(files[key], now)]
    for key in needless:
        storage.remove(Bucket.QUARANTINE, key)
    gone = [files[key].pk for key in needless if key in files and files[key].scan_state != ScanState.CLEAN]
    StoredFile.objects.filter(pk__in=gone, discarded_at__isnull=True).update(discarded_at=now)
    return len(needless)


def _needs_quarantine(file: StoredFile, now: dt.datetime) -> bool:
    if file.bucket == Bucket.CLEAN or file.discarded_at:
        return False
    kept_until = now - dt.timedelta(days=settings.QUARANTINE_DAYS)
    return file.scan_state != ScanState.REFUSED or file.scanned_at is None or file.scanned_at >= kept_until
