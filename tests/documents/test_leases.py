"""Who is at work on a file: longer than the database lets a transaction idle, and never two at once."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from documents import arrivals, incoming, leases, scanning, storage, tasks
from documents.enums import Bucket, ScanLevel, ScanState, UploadState
from documents.models import StoredFile, Upload, Version
from documents.scanning import Finding
from tests.documents import files
from tests.documents.owners import NOW, Owner, add, complete
from tests.documents.test_incoming import PART, assert_tidy, assert_whole, begin, big_pdf, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("buckets")]
LATER = NOW + dt.timedelta(minutes=3)


class Watched:
    """A scanner that does something of the test's while it looks."""

    name = "watched"
    level = ScanLevel.MALWARE

    def __init__(self) -> None:
        self.looks: list[str] = []
        self.act: Callable[[], Any] = lambda: None

    def scan(self, path: Path, name: str, kin: str = "") -> Finding:
        self.looks.append(name)
        self.act()
        return Finding()


@pytest.fixture
def watched(monkeypatch: Any) -> Watched:
    scanner = Watched()
    monkeypatch.setattr(scanning, "_scanners", [*scanning._scanners, scanner])
    return scanner


@pytest.fixture
def impatient() -> Iterator[None]:
    """The database ends this session's transactions that idle for a second."""
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '1s'")
    yield
    connection.close()


@pytest.fixture
def received(owner: Owner, writer: Any, settings: Any) -> StoredFile:
    settings.UPLOAD_CHECK_AT_ONCE_BYTES = 10
    return add(owner, writer).file


def _elsewhere(act: Callable[[], Any]) -> Any:
    """Have it done by another process, as far as the database can tell; what it returned."""
    answers: list[Any] = []

    def run() -> None:
        try:
            answers.append(act())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return answers[0]


@pytest.mark.usefixtures("impatient")
def test_a_check_may_take_longer_than_a_transaction_may_idle(received: StoredFile, watched: Watched) -> None:
    watched.act = lambda: time.sleep(2)
    assert scanning.check(received.pk, now=NOW).is_stored
    received.refresh_from_db()
    assert (received.is_stored, received.lease, received.scan_attempts) == (True, None, 1)


@pytest.mark.usefixtures("impatient")
def test_reading_and_joining_may_take_longer_too(owner: Owner, writer: Any, settings: Any, monkeypatch: Any) -> None:
    settings.UPLOAD_PART_BYTES, settings.UPLOAD_CHECK_AT_ONCE_BYTES = PART, 10
    content = big_pdf()
    upload = begin(owner, writer, content)
    send(upload, content)
    real = storage.LocalStorage.finish_parts

    def slowly(self: Any, key: str, token: str) -> None:
        time.sleep(2)
        real(self, key, token)

    monkeypatch.setattr(storage.LocalStorage, "finish_parts", slowly)
    assert complete(upload=upload, now=NOW).state == UploadState.ARRIVED
    done = incoming.take_in(upload.pk, now=NOW)
    assert (done.state, scanning.check(done.file_id, now=NOW).is_stored) == (UploadState.DONE, True)
    assert_whole(done.version, content)
    assert_tidy()


def test_two_at_once_check_a_file_once(received: StoredFile, watched: Watched) -> None:
    others: list[StoredFile] = []
    watched.act = lambda: others.append(_elsewhere(lambda: scanning.check(received.pk, now=NOW)))
    assert scanning.check(received.pk, now=NOW).is_stored
    assert [other.scan_state for other in others] == [ScanState.PENDING]
    received.refresh_from_db()
    assert (watched.looks, received.is_stored, received.scan_attempts) == ([received.name], True, 1)


def test_the_sweep_leaves_a_file_to_who_is_at_work_on_it(received: StoredFile, watched: Watched) -> None:
    swept: list[int] = []

    def sweep() -> None:
        swept.append(_elsewhere(lambda: tasks.check_left(now=LATER) + tasks.give_up_checking(now=LATER)))

    watched.act = sweep
    assert scanning.check(received.pk, now=NOW).is_stored
    assert (watched.looks, swept) == ([received.name], [0])


def test_two_at_once_read_a_file_once(owner: Owner, writer: Any, settings: Any, monkeypatch: Any) -> None:
    content = files.pdf()
    upload = begin(owner, writer, content)
    send(upload, content)
    monkeypatch.setattr(incoming, "_hand_over", lambda uploads, now: {})
    complete(upload=upload, now=NOW)
    reads: list[str] = []
    others: list[Upload] = []
    real = arrivals.read

    def read(key: str) -> Any:
        reads.append(key)
        if len(reads) == 1:
            others.append(_elsewhere(lambda: incoming.take_in(upload.pk, now=NOW)))
        return real(key)

    monkeypatch.setattr(arrivals, "read", read)
    assert incoming.take_in(upload.pk, now=NOW).state == UploadState.DONE
    assert (len(reads), [other.state for other in others]) == (1, [UploadState.ARRIVED])
    assert Version.objects.get().file.is_stored


def test_whoever_goes_on_says_so_and_keeps_the_file(received: StoredFile, watched: Watched, monkeypatch: Any) -> None:
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.01)
    said: list[dt.datetime] = []

    def until_said_again() -> None:
        for _ in range(1000):
            until = StoredFile.objects.get(pk=received.pk).leased_until
            assert until is not None
            said.append(until)
            if until > said[0]:
                return
            time.sleep(0.01)

    watched.act = until_said_again
    assert scanning.check(received.pk, now=NOW).is_stored
    assert said[-1] > said[0]


def test_what_a_process_finds_that_was_taken_for_dead_does_not_count(received: StoredFile, watched: Watched) -> None:
    """The second one checks and moves the file; the first comes back late and neither undoes nor removes anything."""
    late = NOW + leases.LEASE * 2

    def taken_over() -> None:
        watched.act = lambda: None
        assert _elsewhere(lambda: scanning.check(received.pk, now=late).is_stored)

    watched.act = taken_over
    assert scanning.check(received.pk, now=NOW).is_stored
    received.refresh_from_db()
    assert (watched.looks, received.promoted_at, received.scan_attempts) == ([received.name] * 2, late, 2)
    assert storage.digest(Bucket.CLEAN, received.key) == (received.size, received.sha256)


def test_a_copy_that_another_has_made_meanwhile_is_not_removed(
    received: StoredFile, watched: Watched, monkeypatch: Any
) -> None:
    late = NOW + leases.LEASE * 2
    real = storage.LocalStorage.copy_from

    def badly(self: Any, source: Any, key: str) -> None:
        monkeypatch.setattr(storage.LocalStorage, "copy_from", real)
        monkeypatch.setattr(storage, "digest", lambda bucket, key: storage.Written(1, "0"))
        with monkeypatch.context() as patched:
            patched.setattr(storage, "digest", digest)
            assert _elsewhere(lambda: scanning.check(received.pk, now=late).is_stored)

    digest = storage.digest
    monkeypatch.setattr(storage.LocalStorage, "copy_from", badly)
    assert scanning.check(received.pk, now=NOW).is_stored
    assert digest(Bucket.CLEAN, received.key) == (received.size, received.sha256)


def test_a_check_that_failed_leaves_the_file_free(received: StoredFile, monkeypatch: Any) -> None:
    def away(*args: Any, **more: Any) -> None:
        raise ConnectionError("the store is away")

    with monkeypatch.context() as patched, pytest.raises(ConnectionError):
        patched.setattr(storage.LocalStorage, "on_disk", away)
        scanning.check(received.pk, now=NOW)
    received.refresh_from_db()
    assert (received.lease, received.leased_until, received.scan_attempts) == (None, None, 0)
    assert scanning.check(received.pk, now=NOW).is_stored
