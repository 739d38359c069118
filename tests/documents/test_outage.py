"""The store stops for longer than anything waits for it, under load: nothing is lost, and everybody is told what to do."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from documents import incoming, scanning, services, storage, tasks
from documents.enums import Bucket, ScanState, UploadState
from documents.models import StoredFile, Upload, Version
from documents.outage import is_store_away
from tests.documents import files
from tests.documents.owners import KIND, NOW, OWNERS, Owner, add, complete
from tests.documents.real_s3 import needs_s3
from tests.documents.test_incoming import PART, assert_tidy, assert_whole, begin, big_pdf, send

pytestmark = [pytest.mark.django_db(transaction=True), needs_s3]
LATER = NOW + dt.timedelta(minutes=10)


@contextmanager
def stopped(server: dict[str, str]) -> Iterator[None]:
    """The gateway is gone: nobody listens at its address. Afterwards it is started again as it was."""
    folder = Path(server["folder"])
    conf, keys = folder / "ceph.conf", folder / "keyring"
    pid_file = next(path for path in folder.glob("*.pid") if "rgw" in path.name)
    pid = int(pid_file.read_text())
    _end(pid)
    try:
        yield
    finally:
        line = ["radosgw", "-c", str(conf), "-n", "client.rgw.t", "--keyring", str(keys)]
        subprocess.run(line, check=True, timeout=120, capture_output=True)
        _wait()


def _end(pid: int) -> None:
    subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(pid)], check=True)
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text():
            return
        time.sleep(0.1)


def _wait() -> None:
    for _ in range(120):
        try:
            list(storage.store(Bucket.QUARANTINE).listing())
        except Exception as error:
            assert is_store_away(error), error
            time.sleep(0.5)
        else:
            return
    pytest.fail("The store did not come back.")


def test_the_store_stops_under_load_and_nothing_is_lost(
    s3_server: dict[str, str], s3_buckets: Any, owner: Owner, writer: Any, settings: Any, monkeypatch: Any
) -> None:
    settings.UPLOAD_PART_BYTES = PART
    large, small = big_pdf(), files.pdf("small")
    half = begin(owner, writer, large, mark="half", code="half")
    send(half, large, 1)
    sent = begin(owner, writer, small, mark="sent", code="sent")
    send(sent, small)
    arrived = begin(owner, writer, large, mark="arrived", code="arrived")
    send(arrived, large)
    with monkeypatch.context() as patched:
        patched.setattr(incoming, "_hand_over", lambda uploads, now: {})
        complete(upload=arrived, now=NOW)
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "check", lambda *args, **kwargs: None)
        unchecked = begin(owner, writer, small, mark="unchecked", code="unchecked")
        send(unchecked, small)
        complete(upload=unchecked, now=NOW)
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "promote", lambda *args, **kwargs: None)
        checked = begin(owner, writer, small, mark="checked", code="checked")
        send(checked, small)
        complete(upload=checked, now=NOW)
    kept = Owner(writers={writer.pk})
    OWNERS[kept.id] = kept
    frozen = add(kept, writer, "frozen.pdf", files.pdf("frozen"))
    services.freeze(owner_kind=KIND, owner_id=kept.id, now=dt.datetime.now(dt.UTC))
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    with stopped(s3_server):
        _everybody_asks(writer, half, sent)
        for _ in range(3):
            with pytest.raises(Exception) as fault:
                tasks.sweep()
            assert is_store_away(fault.value)
    assert StoredFile.objects.filter(scan_state__in=[ScanState.FAILED, ScanState.REFUSED]).count() == 0
    assert Upload.objects.get(pk=half.pk).state == UploadState.OPEN
    assert Upload.objects.get(pk=sent.pk).state in incoming.GOING_ON
    send(half, large, *[number for number in (1, 2) if number not in incoming.arrived(half)])
    for upload in (half, sent):
        complete(upload=upload, now=later)
    later += dt.timedelta(hours=1)
    tasks.sweep()
    for upload, content in ((half, large), (sent, small), (arrived, large), (unchecked, small), (checked, small)):
        assert_whole(Upload.objects.get(pk=upload.pk).version, content)
    assert Version.objects.live().count() == 6
    frozen.file.refresh_from_db()
    assert frozen.file.locked_until is not None
    assert StoredFile.objects.filter(scan_attempts__gt=1).count() == 0
    assert_tidy()
    del OWNERS[kept.id]


def _everybody_asks(writer: Any, half: Upload, sent: Upload) -> None:
    """Eight people at once complete, begin and ask: each is told in a sentence that it goes on later.

    Or that somebody else is reading the file just then.
    """
    client = Client()
    client.force_login(writer)
    answers: list[tuple[int, str]] = []
    states: list[str] = []
    owner = [half.owner_kind, half.owner_id]
    wish = {"code": "new", "name": "a.pdf", "size": 50 * 1024 * 1024, "mark": "new"}

    def ask(number: int) -> None:
        try:
            if number % 2:
                address = reverse("documents:upload_complete")
                told: dict[str, Any] = {"uploads": [str((half if number % 4 == 1 else sent).pk)]}
            else:
                address, told = reverse("documents:uploads", args=owner), wish
            answer = client.post(address, json.dumps(told), content_type="application/json")
            answers.append((answer.status_code, answer.json().get("message", "")))
            states.extend(one.get("state") for one in answer.json().get("files", []))
        finally:
            connection.close()

    people = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert 503 in {status for status, _message in answers} <= {200, 503}
    assert set(states) <= {UploadState.ARRIVED}
    assert len(answers) == 8
    assert all(message for status, message in answers if status == 503)
