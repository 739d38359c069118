"""What the page is told before it sends: places, what stands against a file, the same file elsewhere."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from documents.models import Version
from tests.documents import files
from tests.documents.owners import KIND, Owner, add
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.usefixtures("buckets")
FORM, CHART, MANUAL = {"code": "application_form"}, {"code": "organisation_chart"}, {"code": "quality_manual"}


@pytest.fixture
def signed_in(client: Client, writer: Any) -> Client:
    client.force_login(writer)
    client.cookies["django_language"] = "en"
    return client


def ask(client: Client, owner: Owner, *asked: dict[str, Any], status: int = 200, **more: Any) -> Any:
    question = {"files": [{"size": 100, **file} for file in asked], "places": [FORM, CHART, MANUAL], **more}
    answer = client.post(reverse("documents:sort", args=[KIND, owner.id]), question, content_type="application/json")
    assert answer.status_code == status
    return answer.json()


def rows(client: Client, owner: Owner, *asked: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    """Code and label, and what is said of it."""
    told = ask(client, owner, *asked, **more)["rows"]
    return [
        (f"{row['code']}/{row['label']}", row["problem"] or row["here"] or row["warning"] or row["says"])
        for row in told
    ]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_names_are_sorted_and_what_is_not_taken_is_said(signed_in: Client, owner: Owner) -> None:
    told = rows(
        signed_in, owner, {"path": "材料/申请书.pdf"}, {"path": "组织机构图.xlsx"}, {"path": "x.pdf"},
        {"path": "质量手册.pdf", "size": 0},
    )  # fmt: skip
    assert told == [
        ("application_form/", ""),
        ("organisation_chart/", (
            "“组织机构图.xlsx” is not a kind of file taken here. Taken are: PDF, Word, pictures, OFD. "
            "Save it as one of these and upload it again."
        )),
        ("/", "Not recognised by its name; please choose."),
        ("quality_manual/", "“质量手册.pdf” is empty. Check that the file opens on your computer and choose it again."),
    ]  # fmt: skip


def test_a_choice_stands_and_a_second_one_for_the_same_place_is_said(signed_in: Client, owner: Owner) -> None:
    told = rows(
        signed_in, owner, {"path": "a.pdf", "to": FORM}, {"path": "申请书.pdf"}, {"path": "b.pdf", "to": FORM},
        {"path": "组织机构图.pdf", "left_out": True}, {"path": "c.pdf", "to": MANUAL}, {"path": "质量手册.pdf"},
    )  # fmt: skip
    taken = "Another file of this list goes there already."
    assert told[0] == ("application_form/", "")
    assert told[2] == ("application_form/", taken)
    assert told[3] == ("/", "")
    assert [place for place, _says in told[4:]] == ["quality_manual/", "quality_manual/2"]


def test_the_same_bytes_are_said_here_and_elsewhere(signed_in: Client, owner: Owner, writer: Any) -> None:
    data = files.pdf("the same")
    add(owner, writer, "申请书.pdf", data, code="application_form")
    add(owner, writer, "手册.pdf", files.pdf("manual"), code="quality_manual")
    here, twice = {"path": "申请书.pdf", "sha256": sha(data)}, {"path": "框图.pdf", "sha256": sha(data)}
    more = {"path": "质量手册2.pdf", "sha256": sha(files.pdf("other"))}
    known = {"path": "质量手册.pdf", "sha256": Version.objects.get(document__code="quality_manual").file.sha256}
    assert rows(signed_in, owner, here, twice, more, known) == [
        ("application_form/", "“申请书.pdf” is here already, as version 1; it is not sent again."),
        ("organisation_chart/", "The same file lies in “application_form” already."),
        ("quality_manual/2", ""),
        ("quality_manual/3", "“质量手册.pdf” is here already, as version 1; it is not sent again."),
    ]


def test_a_file_for_one_slot_is_judged_for_this_slot_alone(signed_in: Client, owner: Owner, writer: Any) -> None:
    add(owner, writer, "手册.pdf", files.pdf("manual"), code="quality_manual")
    asked = {"path": "营业执照.pdf", "to": MANUAL}
    assert rows(signed_in, owner, asked, exact=True) == [("quality_manual/", "")]
    assert rows(signed_in, owner, asked) == [("quality_manual/2", "")]


def test_the_same_bytes_twice_in_one_list_are_said(signed_in: Client, owner: Owner) -> None:
    one, two = {"path": "申请书.pdf", "sha256": "a" * 64}, {"path": "框图.pdf", "sha256": "a" * 64}
    assert rows(signed_in, owner, one, two)[1] == ("organisation_chart/", "The same file as “申请书.pdf”.")


def test_too_many_files_are_refused_with_a_sentence(signed_in: Client, owner: Owner) -> None:
    told = ask(signed_in, owner, *({"path": f"{n}.pdf"} for n in range(501)), status=422)
    assert told["message"].startswith("501 files at once are too many to look through; at most 500 are sorted.")


def test_what_makes_no_sense_is_no_error(signed_in: Client, owner: Owner) -> None:
    asked = {"path": ["x"], "size": "many", "sha256": 7, "to": "there"}
    assert rows(signed_in, owner, asked, places="none", dropped_on=3) == [
        ("/", "Nothing on this page takes a file of this kind.")
    ]


def test_who_may_not_write_is_told_nothing(client: Client, owner: Owner) -> None:
    client.force_login(UserFactory.create())
    ask(client, owner, {"path": "申请书.pdf"}, status=404)
    client.logout()
    ask(client, owner, {"path": "申请书.pdf"}, status=401)


def test_queries_do_not_grow_with_the_files(signed_in: Client, owner: Owner, writer: Any) -> None:
    for number in range(3):
        add(owner, writer, f"{number}.pdf", files.pdf(str(number)), code="typical_report", label=str(number))
    hashes = [version.file.sha256 for version in Version.objects.select_related("file").order_by("pk")]
    counts = []
    for known in (hashes[:1], hashes):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            rows(signed_in, owner, *({"path": f"{n}.pdf", "sha256": one} for n, one in enumerate(known)))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_where_another_version_of_the_slot_is_asked_for_none_becomes_a_further_file(
    signed_in: Client, owner: Owner, writer: Any
) -> None:
    add(owner, writer, "手册.pdf", files.pdf("manual"), code="quality_manual")
    asked = {"path": "质量手册.pdf"}, {"path": "质量手册 附件.pdf"}
    usual = [place for place, _says in rows(signed_in, owner, *asked)]
    assert usual == ["quality_manual/2", "quality_manual/3"]
    alone = rows(signed_in, owner, *asked, places=[{**MANUAL, "replaces": True}])
    assert [place for place, _says in alone] == ["quality_manual/", "/"]
    assert alone[1][1] == "By its name it goes where another file of this list goes; please choose."


def test_a_kind_that_nothing_on_the_page_takes_is_said_whatever_its_name(signed_in: Client, owner: Owner) -> None:
    no = ("/", "Nothing on this page takes a file of this kind.")
    assert rows(signed_in, owner, {"path": "setup.exe"}, {"path": "x/IMG_1.csv"}, {"path": "无后缀"}) == [no, no, no]
    assert rows(signed_in, owner, {"path": "组织机构图.exe"})[0][0] == "organisation_chart/"
