"""Files on their way: parts, pauses, and a process killed after each single step; on the disk and on a real S3 store."""

from __future__ import annotations

import datetime as dt
import hashlib
import http.client
import io
import os
import uuid
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import PermissionDenied

from documents import incoming, orphans, scanning, storage, tasks
from documents.enums import Bucket, ScanState, UploadState
from documents.models import StoredFile, Upload, Version
from documents.upload import UploadRefused
from tests.documents import files
from tests.documents.owners import KIND, NOW, OWNERS, Owner, complete
from tests.factories.accounts import UserFactory

PART = 5 * 1024 * 1024
LATER = NOW + dt.timedelta(minutes=10)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("both_stores")]


@pytest.fixture(autouse=True)
def _small_parts(settings: Any) -> None:
    settings.UPLOAD_PART_BYTES = PART


def big_pdf(size: int = PART + 1234) -> bytes:
    """A whole PDF of two parts: what cannot be compressed lies in a stream that no page shows."""
    content = files.pdf("big")
    cut = content.rindex(b"startxref")
    return (
        content[:cut]
        + b"%"
        + os.urandom(size - len(content) - 2).replace(b"\n", b"a").replace(b"\r", b"a")
        + b"\n"
        + content[cut:]
    )


def begin(owner: Owner, by: Any, content: bytes, **more: Any) -> Upload:
    given = {"code": "manual", "name": "手册.pdf", "size": len(content), "mark": "m1", "now": NOW, **more}
    return incoming.begin(owner_kind=KIND, owner_id=owner.id, by=by, **given)


def send(upload: Upload, content: bytes, *numbers: int) -> None:
    """Send parts (all by default) the way a browser does."""
    if upload.is_form:
        assert post(incoming.form(upload), content) in (200, 204)
        return
    for number in numbers or range(1, upload.part_count + 1):
        piece = content[(number - 1) * upload.part_size : number * upload.part_size]
        link = incoming.links(upload, [number]).get(number)
        if link:
            assert put(link, piece) == 200
        else:
            incoming.put_part(upload=upload, number=number, source=io.BytesIO(piece), length=len(piece), now=NOW)


def put(link: str, body: bytes) -> int:
    """PUT to the store; what it answers."""
    parts = urlsplit(link)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=30)) as line:
        line.request("PUT", f"{parts.path}?{parts.query}", body)
        with line.getresponse() as answer:
            return answer.status


def post(form: dict[str, Any], body: bytes, **changed: str) -> int:
    """POST a form to the store, with some fields changed; what it answers."""
    boundary = uuid.uuid4().hex
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in {**form["fields"], **changed}.items()
    ]
    lines.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n".encode()
        + body
        + f"\r\n--{boundary}--\r\n".encode()
    )
    parts = urlsplit(form["url"])
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with closing(http.client.HTTPConnection(parts.netloc, timeout=30)) as line:
        line.request("POST", parts.path, b"".join(lines), headers)
        with line.getresponse() as answer:
            return answer.status


def assert_whole(version: Version | None, content: bytes) -> None:
    assert version is not None
    file = StoredFile.objects.get(pk=version.file_id)
    assert (file.scan_state, file.bucket) == (ScanState.CLEAN, Bucket.CLEAN)
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert storage.digest(Bucket.CLEAN, file.key) == storage.Written(len(content), file.sha256)


def assert_tidy() -> None:
    """No row lacks its file, no file lacks its row, no unfinished upload in parts is left."""
    assert list(orphans.walk(now=dt.datetime.now(dt.UTC) + dt.timedelta(hours=2))) == []
    assert list(storage.store(Bucket.QUARANTINE).unfinished_parts()) == []
    assert list(storage.store(Bucket.QUARANTINE).listing()) == []


def test_a_small_and_a_large_file_become_versions(owner: Owner, writer: Any) -> None:
    for number, content in enumerate((files.pdf("small"), big_pdf()), start=1):
        upload = begin(owner, writer, content, sha256=hashlib.sha256(content).hexdigest())
        send(upload, content)
        done = complete(upload=upload, now=NOW)
        assert (done.state, done.version and done.version.number) == (UploadState.DONE, number)
        assert_whole(done.version, content)
        assert complete(upload=upload, now=LATER).version == done.version
    assert_tidy()


def test_the_line_breaks_and_the_upload_goes_on_where_it_stopped(owner: Owner, writer: Any) -> None:
    content = big_pdf()
    first = begin(owner, writer, content)
    send(first, content, 2)
    with pytest.raises(incoming.Incomplete) as error:
        complete(upload=first, now=NOW)
    assert error.value.missing == [1]
    again = begin(owner, writer, content, now=LATER)
    assert (again.pk, incoming.arrived(again)) == (first.pk, [2])
    assert list(incoming.left_of(KIND, owner.id, writer)) == [first]
    send(again, content, 1)
    assert_whole(complete(upload=again, now=LATER).version, content)
    assert not incoming.left_of(KIND, owner.id, writer).exists()


@pytest.mark.parametrize(
    "after", ["row", "parts opened", "one part", "all parts", "joined", "arrived", "version", "checked"]
)
def test_killed_after_any_step_nobody_starts_over(owner: Owner, writer: Any, after: str, monkeypatch: Any) -> None:
    content = big_pdf()

    class Killed(BaseException):
        pass

    def die(*args: Any, **kwargs: Any) -> Any:
        raise Killed

    def killed_in(module: Any, name: str, call: Any) -> None:
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(module, name, die)
            call()

    store = storage.store(Bucket.QUARANTINE)
    if after == "row":
        killed_in(incoming, "_open_parts", lambda: begin(owner, writer, content))
    elif after == "parts opened":
        begun: list[str] = []
        real = type(store).begin_parts

        def begin_and_die(self: Any, key: str, kind: str) -> str:
            begun.append(real(self, key, kind))
            raise Killed

        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(type(store), "begin_parts", begin_and_die)
            begin(owner, writer, content)
    else:
        upload = begin(owner, writer, content)
        send(upload, content, *([1] if after == "one part" else []))
        if after == "joined":
            store.finish_parts(upload.file.key, upload.token)
        elif after == "arrived":
            killed_in(incoming, "_hand_over", lambda: complete(upload=upload, now=NOW))
        elif after == "version":
            killed_in(scanning, "check", lambda: complete(upload=upload, now=NOW))
        elif after == "checked":
            killed_in(scanning, "promote", lambda: complete(upload=upload, now=NOW))
    if after in {"row", "parts opened", "one part", "all parts", "joined"}:
        again = begin(owner, writer, content, now=LATER)
        if after != "joined":
            send(again, content, *[n for n in (1, 2) if n not in incoming.arrived(again)])
        complete(upload=again, now=LATER)
    monkeypatch.setattr("django.utils.timezone.now", lambda: dt.datetime.now(dt.UTC) + dt.timedelta(hours=2))
    tasks.sweep()
    assert Upload.objects.get().state == UploadState.DONE
    assert_whole(Version.objects.get(), content)
    assert_tidy()


def test_what_is_given_up_or_left_for_a_week_leaves_nothing(owner: Owner, writer: Any, monkeypatch: Any) -> None:
    content = big_pdf()
    first = begin(owner, writer, content)
    send(first, content, 1)
    incoming.give_up(upload=first, problem="given_up", now=NOW)
    second = begin(owner, writer, content, mark="m2")
    send(second, content, 1)
    tasks.give_up_left(now=NOW + dt.timedelta(days=8))
    assert {u.state for u in Upload.objects.all()} == {UploadState.GIVEN_UP}
    assert_tidy()
    with pytest.raises(incoming.NotOnItsWay):
        incoming.put_part(
            upload=Upload.objects.get(pk=first.pk), number=1, source=io.BytesIO(b""), length=PART, now=NOW
        )
    with pytest.raises(UploadRefused):
        complete(upload=second, now=NOW)


@pytest.mark.parametrize(
    ("name", "content", "more", "code"),
    [
        ("a.pdf", b"MZ" + b"\0" * 100, {}, "program"),
        ("a.pdf", files.xlsx(), {}, "mismatch"),
        ("a.pdf", files.pdf(), {"sha256": "0" * 64}, "arrived_altered"),
    ],
)
def test_what_is_not_what_was_promised_never_leaves_the_quarantine(
    owner: Owner, writer: Any, name: str, content: bytes, more: dict[str, Any], code: str
) -> None:
    upload = begin(owner, writer, content, name=name, **more)
    send(upload, content)
    with pytest.raises(UploadRefused) as refused:
        complete(upload=upload, now=NOW)
    assert refused.value.code == code
    assert not Version.objects.exists()
    assert list(storage.store(Bucket.CLEAN).listing()) == []
    assert_tidy()


@pytest.mark.parametrize(
    ("name", "size", "code"),
    [("a.exe", 10, "wrong_type"), ("a.xlsm", 10, "macro_type"), ("a.pdf", 0, "empty"), ("a.pdf", 1 << 50, "too_large")],
)
def test_what_name_and_size_tell_is_said_before_a_byte_has_come(
    owner: Owner, writer: Any, name: str, size: int, code: str
) -> None:
    with pytest.raises(UploadRefused) as refused:
        incoming.begin(owner_kind=KIND, owner_id=owner.id, code="manual", name=name, size=size, by=writer, now=NOW)
    assert refused.value.code == code
    assert not Upload.objects.exists()


def test_a_path_in_a_name_is_only_a_name(owner: Owner, writer: Any) -> None:
    content = files.pdf()
    upload = begin(owner, writer, content, name="..\\..\\etc/passwd/手册.pdf")
    assert upload.file.name == "手册.pdf"
    assert str(upload.file.uuid) in upload.file.key


def test_nobody_else_goes_on_with_it_and_nobody_after_the_slot_is_closed(owner: Owner, writer: Any) -> None:
    content = big_pdf()
    upload = begin(owner, writer, content)
    with pytest.raises(PermissionDenied):
        incoming.find(upload_id=upload.pk, by=UserFactory.create())
    send(upload, content)
    OWNERS[owner.id].writers.clear()
    with pytest.raises(PermissionDenied):
        incoming.find(upload_id=upload.pk, by=writer)
    with pytest.raises(UploadRefused) as refused:
        complete(upload=upload, now=NOW)
    assert refused.value.code == "slot_closed"
    assert_tidy()


def test_a_part_of_another_length_is_refused(owner: Owner, writer: Any, both_stores: str) -> None:
    content = big_pdf()
    upload = begin(owner, writer, content)
    last = upload.size_of(2)
    if both_stores == "s3":
        link = incoming.links(upload, [2])[2]
        assert put(link, b"x" * (last + 1)) == 403
        assert put(link, b"x" * (last - 1)) == 403
        assert put(link.replace("partNumber=2", "partNumber=3"), b"x" * last) == 403
        assert put(link.replace("X-Amz-Expires=900", "X-Amz-Expires=90000"), b"x" * last) == 403
    else:
        for length in (last + 1, last - 1):
            with pytest.raises(incoming.PartRefused):
                incoming.put_part(upload=upload, number=2, source=io.BytesIO(b"x" * length), length=length, now=NOW)
        with pytest.raises(incoming.PartRefused):
            incoming.put_part(upload=upload, number=2, source=io.BytesIO(b"x"), length=last, now=NOW)
    assert incoming.arrived(upload) == []


def test_the_store_itself_refuses_another_key_size_or_type(owner: Owner, writer: Any, both_stores: str) -> None:
    content = files.pdf()
    upload = begin(owner, writer, content)
    if both_stores == "disk":
        assert incoming.form(upload) == {}
        return
    form = incoming.form(upload)
    assert post(form, content, key="other/key") == 403
    assert post(form, content + b"x") in (400, 403)
    assert post(form, content[:-1]) in (400, 403)
    assert post(form, content, **{"Content-Type": "text/html"}) == 403
    assert list(storage.store(Bucket.QUARANTINE).listing()) == []
    assert post(form, content) in (200, 204)
    assert complete(upload=upload, now=NOW).state == UploadState.DONE
