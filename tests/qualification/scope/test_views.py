"""Pages and endpoints: who gets what, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from documents import access as file_access
from qualification.scope import access, services
from qualification.scope.models import CapabilityTable
from tests.factories.accounts import UserFactory
from tests.qualification.scope.conftest import NOW, TEMPLATE, sheet

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def table(application: Any, site: Any, user: Any, version_of: Callable[..., Any], open_access: None) -> CapabilityTable:
    version = version_of(TEMPLATE.read_bytes())
    return services.import_table(application=application, site=site, is_food=False, version=version, by=user, now=NOW)


@pytest.fixture
def own(client: Client, user: Any) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def other(user: Any) -> Client:
    client = Client()
    client.force_login(UserFactory.create())
    return client


def every_url(table: CapabilityTable) -> list[str]:
    row = table.rows.filter(level="parameter").first()
    by_table = ["table", "rows", "print", "problems", "problems_csv", "export", "row_add"]
    by_row = ["row_edit", "row_delete", "row_confirm"]
    return [
        *(reverse(f"scope:{name}", args=[table.uuid]) for name in by_table),
        *(reverse(f"scope:{name}", args=[row.uuid]) for name in by_row),
        reverse("scope:upload", args=[table.application.uuid]),
    ]


def test_the_owner_sees_every_page(own: Client, table: CapabilityTable) -> None:
    assert {url: own.get(url).status_code for url in every_url(table)} == dict.fromkeys(every_url(table), 200)
    for mode in ("read", "edit", "confirm", "compare"):
        assert own.get(reverse("scope:table", args=[table.uuid]), {"mode": mode}).status_code == 200


def test_a_stranger_gets_404_everywhere(other: Client, table: CapabilityTable) -> None:
    assert {other.get(url).status_code for url in every_url(table)} == {404}
    row = table.rows.filter(level="parameter").first()
    posts = [reverse("scope:confirm_many", args=[table.uuid]), reverse("scope:row_confirm", args=[row.uuid]),
             reverse("scope:table_delete", args=[table.uuid])]  # fmt: skip
    assert {other.post(url, {"verdict": "confirmed", "means": "witnessed"}).status_code for url in posts} == {404}
    assert table.rows.exclude(verdict="").count() == 0


def test_nothing_registered_is_refused(own: Client, table: CapabilityTable) -> None:
    access._registered.read = access._registered.edit = access._registered.confirm = None
    assert {own.get(url).status_code for url in every_url(table)} == {404}


def test_a_reader_may_not_edit_nor_confirm(own: Client, table: CapabilityTable) -> None:
    access.register(read=lambda u, t: True, edit=lambda u, t: False, confirm=lambda u, t: False)
    row = table.rows.filter(level="parameter").first()
    assert own.get(reverse("scope:table", args=[table.uuid])).status_code == 200
    assert own.get(reverse("scope:table", args=[table.uuid]), {"mode": "confirm"}).status_code == 403
    assert own.post(reverse("scope:row_edit", args=[row.uuid]), {"row-name": "x"}).status_code == 403
    assert (
        own.post(
            reverse("scope:confirm_many", args=[table.uuid]), {"all": "1", "verdict": "dropped", "note": "x"}
        ).status_code
        == 403
    )
    row.refresh_from_db()
    assert (row.name, row.verdict) == ("静水压强度试验", "")


def test_chunks(own: Client, table: CapabilityTable) -> None:
    url = reverse("scope:rows", args=[table.uuid])
    data = own.get(url, {"offset": "18"}).json()
    assert (data["total"], data["offset"], data["html"].count("<tr")) == (20, 18, 2)
    found = own.get(url, {"q": "22513"}).json()
    assert (found["total"], found["html"].count('class="grid-row')) == (2, 2)
    assert own.get(url, {"q": "不存在"}).json()["total"] == 0


def test_chunks_cost_the_same_for_one_row_and_many(
    own: Client, table: CapabilityTable, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(8):
        own.get(reverse("scope:rows", args=[table.uuid]), {"mode": "confirm"})


def test_confirming_one_row_answers_with_the_row_and_the_progress(own: Client, table: CapabilityTable) -> None:
    row = table.rows.get(number="2.1")
    answer = own.post(
        reverse("scope:row_confirm", args=[row.uuid]), {"verdict": "confirmed", "means": "blind_sample"}, **JSON
    )
    assert answer.status_code == 200
    assert answer.json()["progress"]["done"] == 1
    row.refresh_from_db()
    assert (row.verdict, row.confirmed_by_means) == ("confirmed", "blind_sample")


def test_a_verdict_without_its_words_is_422(own: Client, table: CapabilityTable) -> None:
    row = table.rows.get(number="2.1")
    answer = own.post(
        reverse("scope:row_confirm", args=[row.uuid]), {"verdict": "restricted", "means": "records"}, **JSON
    )
    assert answer.status_code == 422
    row.refresh_from_db()
    assert row.verdict == ""


def test_many(own: Client, table: CapabilityTable) -> None:
    url = reverse("scope:confirm_many", args=[table.uuid])
    values = {"verdict": "confirmed", "means": "witnessed"}
    category = table.rows.get(level="category", name="防喷器")
    assert own.post(url, values | {"under": category.uuid}).json()["count"] == 2
    rows = [str(r.uuid) for r in table.rows.filter(number__in=["2.1", "3.1"])]
    assert own.post(url, values | {"row": rows}).json()["count"] == 2
    assert own.post(url, values | {"all": "1", "q": "22513"}).json()["count"] == 2
    assert own.post(url, values).status_code == 422
    assert own.post(url, values | {"under": "nonsense"}).json()["count"] == 0
    assert table.rows.exclude(verdict="").count() == 6


def test_editing_adding_deleting(own: Client, table: CapabilityTable) -> None:
    row = table.rows.get(number="2.1")
    words = {
        "row-number": "2.1",
        "row-name": "强度",
        "row-standard_text": "GB/T 1-2020",
        "row-restriction": "",
        "row-note": "",
    }
    assert own.post(reverse("scope:row_edit", args=[row.uuid]), words, **JSON).status_code == 200
    row.refresh_from_db()
    assert (row.name, row.standards[0]["number"], row.restriction) == ("强度", "GB/T 1-2020", "")
    bad = own.post(reverse("scope:row_edit", args=[row.uuid]), words | {"row-name": ""}, **JSON)
    assert bad.status_code == 422
    add = f"{reverse('scope:row_add', args=[table.uuid])}?after={row.uuid}"
    assert own.post(add, words | {"row-number": "2.1a"}, **JSON).status_code == 200
    assert table.rows.get(number="2.1a").position == row.position + 1
    assert own.post(reverse("scope:row_delete", args=[row.uuid]), **JSON).status_code == 200
    assert not table.rows.filter(pk=row.pk).exists()


def test_findings_come_as_csv_without_formulas(own: Client, table: CapabilityTable) -> None:
    services.edit_row(row=table.rows.get(number="2.1"), by=None, now=NOW, standard_text="=cmd()")
    text = own.get(reverse("scope:problems_csv", args=[table.uuid])).content.decode("utf-8-sig")
    assert "'=cmd()" in text


@pytest.mark.parametrize("edits", [True, False])
def test_findings_offer_the_upload_to_whoever_may_edit(own: Client, table: CapabilityTable, edits: bool) -> None:
    access.register(read=lambda user, table: True, edit=lambda user, table: edits, confirm=lambda user, table: False)
    page = own.get(reverse("scope:problems", args=[table.uuid])).content.decode()
    assert (reverse("scope:upload", args=[table.application.uuid]) in page) is edits


def test_words_of_a_sheet_are_never_markup(own: Client, table: CapabilityTable) -> None:
    services.edit_row(row=table.rows.get(number="2.1"), by=None, now=NOW, name="<script>alert(1)</script>")
    for mode in ("read", "edit", "confirm", "compare"):
        page = own.get(reverse("scope:table", args=[table.uuid]), {"mode": mode}).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


# -- upload


@pytest.fixture
def files_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(file_access._rules, "application", file_access.OwnerRule(lambda u, o: True, lambda u, o: True))
    monkeypatch.setitem(file_access._locks, "application", lambda owner: lambda user: True)


def upload(client: Client, application: Any, content: bytes, **more: str) -> Any:
    site = application.sites.get()
    data = {"site": str(site.uuid), "kind": "food", "file": SimpleUploadedFile("附表1.xlsx", content)} | more
    return client.post(reverse("scope:upload", args=[application.uuid]), data)


def test_an_upload_becomes_a_version_and_a_table(
    own: Client, application: Any, open_access: None, files_open: None
) -> None:
    answer = upload(own, application, TEMPLATE.read_bytes())
    table = CapabilityTable.objects.get()
    assert answer.headers["Location"] == f"{reverse('scope:table', args=[table.uuid])}?mode=edit"
    assert (table.is_food, table.import_state, table.rows.count()) == (True, "ready", 20)
    slot = table.source.document
    assert (slot.owner_kind, slot.owner_id, slot.code, slot.label) == (
        "application", application.uuid, "capability_table", f"{application.sites.get().uuid}:food",
    )  # fmt: skip


def test_a_wrong_file_is_told_and_nothing_is_lost(
    own: Client, application: Any, open_access: None, files_open: None
) -> None:
    upload(own, application, TEMPLATE.read_bytes())
    assert upload(own, application, b"hello").status_code == 422
    assert upload(own, application, b"").status_code == 422
    assert upload(own, application, sheet([], head=["a"])).status_code == 302
    table = CapabilityTable.objects.get()
    assert (table.import_state, table.rows.count()) == ("ready", 20)


def test_another_site_cannot_be_chosen(own: Client, application: Any, open_access: None, files_open: None) -> None:
    answer = upload(own, application, TEMPLATE.read_bytes(), site="00000000-0000-0000-0000-000000000000")
    assert answer.status_code == 422
    assert CapabilityTable.objects.count() == 0
