"""What an administrator looks after: which files are on the list, checking again, and strays."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from documents import keeping, scanning, storage, tasks
from documents.care import queries, services
from documents.care import tasks as care_tasks
from documents.care.models import FoundStray, Recheck
from documents.care.queries import Trouble
from documents.enums import Bucket, ScanState
from documents.models import StoredFile, Version
from documents.orphans import Stray
from documents.scanning import Finding, ScanFailed
from documents.upload import UploadRefused
from tests.documents import files
from tests.documents.owners import NOW, Owner, add

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("buckets")]
LATER = NOW + dt.timedelta(hours=2)


class Away:
    """A scanner that does not answer."""

    name = "away"
    level = scanning.ScanLevel.MALWARE

    def scan(self, path: Path, name: str, kin: str = "") -> Finding:
        raise ScanFailed("no answer")


@pytest.fixture
def given_up(owner: Owner, writer: Any, monkeypatch: Any) -> StoredFile:
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "_scanners", [*scanning._scanners, Away()])
        file = add(owner, writer, code="given up", data=files.pdf("given up")).file
        StoredFile.objects.filter(pk=file.pk).update(scan_attempts=scanning.MAX_ATTEMPTS - 1)
        scanning.check(file.pk, now=NOW)
    file.refresh_from_db()
    assert file.scan_verdict["problem"] == "gave_up"
    return file


@pytest.fixture
def altered(owner: Owner, writer: Any, buckets: Path) -> StoredFile:
    file = add(owner, writer, code="altered", data=files.pdf("altered")).file
    (buckets / "clean" / file.key).write_bytes(b"forged")
    keeping.prove(StoredFile.objects.filter(pk=file.pk), now=NOW)
    file.refresh_from_db()
    return file


def test_each_file_is_on_the_list_under_its_trouble_and_whole_ones_are_not(
    owner: Owner, writer: Any, buckets: Path, given_up: StoredFile, altered: StoredFile, settings: Any, monkeypatch: Any
) -> None:
    add(owner, writer, code="whole")
    lost = add(owner, writer, code="lost", data=files.pdf("lost")).file
    storage.store(Bucket.CLEAN).purge(lost.key)
    keeping.prove(StoredFile.objects.filter(pk=lost.pk), now=NOW)
    with pytest.raises(UploadRefused):
        add(owner, writer, code="refused", data=files.pdf(password="x"))
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "_scanners", [*scanning._scanners, Away()])
        failed = add(owner, writer, code="failed", data=files.pdf("failed")).file
    settings.UPLOAD_CHECK_AT_ONCE_BYTES = 10
    waits = add(owner, writer, code="waits", data=files.pdf("waits")).file
    found = {file.pk: file.trouble for file in queries.in_trouble(now=LATER)}  # type: ignore[attr-defined]
    refused = StoredFile.objects.get(scan_state=ScanState.REFUSED)
    assert found == {
        lost.pk: Trouble.LOST, altered.pk: Trouble.ALTERED, given_up.pk: Trouble.GAVE_UP, failed.pk: Trouble.FAILED,
        waits.pk: Trouble.WAITS, refused.pk: Trouble.REFUSED,
    }  # fmt: skip
    care = queries.care(now=LATER)
    assert (care.numbers, care.grave) == ({trouble.value: 1 for trouble in Trouble}, 3)
    assert waits.pk not in {file.pk for file in queries.in_trouble(now=NOW)}


def test_a_file_that_was_given_up_is_checked_again_and_who_asked_is_kept(
    given_up: StoredFile, writer: Any, owner: Owner
) -> None:
    services.check_again(file=given_up, by=writer, now=LATER)
    given_up.refresh_from_db()
    assert (given_up.scan_state, given_up.scan_attempts, given_up.scanned_at) == (ScanState.PENDING, 0, None)
    assert care_tasks.check_anew.call(file_id=str(given_up.pk)) == ScanState.CLEAN
    asked = Recheck.objects.get()
    assert (asked.file, asked.by, asked.at, asked.was) == (given_up, writer, LATER, "gave_up")
    assert Version.objects.live().get().file.is_stored
    with pytest.raises(services.NotToCheck):
        services.check_again(file=given_up, by=writer, now=LATER)


def test_killed_before_the_job_the_sweep_checks_it(given_up: StoredFile, writer: Any) -> None:
    services.check_again(file=given_up, by=writer, now=LATER)
    assert tasks.check_left(now=LATER) == 1
    given_up.refresh_from_db()
    assert given_up.is_stored


def test_a_file_that_came_back_from_the_backup_is_proved_again(altered: StoredFile, writer: Any, buckets: Path) -> None:
    services.check_again(file=altered, by=writer, now=LATER)
    assert care_tasks.prove_again.call(file_id=str(altered.pk)) == 1
    (buckets / "clean" / altered.key).write_bytes(files.pdf("altered"))
    assert care_tasks.prove_again.call(file_id=str(altered.pk)) == 0
    altered.refresh_from_db()
    assert (altered.fault, queries.care(now=LATER).grave, Recheck.objects.get().was) == ("", 0, "altered")


def test_what_has_no_bytes_or_was_refused_is_not_checked_again(owner: Owner, writer: Any) -> None:
    with pytest.raises(UploadRefused):
        add(owner, writer, data=files.pdf(password="x"))
    refused = StoredFile.objects.get()
    with pytest.raises(services.NotToCheck):
        services.check_again(file=refused, by=writer, now=LATER)
    assert not Recheck.objects.exists()


def test_strays_are_written_down_and_the_next_walk_writes_anew(owner: Owner, writer: Any, buckets: Path) -> None:
    file = add(owner, writer).file
    storage.store(Bucket.CLEAN).purge(file.key)
    storage.store(Bucket.QUARANTINE).save("zz/x", files.upload("x", b"x"))
    storage.store(Bucket.QUARANTINE).begin_parts("zz/y", "application/pdf")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)
    assert services.walk(now=later) == 3
    assert sorted(FoundStray.objects.values_list("kind", flat=True)) == sorted(Stray.values)
    storage.store(Bucket.QUARANTINE).delete("zz/x")
    assert services.walk(now=later) == 2
    assert FoundStray.objects.count() == 2
