"""The conversation of the page that uploads, with requests no page sends, limits, and a store that does not answer."""

from __future__ import annotations

import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult

from documents import incoming, limits, storage
from documents.enums import UploadState
from documents.models import StoredFile, Upload
from documents.upload import UploadRefused, add_version
from tests.documents import files, owners
from tests.documents.owners import KIND, NOW, Owner, add

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("buckets")]


@pytest.fixture
def signed_in(client: Client, writer: Any) -> Client:
    client.force_login(writer)
    client.cookies["django_language"] = "en"
    return client


def begin_url(owner: Owner) -> str:
    return reverse("documents:uploads", args=[KIND, owner.id])


def ask(client: Client, url: str, told: Any) -> Any:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return client.post(url, body, content_type="application/json")


def begin(client: Client, owner: Owner, **more: Any) -> Any:
    return ask(client, begin_url(owner), {"code": "manual", "name": "a.pdf", "size": 100, "mark": "m", **more})


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"7", b'"text"', b"\xff\xfe{}", b"[" * 100_000, b'{"size": 1' + b"0" * 5000 + b"}",
        b"{" + b" " * 3_000_000 + b"}", b"a=1&b=2",
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_read_is_answered_with_a_sentence(
    signed_in: Client, owner: Owner, body: bytes
) -> None:
    answer = ask(signed_in, begin_url(owner), body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
    assert "choose the file again" in answer.json()["message"]
    known = begin(signed_in, owner).json()
    assert ask(signed_in, f"{known['url']}links/", body).status_code == 400


@pytest.mark.parametrize("code", ["", None, 7, "a b", "../x", "a/b", "x" * 61, "手册", "\x00", ["manual"]])
def test_a_code_that_is_none_is_told_before_anything_is_kept(signed_in: Client, owner: Owner, code: Any) -> None:
    answer = begin(signed_in, owner, code=code)
    assert (answer.status_code, "for what the file is" in answer.json()["message"]) == (400, True)
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize("size", [None, "100", -1, 0, True, 1.5, [], 10**30])
def test_a_size_that_is_none_is_refused_with_words(signed_in: Client, owner: Owner, size: Any) -> None:
    answer = begin(signed_in, owner, size=size)
    assert (answer.status_code, "“a.pdf”" in answer.json()["message"]) == (422, True)


def test_texts_no_database_can_hold_are_cleaned(signed_in: Client, owner: Owner) -> None:
    answer = begin(signed_in, owner, label="水\x00\ud800", note="\udfff" * 600, mark="\ud83d", name="a\ud800.pdf")
    assert (answer.status_code, answer.json()["label"], answer.json()["name"]) == (201, "水", "a.pdf")


@pytest.mark.parametrize("parts", [None, "1", 5, [0, -1, 2, "1", None, 10**30], [True], {}])
def test_links_for_parts_that_are_none_are_not_made(signed_in: Client, owner: Owner, parts: Any) -> None:
    told = begin(signed_in, owner).json()
    assert ask(signed_in, f"{told['url']}links/", {"parts": parts}).json() == {"links": {}}


@pytest.mark.parametrize("number", ["0", "2", "99999999999999999999"])
def test_a_part_that_is_none_is_told(signed_in: Client, owner: Owner, number: str) -> None:
    told = begin(signed_in, owner).json()
    answer = signed_in.put(f"{told['url']}parts/{number}/", b"x", content_type="application/octet-stream")
    assert (answer.status_code, number in answer.json()["message"]) == (422, True)


def test_a_store_that_is_away_is_told_and_the_upload_goes_on(signed_in: Client, owner: Owner, monkeypatch: Any) -> None:
    content = files.pdf()
    told = begin(signed_in, owner, size=len(content)).json()

    def away(*args: Any, **kwargs: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="http://store")

    part = f"{told['url']}parts/1/"
    with monkeypatch.context() as patched:
        patched.setattr(storage.LocalStorage, "put_part", away)
        answer = signed_in.put(part, content, content_type="application/octet-stream")
        assert (answer.status_code, "go on" in answer.json()["message"] or bool(answer.json()["message"])) == (
            503,
            True,
        )
    assert signed_in.put(part, content, content_type="application/octet-stream").status_code == 200
    with monkeypatch.context() as patched:
        patched.setattr(storage.LocalStorage, "finish_parts", away)
        assert complete(signed_in, [told["upload"]]).status_code == 503
    (ended,) = complete(signed_in, [told["upload"]]).json()["files"]
    assert ended["state"] == UploadState.DONE


def test_a_fault_of_ours_is_not_called_a_store_that_is_away(signed_in: Client, owner: Owner, monkeypatch: Any) -> None:
    monkeypatch.setattr(incoming, "begin_all", lambda **given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        begin(signed_in, owner)


def test_who_was_not_told_of_the_end_finds_it_and_sends_nothing_again(owner: Owner, writer: Any) -> None:
    now = timezone.now()
    content = files.pdf()
    given = {"owner_kind": KIND, "owner_id": owner.id, "code": "manual", "name": "a.pdf", "by": writer, "mark": "m"}
    first = incoming.begin(**given, size=len(content), now=now)
    with pytest.raises(incoming.Incomplete):
        owners.complete(upload=first, now=now)
    incoming.put_part(upload=first, number=1, source=io.BytesIO(content), length=len(content), now=now)
    Upload.objects.filter(pk=first.pk).update(state=UploadState.ARRIVED)
    storage.store("quarantine").finish_parts(first.file.key, first.token)
    assert incoming.begin(**given, size=len(content), now=now).pk == first.pk
    done = owners.complete(upload=first, now=now)
    assert (incoming.begin(**given, size=len(content), now=now), done.state) == (done, UploadState.DONE)
    assert incoming.begin(**given, size=len(content), now=now + incoming.JUST_ENDED * 2).pk != first.pk
    add(owner, writer, "b.pdf", files.pdf("b"))
    assert incoming.begin(**{**given, "mark": "m2"}, size=len(content), now=now).pk != first.pk


def test_a_person_has_only_so_many_on_their_way(signed_in: Client, owner: Owner, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "MAX_OPEN", 3)
    said = [begin(signed_in, owner, mark=f"m{number}").status_code for number in range(5)]
    assert said == [201, 201, 201, 422, 422]
    told = begin(signed_in, owner, mark="m9").json()["message"]
    assert "3" in told
    assert begin(signed_in, owner, mark="m1").status_code == 201  # going on is no further one


def test_an_owner_has_only_so_many_files_by_either_way(
    signed_in: Client, owner: Owner, writer: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(limits, "MAX_OF_OWNER", 2)
    add(owner, writer)
    assert begin(signed_in, owner).status_code == 201
    with translation.override("en"), pytest.raises(UploadRefused, match="2 files have been uploaded here"):
        add(owner, writer, "b.pdf", files.pdf("b"))
    answer = begin(signed_in, owner, mark="other")
    assert (answer.status_code, "b.pdf" in answer.json()["message"]) == (422, False)
    assert add_version(owner_kind=KIND, owner_id=owner.id, code="made", upload=files.upload("p.pdf", files.pdf("p")),
                       by=None, now=NOW).number == 1  # fmt: skip


def test_ten_thousand_small_files_for_one_slot_are_stopped_early_and_told_in_pages(
    signed_in: Client, owner: Owner, writer: Any
) -> None:
    answers = [begin(signed_in, owner, mark=f"m{number}") for number in range(2)]
    rows = [
        StoredFile(
            uuid=(one := uuid.uuid4()), key=storage.key_of(one), name=f"{n}.pdf", uploaded_by=writer, created_at=NOW
        )
        for n in range(9_998)
    ]
    StoredFile.objects.bulk_create(rows)
    like = Upload.objects.get(pk=answers[0].json()["upload"])
    shared = {
        "owner_kind": KIND, "owner_id": owner.id, "code": "manual", "size": 100, "content_type": like.content_type,
        "part_size": like.part_size, "begun_by": writer, "begun_at": NOW, "last_at": NOW,
    }  # fmt: skip
    Upload.objects.bulk_create([Upload(file=file, token=uuid.uuid4().hex, **shared) for file in rows])
    answer = begin(signed_in, owner, mark="one more")
    assert (answer.status_code, "300" in answer.json()["message"]) == (422, True)
    with CaptureQueriesContext(connection) as many:
        told = signed_in.get(begin_url(owner)).json()
    assert (len(told["uploads"]), told["more"]) == (50, True)
    Upload.objects.exclude(pk=like.pk).delete()
    with CaptureQueriesContext(connection) as one:
        told = signed_in.get(begin_url(owner)).json()
    assert (len(told["uploads"]), told["more"], len(many)) == (1, False, len(one))


def test_what_is_no_number_of_bytes_is_told(signed_in: Client, owner: Owner) -> None:
    told = begin(signed_in, owner).json()
    answer = signed_in.generic("PUT", f"{told['url']}parts/1/", b"", CONTENT_LENGTH="²")
    assert answer.status_code == 411


def test_the_folder_of_the_parts_is_never_listed(owner: Owner, writer: Any, buckets: Path) -> None:
    for name in ("b/2", "a.x", "a/1", "b/10", "B", ".parts/x/1"):
        path = buckets / "quarantine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    listed = [key for key, _at in storage.store("quarantine").listing()]
    assert listed == sorted(["b/2", "a.x", "a/1", "b/10", "B"], key=str.encode)


def several(client: Client, owner: Owner, *wishes: dict[str, Any]) -> Any:
    given = [{"code": "manual", "name": "a.pdf", "size": 100, **wish} for wish in wishes]
    return ask(client, begin_url(owner), {"files": given})


def complete(client: Client, uploads: Any) -> Any:
    return ask(client, reverse("documents:upload_complete"), {"uploads": uploads})


def test_several_are_begun_sent_and_completed_and_one_that_is_refused_stops_no_other(
    signed_in: Client, owner: Owner, writer: Any
) -> None:
    contents = [files.pdf(str(number)) for number in range(3)]
    good = [
        {"label": str(number), "name": f"{number}.pdf", "size": len(content), "mark": f"m{number}"}
        for number, content in enumerate(contents)
    ]
    answer = several(signed_in, owner, good[0], {"name": "a.exe", "mark": "m9"}, *good[1:])
    first, refused, *rest = answer.json()["files"]
    assert (answer.status_code, refused["status"], "“a.exe”" in refused["message"]) == (201, 422, True)
    begun = [first, *rest]
    for told, content in zip(begun[:2], contents, strict=False):
        signed_in.put(f"{told['url']}parts/1/", content, content_type="application/octet-stream")
    stranger = str(uuid.uuid4())
    ended = complete(signed_in, [begun[0]["upload"], stranger, begun[2]["upload"], begun[1]["upload"]]).json()
    one, unknown, unsent, two = ended["files"]
    assert [one["state"], two["state"], one["version"]] == [UploadState.DONE, UploadState.DONE, 1]
    assert (unknown["status"], unsent["status"], unsent["missing"]) == (422, 409, [1])
    assert Upload.objects.filter(state=UploadState.DONE).count() == 2
    waiting = StoredFile.objects.filter(received_at__isnull=False)
    assert {file.scan_state for file in waiting} == {"pending"}  # of many, each is checked by the worker
    assert DBTaskResult.objects.filter(task_path__endswith="check_file").count() == 2


def test_several_cost_one_person_s_rights_and_one_owner_s_lock(signed_in: Client, owner: Owner) -> None:
    def cost(count: int, round_: int) -> tuple[int, int]:
        contents = [files.pdf(f"{round_} {number}") for number in range(count)]
        wishes = [
            {"label": f"{round_} {n}", "size": len(content), "mark": f"{round_} {n}"}
            for n, content in enumerate(contents)
        ]
        with CaptureQueriesContext(connection) as beginning:
            begun = several(signed_in, owner, *wishes).json()["files"]
            of_begin = len(beginning)
        for told, content in zip(begun, contents, strict=True):
            signed_in.put(f"{told['url']}parts/1/", content, content_type="application/octet-stream")
        with CaptureQueriesContext(connection) as ending:
            complete(signed_in, [told["upload"] for told in begun])
            of_end = len(ending)
        return of_begin, of_end

    cost(2, 0)
    (begin_two, end_two), (begin_six, end_six) = cost(2, 1), cost(6, 2)
    assert begin_six - begin_two == 4  # the token of each, where it comes in parts
    assert end_six - end_two <= 4 * 9


def test_the_same_file_named_twice_in_one_request_is_one_upload(signed_in: Client, owner: Owner) -> None:
    first, second = several(signed_in, owner, {"mark": "m"}, {"mark": "m"}).json()["files"]
    assert (first["upload"] == second["upload"], Upload.objects.count()) == (True, 1)


def test_several_have_room_for_so_many_only(signed_in: Client, owner: Owner, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "MAX_OPEN", 2)
    told = several(signed_in, owner, *({"mark": str(number)} for number in range(4))).json()["files"]
    assert [one.get("status") for one in told] == [None, None, 422, 422]


@pytest.mark.parametrize("wrong", [[], "a", [1], [{}] * 51, {"a": 1}, None])
def test_several_that_are_none_are_told(signed_in: Client, owner: Owner, wrong: Any) -> None:
    assert ask(signed_in, begin_url(owner), {"files": wrong}).status_code == 400
    assert complete(signed_in, wrong).status_code == 400
    assert not Upload.objects.exists()


def test_a_store_that_is_away_is_told_of_several(signed_in: Client, owner: Owner, monkeypatch: Any) -> None:
    contents = [files.pdf(str(number)) for number in range(2)]
    wishes = [{"label": str(n), "size": len(content), "mark": str(n)} for n, content in enumerate(contents)]
    begun = several(signed_in, owner, *wishes).json()["files"]
    for told, content in zip(begun, contents, strict=True):
        signed_in.put(f"{told['url']}parts/1/", content, content_type="application/octet-stream")
    uploads = [told["upload"] for told in begun]

    def away(*args: Any, **kwargs: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="http://store")

    with monkeypatch.context() as patched:
        patched.setattr(storage.LocalStorage, "stream", away)
        assert complete(signed_in, uploads).status_code == 503
    assert {one["state"] for one in complete(signed_in, uploads).json()["files"]} == {UploadState.DONE}


def test_one_that_comes_alone_is_told_what_its_check_found(signed_in: Client, owner: Owner) -> None:
    content = files.pdf(password="x")
    (told,) = several(signed_in, owner, {"size": len(content), "mark": "m"}).json()["files"]
    signed_in.put(f"{told['url']}parts/1/", content, content_type="application/octet-stream")
    (ended,) = complete(signed_in, [told["upload"]]).json()["files"]
    assert (ended["state"], "password" in ended["problem"]) == (UploadState.DONE, True)
