from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from documents.models import StoredFile, Version
from documents.services import freeze
from tests.documents import files
from tests.documents.owners import KIND, NOW, Owner, add
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.usefixtures("buckets")
HTMX = {"HX-Request": "true"}


def _slot(name: str, owner: Owner, code: str = "manual") -> str:
    return reverse(f"documents:{name}", args=[KIND, owner.id, code])


def _send(client: Client, owner: Owner, data: bytes, name: str = "a.pdf", **more: Any) -> Any:
    extra = {"headers": more.pop("headers", None)}
    return client.post(_slot("upload", owner), {"file": files.upload(name, data), **more}, **extra)


@pytest.fixture
def signed_in(client: Client, writer: Any) -> Client:
    client.force_login(writer)
    client.cookies["django_language"] = "en"
    return client


def test_the_script_gets_the_slot_s_part_back(signed_in: Client, owner: Owner) -> None:
    response = _send(signed_in, owner, files.pdf(), headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 200
    assert page.lstrip().startswith('<div id="slot-manual-')
    assert "structure checked, not scanned for malware" in page
    assert reverse("documents:download", args=[Version.objects.get().pk]) in page


def test_a_refusal_is_told_in_the_slot(signed_in: Client, owner: Owner) -> None:
    response = _send(signed_in, owner, files.PROGRAM, headers=HTMX)
    assert response.status_code == 422
    assert "“a.pdf” is a program, not a document." in response.content.decode()
    assert list(StoredFile.objects.all()) == []


def test_without_scripts_a_form_leads_back(signed_in: Client, owner: Owner) -> None:
    response = _send(signed_in, owner, files.pdf(), next="/somewhere/")
    assert (response.status_code, response["Location"]) == (302, "/somewhere/")
    elsewhere = _send(signed_in, owner, files.pdf("b"), next="https://evil.example/")
    assert elsewhere["Location"] == _slot("slot", owner)
    assert Version.objects.count() == 2


def test_nothing_chosen_is_told(signed_in: Client, owner: Owner) -> None:
    response = signed_in.post(_slot("upload", owner), {}, headers=HTMX)
    assert response.status_code == 422
    assert "No file was chosen. Choose a file and send it again." in response.content.decode()


def test_an_empty_file_is_told(signed_in: Client, owner: Owner) -> None:
    response = _send(signed_in, owner, b"", headers=HTMX)
    assert "“a.pdf” is empty." in response.content.decode()


def test_who_may_only_read_sees_no_form_and_cannot_send(client: Client, owner: Owner, writer: Any) -> None:
    add(owner, writer)
    reader = UserFactory.create()
    owner.readers.add(reader.pk)
    client.force_login(reader)
    page = client.get(_slot("slot", owner)).content.decode()
    assert ("a.pdf" in page, "data-upload" in page) == (True, False)
    assert _send(client, owner, files.pdf("b")).status_code == 404
    assert Version.objects.count() == 1


def test_a_stranger_sees_no_slot(client: Client, owner: Owner, writer: Any) -> None:
    version = add(owner, writer)
    client.force_login(UserFactory.create())
    assert client.get(_slot("slot", owner)).status_code == 404
    assert _send(client, owner, files.pdf("b")).status_code == 404
    assert client.post(reverse("documents:remove", args=[version.pk]), {"confirm": "yes"}).status_code == 404
    assert Version.objects.live().count() == 1


def test_signed_out_is_sent_to_sign_in(client: Client, owner: Owner) -> None:
    for response in (client.get(_slot("slot", owner)), _send(client, owner, files.pdf())):
        assert (response.status_code, response["Location"].startswith(reverse("account_login"))) == (302, True)


def test_a_draft_s_version_is_removed_after_the_question(signed_in: Client, owner: Owner, writer: Any) -> None:
    version = add(owner, writer)
    url = reverse("documents:remove", args=[version.pk])
    signed_in.post(url)
    assert Version.objects.live().count() == 1
    assert signed_in.post(url, {"confirm": "yes"}).status_code == 302
    version.refresh_from_db()
    assert (version.withdrawn_by, version.withdrawn_at is None) == (writer, False)
    assert "Nothing here yet." in signed_in.get(_slot("slot", owner), headers=HTMX).content.decode()


def test_what_was_handed_in_cannot_be_removed(signed_in: Client, owner: Owner, writer: Any) -> None:
    version = add(owner, writer)
    freeze(owner_kind=KIND, owner_id=owner.id, now=NOW)
    page = signed_in.get(_slot("slot", owner), headers=HTMX).content.decode()
    assert ("handed in" in page, "Remove" in page) == (True, False)
    response = signed_in.post(reverse("documents:remove", args=[version.pk]), {"confirm": "yes"}, follow=True)
    assert "was handed in and cannot be removed" in response.content.decode()
    assert Version.objects.live().get() == version


def _rendered(owner: Owner, user: Any, codes: list[str]) -> str:
    request = RequestFactory().get("/page/")
    request.user = user
    tags = "".join(f'{{% slot kind id "{code}" %}}' for code in codes)
    context = Context({"request": request, "kind": KIND, "id": owner.id, "csrf_token": "token"})
    return Template("{% load documents %}" + tags).render(context)


def test_ten_slots_cost_no_more_queries_than_one(owner: Owner, writer: Any) -> None:
    codes = [f"code-{n}" for n in range(10)]
    for code in codes:
        add(owner, writer, code=code)
    counts = []
    for wanted in (codes[:1], codes[:3], codes):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = _rendered(owner, writer, wanted)
        assert page.count("<section") == len(wanted)
        counts.append(len(queries))
    assert counts == [1, 1, 1]


def test_a_slot_shows_nothing_to_a_stranger(owner: Owner, writer: Any) -> None:
    add(owner, writer)
    assert _rendered(owner, UserFactory.create(), ["manual"]).strip() == ""


def test_names_are_escaped(signed_in: Client, owner: Owner, writer: Any) -> None:
    add(owner, writer, "<b>x.pdf")
    assert "&lt;b&gt;x.pdf" in signed_in.get(_slot("slot", owner)).content.decode()


def test_slots_of_one_code_do_not_share_a_place_on_the_page(owner: Owner, writer: Any) -> None:
    from documents.panels import panel
    from documents.queries import Slot

    ids = {panel(Slot(KIND, owner.id, "report", label), can_write=True)["part_id"] for label in ("", "水", "气")}
    assert len(ids) == 3


def test_an_unknown_owner_is_not_found(signed_in: Client) -> None:
    url = reverse("documents:slot", args=["nobody", uuid.uuid4(), "manual"])
    assert signed_in.get(url).status_code == 404


def test_a_label_no_database_can_hold_is_an_empty_slot(signed_in: Client, owner: Owner) -> None:
    assert signed_in.get(_slot("slot", owner), {"label": "\x00"}).status_code == 200
    assert signed_in.post(_slot("upload", owner), {"label": "\x00"}, headers=HTMX).status_code == 422
