"""The viewer: who sees which page, what is written down, and what is said where nothing can be shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from documents.enums import Bucket, Purpose, ScanState
from documents.looking import pages, rule, shelf
from documents.models import AccessLog, StoredFile, Version
from documents.upload import UploadRefused
from tests.documents import files
from tests.documents.looking import made
from tests.documents.owners import NOW, OWNERS, Owner, add
from tests.factories.accounts import UserFactory
from workflows.demo.materials import page as legible

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(owner: Owner) -> Any:
    user = UserFactory.create()
    owner.readers.add(user.pk)
    return user


@pytest.fixture
def page(reader: Any) -> Client:
    client = Client()
    client.force_login(reader)
    return client


def look(client: Client, version: Version, **query: Any) -> HttpResponse:
    return client.get(reverse("documents:look", args=[version.pk]), query)


def picture(client: Client, version: Version, number: int = 1, width: int = 480) -> HttpResponse:
    return client.get(reverse("documents:look_picture", args=[version.pk, number, width]))


@pytest.fixture
def manual(buckets: Any, owner: Owner, writer: Any) -> Version:
    return add(owner, writer, "质量手册.pdf", made.pdf("第一章", "检测方法", "附录"))


def test_page_by_page_without_a_script(page: Client, manual: Version) -> None:
    answer = look(page, manual, page=2)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert answer.context["sheet"].number == 2
    assert [number for number, _address in answer.context["thumbnails"]] == [1, 2, 3]
    for wanted in ("page=1", "page=3", "pages/2/900.webp", "检测方法", "质量手册.pdf"):
        assert wanted in text
    assert "<script>" not in text


def test_the_picture_of_a_page(page: Client, manual: Version) -> None:
    answer = picture(page, manual)
    assert answer.status_code == 200
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.content[:4] == b"RIFF"
    assert picture(page, manual, 4).status_code == 404
    assert picture(page, manual, 0).status_code == 404
    assert picture(page, manual, 1, 481).status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", "9999999999", "²", ""])
def test_a_number_that_is_no_page_shows_the_first_or_the_last(page: Client, manual: Version, number: str) -> None:
    answer = look(page, manual, page=number)
    assert answer.status_code == 200
    assert answer.context["sheet"].number in {1, 3}
    assert look(page, manual, page=99).context["sheet"].number == 3


def test_only_who_reads_the_file_sees_its_pages(manual: Version, page: Client, owner: Owner, writer: Any) -> None:
    addresses = [
        reverse("documents:look", args=[manual.pk]),
        reverse("documents:look_picture", args=[manual.pk, 1, 480]),
        reverse("documents:compare", args=[manual.pk, add(owner, writer, "neu.pdf", made.pdf("neu")).pk]),
        reverse("documents:changes", args=[manual.pk, manual.pk]),
    ]
    stranger = Client()
    stranger.force_login(UserFactory.create())
    assert [page.get(address).status_code for address in addresses] == [200] * 4
    assert [stranger.get(address).status_code for address in addresses] == [404] * 4
    assert [Client().get(address).status_code for address in addresses] == [302] * 4
    owner.readers.clear()
    assert [page.get(address).status_code for address in addresses] == [404] * 4


def test_a_drawn_page_is_not_shown_to_who_lost_the_right(page: Client, manual: Version, owner: Owner) -> None:
    assert picture(page, manual).status_code == 200
    owner.readers.clear()
    assert picture(page, manual).status_code == 404


def test_turning_the_pages_is_one_look_in_ten_minutes(
    page: Client, manual: Version, reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(page, manual)
    picture(page, manual, 1)
    picture(page, manual, 2)
    look(page, manual, page=3)
    logged = AccessLog.objects.get()
    assert (logged.user, logged.file, logged.version, logged.purpose) == (reader, manual.file, manual, Purpose.VIEW)
    AccessLog.objects.update(at=logged.at - rule.LOOK - dt.timedelta(seconds=1))
    picture(page, manual, 2)
    assert AccessLog.objects.count() == 2


def test_the_look_is_written_down_before_a_page_is_drawn(
    page: Client, manual: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    draw = pages.picture

    def watched(*given: Any) -> bytes:
        seen.append(AccessLog.objects.count())
        return draw(*given)

    monkeypatch.setattr(pages, "picture", watched)
    picture(page, manual)
    assert seen == [1]


def test_nobody_is_logged_who_sees_nothing(manual: Version) -> None:
    stranger = Client()
    stranger.force_login(UserFactory.create())
    look(stranger, manual)
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"bucket": Bucket.QUARANTINE, "scan_state": ScanState.PENDING, "scanned_at": None, "promoted_at": None}, "still"),
        (
            {
                "bucket": Bucket.QUARANTINE, "scan_state": ScanState.FAILED, "promoted_at": None, "scanned_at": NOW,
                "scan_verdict": {"problem": "failed", "params": {}},
            },
            "could not be checked",
        ),
    ],
)  # fmt: skip
def test_what_is_not_handed_out_is_not_shown_and_says_why(
    page: Client, manual: Version, state: dict[str, Any], says: str
) -> None:
    look(page, manual)
    StoredFile.objects.filter(pk=manual.file_id).update(**state)
    answer = page.get(reverse("documents:look", args=[manual.pk]), headers={"accept-language": "en"})
    assert answer.status_code == 409
    assert says in answer.content.decode()
    assert picture(page, manual).status_code == 409


def test_a_pdf_with_a_password_says_why_it_is_not_shown(page: Client, buckets: Any, owner: Owner, writer: Any) -> None:
    with pytest.raises(UploadRefused):
        add(owner, writer, "geheim.pdf", files.pdf(password="x"))
    version = Version.objects.get(file__name="geheim.pdf")
    answer = page.get(reverse("documents:look", args=[version.pk]), headers={"accept-language": "en"})
    assert answer.status_code == 409
    assert "needs a password" in answer.content.decode()


def test_in_production_what_was_not_scanned_for_malware_is_not_shown(
    page: Client, manual: Version, settings: Any
) -> None:
    settings.DEMO = False
    assert (look(page, manual).status_code, picture(page, manual).status_code) == (409, 409)


def test_a_removed_version_is_not_there(page: Client, manual: Version, writer: Any) -> None:
    Version.objects.filter(pk=manual.pk).update(withdrawn_at=NOW, withdrawn_by=writer)
    assert look(page, manual).status_code == 404


def test_a_searched_text_is_marked_and_quoted(page: Client, manual: Version) -> None:
    answer = look(page, manual, page=2, find="检测")
    assert len(answer.context["sheet"].hits) == 1
    assert answer.context["excerpts"] == [("", "检测", "方法")]
    assert "<mark>检测</mark>" in answer.content.decode()
    assert look(page, manual, page=1, find="检测").context["excerpts"] == []
    assert look(page, manual, page=1, find="<script>").status_code == 200


@pytest.mark.parametrize(
    ("name", "data", "kind", "word"),
    [
        ("表.xlsx", files.xlsx("水温"), "rows", "水温"),
        ("书.docx", made.docx("质量方针"), "text", "质量方针"),
        ("版.ofd", made.ofd((("1 1 5 5", "国标"),)), "text", "国标"),
        ("照.jpg", made.photo(), "picture", "480.webp"),
        ("扫.tiff", made.frames("TIFF", 2), "picture", "pages/2/160.webp"),
    ],
)
def test_other_kinds_are_shown_as_far_as_they_can_be(
    page: Client, buckets: Any, owner: Owner, writer: Any, name: str, data: bytes, kind: str, word: str
) -> None:
    answer = look(page, add(owner, writer, name, data))
    assert answer.context["sheet"].facts["kind"] == kind
    assert word in answer.content.decode()


def test_a_long_file_shows_a_window_of_small_pages(page: Client, buckets: Any, owner: Owner, writer: Any) -> None:
    version = add(owner, writer, "lang.pdf", made.pdf(*(f"第{n}页" for n in range(1, 101))))
    for number, window in ((1, (1, 24)), (50, (38, 61)), (100, (77, 100))):
        shown = [n for n, _address in look(page, version, page=number).context["thumbnails"]]
        assert (shown[0], shown[-1], len(shown)) == (*window, 24)


def test_a_page_costs_the_same_queries_whatever_the_file(
    page: Client, manual: Version, owner: Owner, writer: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        add(owner, writer, f"{number}.pdf", made.pdf(f"{number}"))
    look(page, manual)
    with django_assert_max_num_queries(12):
        look(page, manual, page=2)


def test_old_beside_new(page: Client, manual: Version, owner: Owner, writer: Any) -> None:
    later = NOW + dt.timedelta(days=1)
    new = add(owner, writer, "neu.pdf", made.pdf("第一章", "检验方法", "附录"), now=later)
    answer = page.get(reverse("documents:compare", args=[new.pk, manual.pk]), {"page": 2}, follow=False)
    assert answer.status_code == 302
    assert answer["Location"] == reverse("documents:compare", args=[manual.pk, new.pk]) + "?page=2"
    answer = page.get(answer["Location"])
    assert (answer.context["old"].number, answer.context["new"].number) == (2, 2)
    assert [run[1:] for run in answer.context["runs"] if run[0] == "replace"] == [["测", "验"]]
    assert (len(answer.context["old_boxes"]), len(answer.context["new_boxes"])) == (1, 1)
    assert AccessLog.objects.count() == 2
    part = page.get(reverse("documents:changes", args=[manual.pk, new.pk]), headers={"HX-Request": "true"})
    assert part.context["found"] == {"changed": [2], "compared": 3, "has_text": True}
    assert "<html" not in part.content.decode()


def test_scans_side_by_side_have_marks_that_can_be_switched_off(page: Client, owner: Owner, writer: Any) -> None:
    old, new, same = (
        add(owner, writer, "执照.pdf", legible(*lines), code="legal_status")
        for lines in (("营业执照", "副本"), ("营业执照", "副本", "二〇二六年"), ("营业执照", "副本", " "))
    )
    answer = page.get(reverse("documents:compare", args=[old.pk, new.pk]), headers={"accept-language": "en"})
    assert (len(answer.context["old_boxes"]), len(answer.context["new_boxes"])) == (0, 1)
    shown = answer.content.decode()
    assert 'class="look-came"' in shown and 'id="look-boxes" checked' in shown
    assert "Marked are 0 places that only the old page has, and 1 that only the new one has." in " ".join(shown.split())
    shown = page.get(reverse("documents:compare", args=[old.pk, same.pk]), headers={"accept-language": "en"})
    assert "No difference was found" in shown.content.decode()
    assert "look-boxes" not in shown.content.decode()


def test_files_of_two_owners_are_not_compared(page: Client, manual: Version, reader: Any, writer: Any) -> None:
    other = Owner(writers={writer.pk}, readers={reader.pk})
    OWNERS[other.id] = other
    version = add(other, writer, "fremd.pdf", made.pdf("fremd"))
    try:
        assert look(page, version).status_code == 200
        assert page.get(reverse("documents:compare", args=[manual.pk, version.pk])).status_code == 404
        assert page.get(reverse("documents:changes", args=[manual.pk, version.pk])).status_code == 404
    finally:
        del OWNERS[other.id]


def test_a_file_that_is_gone_from_the_store_is_said(page: Client, manual: Version, buckets: Any) -> None:
    from documents import storage

    storage.store(manual.file.bucket).delete(manual.file.key)
    answer = page.get(reverse("documents:look", args=[manual.pk]), headers={"accept-language": "en"})
    assert "cannot be found" in answer.content.decode()
    assert picture(page, manual).status_code == 409


def test_a_drawn_page_is_kept_and_may_be_lost(page: Client, manual: Version) -> None:
    first = picture(page, manual).content
    kept = [path for path in shelf.shelf().root.rglob("*.webp") if manual.file_id.hex in path.name]
    assert len(kept) == 1
    kept[0].write_bytes(first + b"x")
    assert picture(page, manual).content == first + b"x"
    kept[0].unlink()
    assert picture(page, manual).content == first
