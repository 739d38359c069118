"""A process killed between two steps, and the sweep after it."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest

from documents import leases, scanning, storage, tasks
from documents.enums import Bucket, ScanLevel, ScanState
from documents.models import StoredFile, Version
from documents.scanning import Finding, ScanFailed
from documents.upload import UploadRefused
from tests.documents import files
from tests.documents.owners import NOW, Owner, add, keys_in

LATER = NOW + dt.timedelta(hours=2)


class Killed(BaseException):
    """Nothing of ours catches it, as nothing catches SIGKILL."""


class DyingStorage(storage.LocalStorage):
    """A store in which the process dies at a named step, with half of the bytes written."""

    dies_at = ""

    def _save(self, name: str, content: Any) -> str:
        if DyingStorage.dies_at == f"write {Path(self.location).name}":
            super()._save(name, files.upload("x", content.read(64)))
            raise Killed
        saved = super()._save(name, content)
        if DyingStorage.dies_at == f"written {Path(self.location).name}":
            raise Killed
        return saved

    def delete(self, name: str) -> None:
        if DyingStorage.dies_at == f"delete {Path(self.location).name}":
            raise Killed
        super().delete(name)


@pytest.fixture
def dying(buckets: Path, settings: Any) -> Any:
    names = ("quarantine", "clean")
    options = {name: {"location": buckets / name} for name in names}
    backend = f"{__name__}.DyingStorage"
    settings.STORAGES = {
        **settings.STORAGES,
        **{name: {"BACKEND": backend, "OPTIONS": options[name]} for name in names},
    }
    yield DyingStorage
    DyingStorage.dies_at = ""


def _age(folder: Path) -> None:
    stamp = (NOW - dt.timedelta(hours=3)).timestamp()
    for path in (folder / "quarantine").rglob("*"):
        os.utime(path, (stamp, stamp))


def _sweep(folder: Path) -> None:
    _age(folder)
    tasks.check_left(now=LATER)
    tasks.give_up_unfinished(now=LATER)
    _age(folder)
    tasks.empty_quarantine(now=LATER)


def _die(dying: Any, step: str, owner: Owner, writer: Any) -> None:
    dying.dies_at = step
    with pytest.raises(Killed):
        add(owner, writer)
    dying.dies_at = ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["write quarantine", "written quarantine"])
def test_killed_before_the_file_was_received(dying: Any, step: str, owner: Owner, writer: Any, buckets: Path) -> None:
    _die(dying, step, owner, writer)
    _sweep(buckets)
    file = StoredFile.objects.get()
    assert (file.scan_state, file.scan_verdict["problem"], file.discarded_at) == ("failed", "unfinished", LATER)
    assert (keys_in(buckets, "quarantine"), list(Version.objects.all())) == ([], [])
    assert add(owner, writer).number == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["write clean", "written clean", "delete quarantine"])
def test_killed_while_promoting(dying: Any, step: str, owner: Owner, writer: Any, buckets: Path) -> None:
    _die(dying, step, owner, writer)
    _sweep(buckets)
    file = StoredFile.objects.get()
    assert (file.is_stored, Version.objects.live().get().file) == (True, file)
    assert (keys_in(buckets, "quarantine"), keys_in(buckets, "clean")) == ([], [file.key])
    assert storage.digest(Bucket.CLEAN, file.key) == (file.size, file.sha256)


class Unreliable:
    """A scanner that does what the test says."""

    name = "unreliable"
    level = ScanLevel.MALWARE
    does: BaseException | None = None

    def scan(self, path: Path, name: str, kin: str = "") -> Finding:
        if Unreliable.does:
            raise Unreliable.does
        return Finding()


@pytest.fixture
def unreliable() -> Any:
    scanning.register_scanner(Unreliable())
    yield Unreliable
    Unreliable.does = None
    scanning._scanners.pop()


@pytest.mark.django_db(transaction=True)
def test_killed_while_checking(unreliable: Any, owner: Owner, writer: Any, buckets: Path) -> None:
    unreliable.does = Killed()
    with pytest.raises(Killed):
        add(owner, writer)
    assert StoredFile.objects.get().scan_state == ScanState.PENDING
    unreliable.does = None
    _sweep(buckets)
    file = StoredFile.objects.get()
    assert (file.is_stored, file.scan_level, file.scan_attempts) == (True, ScanLevel.MALWARE, 2)


@pytest.mark.django_db
def test_a_failed_check_is_not_clean_and_is_tried_again(
    unreliable: Any, owner: Owner, writer: Any, buckets: Path
) -> None:
    unreliable.does = ScanFailed("no answer")
    version = add(owner, writer)
    assert (version.file.scan_state, version.file.is_servable) == (ScanState.FAILED, False)
    assert version.file.scan_verdict == {"problem": "failed", "params": {}, "detail": "ScanFailed: no answer"}
    tried = [LATER]
    assert tasks.check_left(now=LATER) == 1
    while (file := StoredFile.objects.get()).scan_verdict["problem"] == "failed":
        assert file.scanned_at is not None
        following = file.scanned_at + tasks.delay(file.scan_attempts)
        assert tasks.check_left(now=following - dt.timedelta(seconds=1)) == 0
        assert tasks.check_left(now=following) == 1
        tried.append(following)
    assert (file.scan_attempts, file.scan_verdict["problem"]) == (scanning.MAX_ATTEMPTS, "gave_up")
    assert dt.timedelta(hours=12) < tried[-1] - tried[0] < dt.timedelta(days=1)
    assert tasks.check_left(now=tried[-1] + dt.timedelta(days=9)) == 0


@pytest.mark.django_db(transaction=True)
def test_a_file_that_kills_its_check_each_time_is_given_up_and_does_not_wait_for_ever(
    unreliable: Any, owner: Owner, writer: Any, buckets: Path
) -> None:
    unreliable.does = Killed()
    with pytest.raises(Killed):
        add(owner, writer)
    now = LATER
    for _ in range(scanning.MAX_ATTEMPTS - 1):
        assert tasks.give_up_checking(now=now) == 0
        with pytest.raises(Killed):
            tasks.check_left(now=now)
        assert tasks.check_left(now=now) == 0  # until the lease of the one that was killed runs out
        now += leases.LEASE * 2
    assert (tasks.check_left(now=now), tasks.give_up_checking(now=now)) == (0, 1)
    file = StoredFile.objects.get()
    assert (file.scan_state, file.scan_verdict["problem"], file.is_servable) == (ScanState.FAILED, "gave_up", False)


@pytest.mark.django_db
def test_one_bad_file_holds_up_no_other(owner: Owner, writer: Any, buckets: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("django.conf.settings.UPLOAD_CHECK_AT_ONCE_BYTES", 10)
    bad, good = (add(owner, writer, code=code, data=files.pdf(code)).file for code in "ab")
    real = scanning.check

    def check(file_id: Any, *, now: Any) -> Any:
        if file_id == bad.pk:
            raise ZeroDivisionError
        return real(file_id, now=now)

    monkeypatch.setattr(scanning, "check", check)
    monkeypatch.setattr("django.utils.timezone.now", lambda: LATER)
    with pytest.raises(ZeroDivisionError):
        tasks.sweep()
    good.refresh_from_db()
    assert good.is_stored


@pytest.mark.django_db
def test_other_bytes_put_there_for_the_look_are_not_looked_at(
    owner: Owner, writer: Any, buckets: Path, settings: Any, unreliable: Any
) -> None:
    settings.UPLOAD_CHECK_AT_ONCE_BYTES = 10
    version = add(owner, writer)
    path = buckets / "quarantine" / version.file.key
    received = path.read_bytes()
    path.write_bytes(files.pdf("harmless"))
    tasks.check_left(now=LATER)
    path.write_bytes(received)
    tasks.check_left(now=LATER + dt.timedelta(days=1))
    file = StoredFile.objects.get()
    assert (file.scan_state, file.scan_verdict["problem"]) == (ScanState.FAILED, "altered")
    assert keys_in(buckets, "clean") == []


@pytest.mark.django_db
def test_the_check_leaves_what_is_being_worked_on(owner: Owner, writer: Any, buckets: Path, settings: Any) -> None:
    settings.UPLOAD_CHECK_AT_ONCE_BYTES = 10
    add(owner, writer)
    assert tasks.check_left(now=NOW + dt.timedelta(minutes=1)) == 0
    assert tasks.give_up_unfinished(now=LATER) == 0
    assert tasks.check_left(now=NOW + dt.timedelta(minutes=3)) == 1
    assert StoredFile.objects.get().is_stored


@pytest.mark.django_db
def test_bytes_altered_in_the_quarantine_are_found(owner: Owner, writer: Any, buckets: Path, settings: Any) -> None:
    settings.UPLOAD_CHECK_AT_ONCE_BYTES = 10
    version = add(owner, writer)
    (buckets / "quarantine" / version.file.key).write_bytes(files.pdf("forged"))
    tasks.check_left(now=LATER)
    file = StoredFile.objects.get()
    assert (file.scan_state, file.scan_verdict, file.is_stored) == (
        "failed",
        {"problem": "altered", "params": {}},
        False,
    )
    assert keys_in(buckets, "clean") == []


@pytest.mark.django_db
def test_refused_bytes_are_kept_for_some_days(owner: Owner, writer: Any, buckets: Path) -> None:
    with pytest.raises(UploadRefused):
        add(owner, writer, data=files.pdf(password="x"))
    _age(buckets)
    assert tasks.empty_quarantine(now=LATER) == 0
    assert tasks.empty_quarantine(now=NOW + dt.timedelta(days=8)) == 1
    assert StoredFile.objects.get().discarded_at == NOW + dt.timedelta(days=8)


@pytest.mark.django_db
def test_bytes_without_a_row_are_removed(buckets: Path) -> None:
    storage.write(Bucket.QUARANTINE, "ab/nobody", files.upload("x", b"x"), limit=10)
    assert tasks.empty_quarantine(now=dt.datetime.now(tz=dt.UTC)) == 0
    _age(buckets)
    assert tasks.empty_quarantine(now=NOW) == 1
    assert keys_in(buckets, "quarantine") == []
