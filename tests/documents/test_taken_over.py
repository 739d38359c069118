"""Two at work on one file after all: a lease was lost, or its holder was stopped for long. The file stays what it is."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import RequestFactory

from documents import arrivals, incoming, leases, scanning, storage, tasks
from documents.enums import Bucket, UploadState
from documents.leases import LeaseLost
from documents.middleware import StoreAnswers
from documents.models import StoredFile, Upload, Version
from tests.documents import files
from tests.documents.owners import NOW, Owner, add, complete
from tests.documents.real_s3 import needs_s3
from tests.documents.test_incoming import PART, assert_tidy, assert_whole, begin, big_pdf, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("buckets")
def test_a_second_joiner_leaves_the_file_whole(owner: Owner, writer: Any, settings: Any, monkeypatch: Any) -> None:
    settings.UPLOAD_PART_BYTES, settings.UPLOAD_CHECK_AT_ONCE_BYTES = PART, 10
    content = big_pdf()
    upload = begin(owner, writer, content)
    send(upload, content)
    complete(upload=upload, now=NOW)
    real, joins = storage._flush, []

    def flush(path: Any) -> None:
        real(path)
        if not joins:
            joins.append(path)
            incoming._join(upload)

    monkeypatch.setattr(storage, "_flush", flush)
    done = incoming.take_in(upload.pk, now=NOW)
    assert len(joins) == 1
    scanning.check(done.file_id, now=NOW)
    assert_whole(done.version, content)
    assert_tidy()


@pytest.mark.usefixtures("buckets")
def test_a_copy_that_is_there_is_replaced_by_the_holder_of_the_lease_only(
    owner: Owner, writer: Any, settings: Any
) -> None:
    settings.UPLOAD_CHECK_AT_ONCE_BYTES = 10
    content = files.pdf()
    file = add(owner, writer, data=content).file
    half = storage.store(Bucket.CLEAN).path(file.key)  # type: ignore[attr-defined]
    storage.write(Bucket.CLEAN, file.key, _stream(content[:100]), limit=100)
    lost = leases.Lease((file.pk,), NOW)
    with pytest.raises(LeaseLost):
        storage.copy_to_clean(file.key, storage.Written(file.size or 0, file.sha256), still=lost.renew)
    with open(half, "rb") as handle:  # noqa: PTH123
        assert handle.read() == content[:100]
    assert scanning.check(file.pk, now=NOW).is_stored


def _stream(content: bytes) -> Any:
    import io

    return io.BytesIO(content)


@pytest.mark.usefixtures("buckets")
def test_who_lost_the_lease_while_reading_makes_no_version(owner: Owner, writer: Any, monkeypatch: Any) -> None:
    content = files.pdf()
    upload = begin(owner, writer, content)
    send(upload, content)
    real, other = arrivals.read, uuid.uuid4()

    def read(key: str) -> Any:
        StoredFile.objects.filter(pk=upload.file_id).update(lease=other, leased_until=NOW + dt.timedelta(minutes=5))
        return real(key)

    with monkeypatch.context() as patched:
        patched.setattr(arrivals, "read", read)
        assert complete(upload=upload, now=NOW).state in incoming.GOING_ON
    assert not Version.objects.exists()
    tasks.take_in_left(now=NOW + dt.timedelta(minutes=6))
    assert Upload.objects.get().state == UploadState.DONE
    assert Version.objects.get().file.size == len(content)


def test_the_clock_of_a_sweep_goes_on(monkeypatch: Any) -> None:
    ticks = iter([100.0, 100.0 + 7 * 60])
    monkeypatch.setattr(tasks.time, "monotonic", lambda: next(ticks))
    assert tasks._running(NOW)() == NOW + dt.timedelta(minutes=7)


@needs_s3
@pytest.mark.usefixtures("s3_buckets")
def test_a_small_file_that_came_is_taken_in_though_nobody_completes_it(owner: Owner, writer: Any) -> None:
    content = files.pdf()
    came, never = begin(owner, writer, content, mark="came"), begin(owner, writer, content, mark="never", code="other")
    assert came.is_form
    send(came, content)
    tasks.take_in_forms(now=NOW + dt.timedelta(minutes=1))
    assert set(Upload.objects.values_list("state", flat=True)) == {UploadState.OPEN}
    tasks.take_in_forms(now=NOW + dt.timedelta(minutes=10))
    came.refresh_from_db()
    assert came.state == UploadState.DONE
    never.refresh_from_db()
    assert never.state == UploadState.OPEN


def test_another_machine_that_refuses_is_not_the_store() -> None:
    """A mail server, say."""
    middleware = StoreAnswers(lambda request: None)  # type: ignore[arg-type, return-value]
    request = RequestFactory().get("/")
    try:
        raise ConnectionRefusedError(111, "refused")
    except ConnectionRefusedError as error:
        assert middleware.process_exception(request, error) is None
