"""The jobs that read and check large files, and the sweeps that go on where a killed process stopped."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from documents import incoming, keeping, scanning, storage
from documents.enums import Bucket, ScanState, UploadState
from documents.models import StoredFile, Upload
from documents.upload import discard

LIMIT = 200
# A request or job still at work on a file is left to it for these times.
CHECK_AFTER = dt.timedelta(minutes=2)
UNFINISHED_AFTER = dt.timedelta(hours=1)


@task()
def check_file(file_id: str) -> str:
    """Check one file; the row keeps what was found, and the sweep tries again what failed."""
    return str(scanning.check(uuid.UUID(file_id), now=timezone.now()).scan_state)


@task()
def take_upload_in(upload_id: str) -> str:
    """Read a large file that has arrived whole; the row keeps what came of it."""
    return str(incoming.take_in(uuid.UUID(upload_id), now=timezone.now()).state)


def sweep() -> int:
    """Finish or give up what was left behind; returns how many files were touched. Run every minute."""
    now = timezone.now()
    return (
        take_in_left(now=now)
        + check_left(now=now)
        + give_up_left(now=now)
        + give_up_unfinished(now=now)
        + empty_quarantine(now=now)
        + abort_needless_parts(now=now)
        + keeping.lock_due(limit=LIMIT)
    )


def proof() -> int:
    """Prove some of the stored files; every file within a day. Returns how many are lost or altered."""
    return keeping.prove_due(now=timezone.now()).bad


def take_in_left(*, now: dt.datetime) -> int:
    """Read what has arrived whole and nobody is at work on."""
    left = Upload.objects.filter(state=UploadState.ARRIVED, last_at__lt=now - CHECK_AFTER).order_by("last_at")
    ids = list(left.values_list("pk", flat=True)[:LIMIT])
    for upload_id in ids:
        incoming.take_in(upload_id, now=now)
    return len(ids)


def give_up_left(*, now: dt.datetime) -> int:
    """Give up uploads on which nobody has gone on for a week."""
    old = now - dt.timedelta(days=settings.QUARANTINE_DAYS)
    left = list(Upload.objects.open().filter(last_at__lt=old).select_related("file").order_by("last_at")[:LIMIT])
    for upload in left:
        incoming.give_up(upload=upload, problem="given_up", now=now)
    return len(left)


def abort_needless_parts(*, now: dt.datetime) -> int:
    """Have the store forget parts that belong to no upload on its way: left by a process that was killed."""
    store = storage.store(Bucket.QUARANTINE)
    old = [(key, token) for key, token, at in store.unfinished_parts() if at < now - UNFINISHED_AFTER]
    wanted = set(Upload.objects.open().filter(token__in=[token for _key, token in old]).values_list("token", flat=True))
    needless = [(key, token) for key, token in old if token not in wanted]
    for key, token in needless:
        store.abort_parts(key, token)
    return len(needless)


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
