"""Forms with what is known: read back as a laboratory's spreadsheet program would."""

from __future__ import annotations

import io
import uuid

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from documents.slots import type_of
from qualification.applications import materials
from qualification.applications.models import Application, MaterialType
from qualification.laboratories.models import Equipment, StaffMember
from qualification.laboratories.sheets import STAFF
from tests.factories.cases import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def application(world: World) -> Application:
    return world.walk("draft").application


def cells(client: Client, application: Application, code: str, label: str = "") -> list[list[str]]:
    answer = client.get(reverse("applications:form", args=[application.uuid, code]), {"label": label})
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    return [[str(value or "") for value in row] for row in sheet.iter_rows(values_only=True)]


def test_the_staff_table_holds_the_register(client: Client, world: World, application: Application) -> None:
    StaffMember.objects.create(laboratory=world.laboratory, name="=1+1", gender="female", title="工程师", major="化学")
    client.force_login(world.manager)
    _title, head, *lines = cells(client, application, "staff_table")
    assert head == [names[0] for names in STAFF.values()]
    found = next(line for line in lines if line[0] == "=1+1")
    assert (found[head.index("性别")], found[head.index("职称")], found[head.index("所学专业")]) == (
        "女",
        "工程师",
        "化学",
    )


def test_the_equipment_table_is_of_one_site(client: Client, world: World, application: Application) -> None:
    for site, name in zip(world.sites, ("气相色谱仪", "天平"), strict=True):
        Equipment.objects.create(laboratory=world.laboratory, site=site, name=name)
    client.force_login(world.manager)
    told = str(cells(client, application, "equipment_table", str(world.sites[0].uuid)))
    assert "气相色谱仪" in told
    assert "天平" not in told


def test_the_application_form_holds_the_facts(client: Client, world: World, application: Application) -> None:
    client.force_login(world.manager)
    lines = dict(line[:2] for line in cells(client, application, "application_form")[2:])
    assert lines["检验检测机构名称"] == world.laboratory.name
    assert lines["统一社会信用代码"] == world.laboratory.credit_code
    assert lines["申请类型"] == "首次"


def test_the_capability_form_is_the_one_that_is_read(client: Client, world: World, application: Application) -> None:
    client.force_login(world.manager)
    assert cells(client, application, "capability_table")[0][0] == "检验检测能力申请表"


def test_no_form_and_no_right_are_not_found(client: Client, world: World, application: Application) -> None:
    client.force_login(world.manager)
    for uuid_, code in (
        (application.uuid, "typical_report"),
        (application.uuid, "nothing"),
        (uuid.uuid4(), "staff_table"),
    ):
        assert client.get(reverse("applications:form", args=[uuid_, code])).status_code == 404


def test_every_material_has_its_slot_described() -> None:
    for material in MaterialType.objects.order_by("position"):
        kind = type_of(material.code)
        assert kind.words, material.code
        hint = f"{material.hint_zh} {material.hint_en}"
        assert not any(word in hint for word in ("PDF", "Word", "xls", "图片")), (
            f"{material.code}: the kinds stand in the slot"
        )
    assert materials.form_of("staff_table")
    assert not materials.form_of("typical_report")
