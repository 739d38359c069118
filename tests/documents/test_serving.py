from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from documents import access, serving
from documents.enums import Purpose, ScanLevel, ScanState
from documents.models import AccessLog, StoredFile, Version
from documents.services import withdraw
from tests.documents import files
from tests.documents.owners import KIND, NOW, Owner, add
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.usefixtures("buckets")


def _body(response: Any) -> bytes:
    """Read to the end, which also closes the response."""
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def _url(held: Any) -> str:
    return reverse("documents:download", args=[held.pk])


@pytest.fixture
def reader(owner: Owner) -> Any:
    person = UserFactory.create()
    owner.readers.add(person.pk)
    return person


def test_a_reader_gets_the_bytes_and_it_is_logged(client: Client, owner: Owner, writer: Any, reader: Any) -> None:
    data = files.pdf()
    version = add(owner, writer, "质量手册 第1版.pdf", data)
    client.force_login(reader)
    response = client.get(_url(version))
    assert (response.status_code, _body(response)) == (200, data)
    assert response["Content-Disposition"] == f"attachment; filename*=utf-8''{quote('质量手册 第1版.pdf')}"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Length"] == str(len(data))
    log = AccessLog.objects.get()
    assert (log.file, log.user, log.ip, log.purpose) == (version.file, reader, "127.0.0.1", Purpose.DOWNLOAD)


def test_the_log_is_there_before_the_first_byte(client: Client, owner: Owner, writer: Any, reader: Any) -> None:
    version = add(owner, writer)
    client.force_login(reader)
    response = client.get(_url(version.file))
    assert AccessLog.objects.count() == 1
    _body(response)


@pytest.mark.parametrize(
    "case",
    [
        ("a.pdf", files.pdf(), 'inline; filename="a.pdf"', False),
        ("a.png", files.picture(), 'inline; filename="a.png"', True),
        ("a.xlsx", files.xlsx(), 'attachment; filename="a.xlsx"', True),
    ],
)
def test_pdf_and_pictures_are_shown_without_rights(
    client: Client, owner: Owner, writer: Any, case: tuple[str, bytes, str, bool]
) -> None:
    name, data, disposition, sandboxed = case
    version = add(owner, writer, name, data)
    client.force_login(writer)
    response = client.get(_url(version), {"view": "1"})
    _body(response)
    policy = response["Content-Security-Policy"]
    assert (response["Content-Disposition"], policy.endswith("sandbox")) == (disposition, sandboxed)
    assert policy.startswith("default-src 'none'; ")
    assert AccessLog.objects.get().purpose == Purpose.VIEW


def test_a_stranger_gets_what_nobody_gets(client: Client, owner: Owner, writer: Any) -> None:
    version = add(owner, writer)
    client.force_login(UserFactory.create())
    theirs = client.get(_url(version))
    nobodys = client.get(reverse("documents:download", args=[uuid.uuid4()]))
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert "a.pdf" not in theirs.content.decode()
    assert list(AccessLog.objects.all()) == []


def test_signed_out_goes_to_the_sign_in_page(client: Client, owner: Owner, writer: Any) -> None:
    response = client.get(_url(add(owner, writer)))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_a_locked_person_reads_nothing(owner: Owner, writer: Any) -> None:
    file = add(owner, writer).file
    assert access.may_read_file(writer, file)
    writer.is_active = False
    assert not access.may_read_file(writer, file)


def test_a_removed_version_is_not_handed_out(client: Client, owner: Owner, writer: Any) -> None:
    version = add(owner, writer)
    withdraw(version=version, by=writer, now=NOW)
    client.force_login(writer)
    assert client.get(_url(version)).status_code == 404


def test_not_checked_is_not_served(client: Client, owner: Owner, writer: Any, settings: Any) -> None:
    settings.UPLOAD_CHECK_AT_ONCE_BYTES = 10
    version = add(owner, writer)
    client.force_login(writer)
    response = client.get(_url(version))
    assert (response.status_code, list(AccessLog.objects.all())) == (409, [])
    assert "a.pdf" in response.content.decode()


@pytest.mark.parametrize("case", [(ScanLevel.STRUCTURE, 409), (ScanLevel.MALWARE, 200), (ScanLevel.PRODUCED, 200)])
def test_production_serves_nothing_that_was_only_opened(
    client: Client, owner: Owner, writer: Any, settings: Any, case: tuple[ScanLevel, int]
) -> None:
    level, status = case
    version = add(owner, writer)
    StoredFile.objects.update(scan_level=level)
    settings.DEMO = False
    client.force_login(writer)
    response = client.get(_url(version))
    _body(response)
    assert response.status_code == status


def test_lost_bytes_are_told(client: Client, owner: Owner, writer: Any, buckets: Path) -> None:
    version = add(owner, writer)
    (buckets / "clean" / version.file.key).unlink()
    client.force_login(writer)
    assert (client.get(_url(version)).status_code, list(AccessLog.objects.all())) == (409, [])


def test_a_file_without_a_slot_is_read_by_its_holder_s_rule(
    client: Client, owner: Owner, writer: Any, reader: Any
) -> None:
    version = add(owner, writer)
    file = version.file
    Version.objects.all().delete()
    client.force_login(reader)
    assert client.get(_url(file)).status_code == 404
    access.register_holder(lambda asked: [access.Owner("test-owner", owner.id)] if asked == file else [])
    response = client.get(_url(file))
    _body(response)
    assert response.status_code == 200
    access._holders.pop()


def test_one_kind_has_one_rule() -> None:
    with pytest.raises(access.OwnerTaken):
        access.register_owner("test-owner", lambda user, owner_id: True, lambda user, owner_id: True)


def test_state_and_stamps_hold_together(owner: Owner, writer: Any) -> None:
    from django.db import IntegrityError, transaction

    file = add(owner, writer).file
    wrong: list[dict[str, Any]] = [
        {"scan_state": ScanState.REFUSED},
        {"scan_state": ScanState.PENDING},
        {"bucket": "quarantine"},
        {"promoted_at": None},
        {"sha256": ""},
        {"size": 0},
        {"discarded_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
        {"content_type": ""},
        {"scan_level": ""},
    ]
    for change in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            StoredFile.objects.filter(pk=file.pk).update(**change)


def test_a_bundle_is_named_by_the_day_of_the_authority(owner: Owner, writer: Any) -> None:
    add(owner, writer)
    evening = dt.datetime(2026, 11, 20, 20, 0, tzinfo=dt.UTC)
    answer = serving.hand_out_all(owner_kind=KIND, owner_id=owner.id, user=writer, ip=None, now=evening)
    assert f"{KIND}-20261121.zip" in answer["Content-Disposition"]
