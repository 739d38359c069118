"""The store refuses connections: whoever asks for a file, or sends one without a script, is told what to do."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from documents.enums import ScanState
from documents.models import AccessLog, StoredFile, Version
from tests.documents import files
from tests.documents.owners import KIND, Owner, add

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("buckets")]


@pytest.fixture
def version(buckets: Path, owner: Owner, writer: Any) -> Version:
    return add(owner, writer)


@pytest.fixture
def away(buckets: Path, version: Version, settings: Any) -> None:
    """Both buckets lie in a store at whose address nobody listens."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{place.getsockname()[1]}"
    options = {
        "endpoint_url": address, "access_key": "test", "secret_key": "testtest", "region_name": "us-east-1",
        "default_acl": None, "file_overwrite": True,
    }  # fmt: skip
    backend = "documents.objects.ObjectStorage"
    settings.STORAGES = {
        **settings.STORAGES,
        **{name: {"BACKEND": backend, "OPTIONS": {**options, "bucket_name": name}} for name in ("quarantine", "clean")},
    }


@pytest.fixture
def person(client: Client, writer: Any) -> Client:
    client.force_login(writer)
    client.cookies["django_language"] = "en"
    return client


def assert_told(answer: Any) -> None:
    assert (answer.status_code, answer["Retry-After"], answer.templates[0].name) == (503, "120", "errors/503.html")
    assert "Nothing that was taken in is lost" in answer.content.decode()


@pytest.mark.usefixtures("away")
def test_what_is_shown_or_bundled_is_told_and_is_no_look(person: Client, owner: Owner, version: Version) -> None:
    address = reverse("documents:download", args=[version.pk]) + "?view=1"
    assert_told(person.get(address))
    page = person.get(address).content.decode()
    assert ("just sent" in page, f'href="{address}"' in page) == (False, True)
    assert_told(person.get(reverse("documents:download_slot", args=[KIND, owner.id, "manual"])))
    assert not AccessLog.objects.exists()


@pytest.mark.usefixtures("away")
def test_a_picture_of_the_viewer_is_told(person: Client, version: Version, tmp_path: Path, settings: Any) -> None:
    settings.VAR_DIR = tmp_path
    assert_told(person.get(reverse("documents:look_picture", args=[version.pk, 1, 900])))


@pytest.mark.usefixtures("away")
def test_an_upload_without_a_script_is_told_and_leaves_no_version(person: Client, owner: Owner) -> None:
    address = reverse("documents:upload", args=[KIND, owner.id, "manual"])
    answer = person.post(address, {"file": files.upload("b.pdf", files.pdf("b")), "label": "", "note": ""})
    assert_told(answer)
    assert "A file that you have just sent did not arrive" in answer.content.decode()
    assert Version.objects.count() == 1
    assert StoredFile.objects.exclude(scan_state=ScanState.CLEAN).get().scan_state == ScanState.FAILED


@pytest.mark.usefixtures("away")
def test_a_part_of_a_page_gets_the_sentence_alone(person: Client, version: Version) -> None:
    address = reverse("documents:download", args=[version.pk]) + "?view=1"
    answer = person.get(address, headers={"HX-Request": "true"})
    assert (answer.status_code, "Nothing is lost" in answer.json()["message"]) == (503, True)


def test_a_fault_of_ours_is_no_store_that_is_away(person: Client, version: Version, monkeypatch: Any) -> None:
    monkeypatch.setattr("documents.serving.hand_out", lambda **given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        person.get(reverse("documents:download", args=[version.pk]))
