"""The page that searches in the text of a case's files: who may, what it shows, what it writes down."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from documents.enums import Purpose
from documents.models import AccessLog, Version
from documents.texts import services
from documents.texts.models import FileText
from documents.upload import add_version
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.applications.queries import OWNER_KIND
from tests.documents import files
from tests.documents.texts import samples
from tests.factories.cases import World
from tests.factories.laboratories import LaboratoryFactory


def as_(user: User) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    return client


def add(case: Application, code: str, name: str, data: bytes, label: str = "", *, is_read: bool = True) -> Version:
    version = add_version(
        owner_kind=OWNER_KIND, owner_id=case.uuid, code=code, label=label, upload=files.upload(name, data), by=None,
        now=timezone.now(),
    )  # fmt: skip
    if is_read:
        services.read(file_id=version.file_id, now=timezone.now())
    return version


@pytest.fixture
def case(world: World) -> Application:
    application = world.walk("submit").application
    add(application, "quality_manual", "手册一.pdf", samples.pdf("水分按 GB/T 5009.3-2010 测定"))
    add(application, "quality_manual", "手册二.pdf", samples.pdf("封面", "水分按 GB/T5009.3—2016 <b>测定</b>"))
    add(application, "equipment_table", "设备.xlsx", samples.xlsx({"设备": {"A1": "名称", "A2": "水分测定仪"}}), "x")
    return application


def address(case: Application, **query: str) -> str:
    return reverse("applications:search_files", args=[case.uuid], query=query)


def page(user: User, case: Application, **query: str) -> str:
    answer = as_(user).get(address(case, **query))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_hits_stand_by_file_with_the_words_marked_and_a_link_to_the_place(world: World, case: Application) -> None:
    shown = page(world.intake, case, q="gb/t 5009.3-2016")
    assert "<mark>GB/T5009.3—2016</mark> &lt;b&gt;测定&lt;/b&gt;" in shown
    assert "手册二.pdf" in shown and "<mark>GB/T 5009.3-2010" not in shown
    new = Version.objects.get(file__name="手册二.pdf")
    assert f"{new.pk}/?page=2" in shown


def test_every_file_of_which_a_line_is_shown_is_written_down_in_one_statement(world: World, case: Application) -> None:
    with CaptureQueriesContext(connection) as asked:
        page(world.intake, case, q="水分")
    assert len([q for q in asked if q["sql"].startswith('INSERT INTO "documents_accesslog"')]) == 1
    looks = AccessLog.objects.filter(purpose=Purpose.SEARCH, user=world.intake).order_by("pk")
    assert {look.file.name for look in looks} == {"手册一.pdf", "手册二.pdf", "设备.xlsx"}
    assert {look.version.document.owner_id for look in looks if look.version} == {case.uuid}
    listed = as_(world.manager).get(reverse("applications:looks", args=[case.uuid])).content.decode()
    assert listed.count("found by a search") >= 3
    AccessLog.objects.all().delete()
    page(world.intake, case, q="没有这样的话")
    page(world.intake, case)
    assert list(AccessLog.objects.all()) == []


def test_the_laboratory_searches_too_and_who_may_not_read_the_case_learns_nothing(
    world: World, case: Application
) -> None:
    assert "<mark>水分</mark>" in page(world.manager, case, q="水分")
    for stranger in (world.user(Role.INTAKE, world.far), world.user(Role.LAB_MANAGER, LaboratoryFactory())):
        assert as_(stranger).get(address(case, q="水分")).status_code == 404
    assert Client().get(address(case, q="水分")).status_code == 302
    assert not AccessLog.objects.filter(purpose=Purpose.SEARCH).exclude(user=world.manager).exists()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"versions": "newest"}, ["手册二.pdf", "设备.xlsx"]),
        ({"versions": "older"}, ["手册一.pdf"]),
        ({"slot": "quality_manual:"}, ["手册二.pdf", "手册一.pdf"]),
        ({"kind": "sheet"}, ["设备.xlsx"]),
        ({"kind": "nonsense"}, ["手册二.pdf", "手册一.pdf", "设备.xlsx"]),
    ],
)
def test_filters_narrow_and_the_export_has_the_same(
    world: World, case: Application, query: dict[str, str], names: list[str]
) -> None:
    answer = as_(world.intake).get(address(case, q="水分", export="csv", **query))
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    key = list(rows[0])[1]
    assert sorted(row[key] for row in rows) == sorted(names)
    assert AccessLog.objects.filter(purpose=Purpose.SEARCH).count() == len(names)


def test_the_spreadsheet_says_where_and_what(world: World, case: Application) -> None:
    answer = as_(world.intake).get(address(case, q="水分测定仪", export="xlsx"))
    sheet: Any = load_workbook(io.BytesIO(answer.content)).active
    row = [cell.value for cell in list(sheet.rows)[1]]
    assert row[1] == "设备.xlsx"
    assert "2" in row[4] and "设备" in row[4]
    assert row[5] == "名称 水分测定仪"


def test_what_was_not_searched_is_told_with_the_reason(world: World, case: Application) -> None:
    add(case, "legal_status", "执照.png", files.picture())
    add(case, "premises", "等待.pdf", samples.pdf("水分"), is_read=False)
    long = add(case, "staff_table", "很长.pdf", samples.pdf("水分"))
    FileText.objects.filter(pk=long.file_id).update(is_cut=True)
    shown = page(world.intake, case, q="没有这样的话")
    for name, why in (("执照.png", "a picture"), ("等待.pdf", "not read yet"), ("很长.pdf", "beginning")):
        part = shown.split(name, 1)[1][:900]
        assert why in part, name


def test_the_page_asks_as_often_for_many_hits_and_pages_them(world: World, case: Application) -> None:
    with CaptureQueriesContext(connection) as few:
        page(world.intake, case, q="水分")
    for number in range(3):
        add(case, "typical_report", f"报告{number}.txt.pdf", samples.pdf(*["水分"] * 12), f"类{number}")
    with CaptureQueriesContext(connection) as many:
        shown = page(world.intake, case, q="水分")
    assert len(many) == len(few)
    assert shown.count("<mark>") == 25
    assert "page=2" in shown


def test_bad_input_is_ordinary(world: World, case: Application) -> None:
    for query in ("\x00", "%", "_", "'", "…", "\\", "<script>", "水" * 500, "*"):
        page(world.intake, case, q=query)
    page(world.intake, case, q="水分", page="999", slot="no such:slot", versions="x")
