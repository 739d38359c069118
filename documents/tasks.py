"""The jobs that read and check large files, and the sweeps that go on where a killed process stopped."""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from documents import incoming, keeping, leases, orphans, outage, scanning, storage
from documents.enums import Bucket, ScanState, UploadState
from documents.models import StoredFile, Upload
from documents.upload import discard

logger = logging.getLogger(__name__)
T = TypeVar("T")

LIMIT = 200
# A request or job still at work on a file is left to it for these times.
CHECK_AFTER = dt.timedelta(minutes=2)
UNFINISHED_AFTER = dt.timedelta(hours=1)
# The store is asked for so long whether a small file has come after all.
FORMS_WITHIN = dt.timedelta(hours=1)
FIRST_DELAY, LONGEST_DELAY = dt.timedelta(minutes=1), dt.timedelta(hours=6)


@task()
def check_file(file_id: str) -> str:
    """Check one file; the row keeps what was found, and the sweep tries again what failed."""
    return str(scanning.check(uuid.UUID(file_id), now=timezone.now()).scan_state)


@task()
def take_upload_in(upload_id: str) -> str:
    """Read a large file that has arrived whole; the row keeps what came of it."""
    return str(incoming.take_in(uuid.UUID(upload_id), now=timezone.now()).state)


def sweep() -> int:
    """Finish or give up what was left behind; returns how many files were touched. Run every minute.

    A fault in one step keeps none of the others from running; the first is raised at the end.
    """
    now = _running(timezone.now())
    steps: tuple[Callable[[], int], ...] = (
        lambda: take_in_left(now=now()),
        lambda: take_in_forms(now=now()),
        lambda: check_left(now=now()),
        lambda: give_up_checking(now=now()),
        lambda: give_up_left(now=now()),
        lambda: give_up_unfinished(now=now()),
        lambda: empty_quarantine(now=now()),
        lambda: abort_needless_parts(now=now()),
        lambda: keeping.lock_due(limit=LIMIT),
    )
    touched: list[int] = []
    _each(steps, lambda step: touched.append(step()), goes_on=True)
    return sum(touched)


def _running(now: dt.datetime) -> Callable[[], dt.datetime]:
    """A clock that goes on from a moment: a lease on the last file of a long list is as long as that on the first."""
    begun = time.monotonic()
    return lambda: now + dt.timedelta(seconds=time.monotonic() - begun)


def _each(things: Iterable[T], act: Callable[[T], Any], *, goes_on: bool = False) -> int:
    """Do it to each; a fault in one does not hold up the others, and is raised at the end.

    A store that is away is not asked for the next one, unless it `goes_on`.
    """
    done, fault = 0, None
    for thing in things:
        try:
            act(thing)
            done += 1
        except Exception as error:
            logger.exception("The sweep of files could not go on with %s.", thing)
            fault = fault or error
            if not goes_on and outage.is_store_away(error):
                break
    if fault is not None:
        raise fault
    return done


def proof() -> int:
    """Prove some of the stored files; every file within a day. Returns how many are lost or altered."""
    return keeping.prove_due(now=timezone.now()).bad


def take_in_left(*, now: dt.datetime) -> int:
    """Read what has arrived whole and nobody is at work on."""
    left = Upload.objects.filter(state=UploadState.ARRIVED, last_at__lt=now - CHECK_AFTER).order_by("last_at")
    ids = list(left.values_list("pk", flat=True)[:LIMIT])
    clock = _running(now)
    return _each(ids, lambda upload_id: incoming.take_in(upload_id, now=clock()))


def take_in_forms(*, now: dt.datetime) -> int:
    """Read small files that came whole with their form and that nobody has completed."""
    recent = Upload.objects.open().filter(is_form=True, last_at__lt=now - CHECK_AFTER, last_at__gt=now - FORMS_WITHIN)
    left = list(recent.select_related("file", "version").order_by("last_at")[:LIMIT])
    clock = _running(now)
    return _each(left, lambda upload: incoming.take_in_form(upload, clock()))


def give_up_left(*, now: dt.datetime) -> int:
    """Give up uploads on which nobody has gone on for a week."""
    old = now - dt.timedelta(days=settings.QUARANTINE_DAYS)
    left = list(Upload.objects.open().filter(last_at__lt=old).select_related("file").order_by("last_at")[:LIMIT])
    return _each(left, lambda upload: incoming.give_up(upload=upload, problem="given_up", now=now))


def abort_needless_parts(*, now: dt.datetime) -> int:
    """Have the store forget parts that belong to no upload on its way: left by a process that was killed."""
    removed = 0
    for orphan in orphans.parts(now=now):
        removed += orphans.remove(orphan)
    return removed


def check_left(*, now: dt.datetime) -> int:
    """Check received files nobody is at work on, and promote checked ones still in the quarantine.

    What failed is tried again later and later, for about a day.
    """
    due = StoredFile.objects.to_check(scanning.MAX_ATTEMPTS).filter(received_at__lt=now - CHECK_AFTER)
    left = due.filter(leases.is_free(now))
    ids = list(left.exclude(_waits(now)).values_list("pk", flat=True)[:LIMIT])
    clock = _running(now)
    return _each(ids, lambda file_id: scanning.check(file_id, now=clock()))


def delay(attempts: int) -> dt.timedelta:
    """How long to wait after a number of failed checks: a minute, then doubled, at most six hours."""
    wait: dt.timedelta = FIRST_DELAY * 2 ** max(attempts - 1, 0)
    return min(wait, LONGEST_DELAY)


def _waits(now: dt.datetime) -> Q:
    """Files whose next try has not come."""
    tries = range(1, scanning.MAX_ATTEMPTS)
    recent = (Q(scan_attempts=number, scanned_at__gt=now - delay(number)) for number in tries)
    return Q(scan_state=ScanState.FAILED) & reduce(or_, recent)


def give_up_checking(*, now: dt.datetime) -> int:
    """Say of files whose check was killed again and again that it has failed: nobody tries them any more."""
    with transaction.atomic():
        rows = StoredFile.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        stuck = rows.filter(
            leases.is_free(now), scan_state=ScanState.PENDING, scan_attempts__gte=scanning.MAX_ATTEMPTS, discarded_at__isnull=True,
            received_at__lt=now - CHECK_AFTER,
        )  # fmt: skip
        ids = list(stuck.values_list("pk", flat=True)[:LIMIT])
        verdict = {"problem": "gave_up", "params": {}, "detail": "The check was ended from outside each time."}
        StoredFile.objects.filter(pk__in=ids).update(scan_state=ScanState.FAILED, scan_verdict=verdict, scanned_at=now)
    return len(ids)


def give_up_unfinished(*, now: dt.datetime) -> int:
    """Mark rows whose bytes did not arrive within an hour as failed, and remove what arrived of them."""
    left = list(StoredFile.objects.unreceived().filter(created_at__lt=now - UNFINISHED_AFTER)[:LIMIT])
    return _each(left, lambda file: discard(file=file, problem="unfinished", params={}, now=now))


def empty_quarantine(*, now: dt.datetime) -> int:
    """Remove bytes no row needs in the quarantine: without a row, promoted, discarded, or refused some days ago."""
    old = (key for key, at in storage.store(Bucket.QUARANTINE).listing() if at < now - UNFINISHED_AFTER)
    return sum(_remove_needless(keys, now) for keys in orphans.batches(old, LIMIT))


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
