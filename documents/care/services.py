"""Check a file again by hand, and walk through the store for what belongs to nothing."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from documents import orphans
from documents.care.models import MAX_STRAYS, FoundStray, Recheck
from documents.enums import Bucket, ScanState
from documents.models import StoredFile
from documents.services import DocumentsError


class NotToCheck(DocumentsError):
    """There is nothing to check again; the sentence says why."""


def check_again(*, file: StoredFile, by: Any, now: dt.datetime) -> Recheck:
    """Have the worker check a file that failed, with all its tries anew, or prove one whose bytes were lost or altered.

    Who asked is kept. Raises NotToCheck for a file that has nothing wrong, was refused for good, or has no bytes.
    """
    from documents.care import tasks  # tasks import this module

    with transaction.atomic():
        locked = StoredFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
        was = locked.fault or locked.scan_verdict.get("problem", "")
        if locked.fault:
            job: Any = tasks.prove_again
        else:
            _demand_failed(locked)
            job = tasks.check_anew
            locked.scan_state, locked.scan_verdict = ScanState.PENDING, {}
            locked.scanned_at, locked.scan_attempts = None, 0
            locked.save(update_fields=["scan_state", "scan_verdict", "scanned_at", "scan_attempts"])
        asked = Recheck.objects.create(file=locked, by=by, at=now, was=was)
        transaction.on_commit(lambda: job.enqueue(file_id=str(locked.pk)))
    return asked


def _demand_failed(file: StoredFile) -> None:
    if file.scan_state != ScanState.FAILED:
        raise NotToCheck(_("This file is not one whose check has failed. Load the list again."))
    if file.discarded_at or file.bucket != Bucket.QUARANTINE:
        raise NotToCheck(_("The bytes of this file are not here any more. Its sender must upload it again."))
    if file.scan_verdict.get("problem") == "altered":
        raise NotToCheck(_("This file was altered before it was checked. Its sender must upload it again."))


def walk(*, now: dt.datetime) -> int:
    """Write down what belongs to nothing, in place of what the last walk has found; returns how many."""
    found = list(islice(orphans.walk(now=now), MAX_STRAYS))
    rows = [
        FoundStray(kind=one.kind, bucket=one.bucket, key=one.key, detail=one.detail[:300], found_at=now)
        for one in found
    ]
    with transaction.atomic():
        FoundStray.objects.all().delete()
        FoundStray.objects.bulk_create(rows, batch_size=1000)
    return len(rows)
