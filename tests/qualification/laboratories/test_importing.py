"""From a sheet to the register: the plan says what will happen, and that is what happens."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from qualification.accounts.enums import Role
from qualification.door import Refused, Stale
from qualification.laboratories.importing import discard, prepare_import, take_over
from qualification.laboratories.models import Equipment, Laboratory, RegisterImport, Signatory, StaffMember
from qualification.laboratories.plans import plan
from tests.factories.accounts import UserFactory
from tests.factories.laboratories import (
    EquipmentFactory,
    LaboratoryFactory,
    SignatoryFactory,
    SiteFactory,
    StaffMemberFactory,
)
from tests.qualification.laboratories.test_reading import DATA, STAFF_HEADS, sheet

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)


def prepared(lab: Laboratory, register: str, upload: Any, site: Any = None) -> RegisterImport:
    if isinstance(upload, str):
        upload = SimpleUploadedFile(upload, Path(DATA / upload).read_bytes())
    return prepare_import(laboratory=lab, register=register, site=site, upload=upload, by=None, now=NOW)


def does(imported: RegisterImport) -> list[str]:
    return [row.does.value for row in plan(imported).rows]


@pytest.mark.parametrize(
    ("register", "file", "model", "count"),
    [
        ("staff", "staff-template.xls", StaffMember, 1),
        ("signatories", "signatories-template.xls", Signatory, 1),
        ("equipment", "equipment-table-template.xlsx", Equipment, 11),
    ],
)
def test_the_templates_go_in_once_and_are_the_same_the_second_time(
    register: str, file: str, model: Any, count: int
) -> None:
    site = SiteFactory.create()
    imported = prepared(site.laboratory, register, file, site)
    assert model.objects.count() == 0
    found = take_over(imported=imported, by=None, now=NOW)
    assert found.counts == {"add": count, "change": 0, "same": 0, "error": 0}
    assert model.objects.filter(laboratory=site.laboratory, site=site, created_at=NOW).count() == count
    for entry in model.objects.all():
        entry.full_clean()
    again = prepared(site.laboratory, register, file, site)
    assert does(again) == ["same"] * count
    take_over(imported=again, by=None, now=NOW)
    assert model.objects.count() == count


def staff_row(name: str, number: str = "", **more: Any) -> list[Any]:
    given = {
        "性别": "男",
        "年龄": 30,
        "文化程度": "本科",
        "职称": "工程师",
        "从事本技术领域年限": 5,
        "证件类型": "护照",
        **more,
    }
    return [name, *(given[head] for head in STAFF_HEADS[1:-1]), number]


def test_a_row_changes_the_person_it_is_about() -> None:
    lab = LaboratoryFactory.create()
    person = StaffMemberFactory.create(
        laboratory=lab, name="张三", title="助理工程师", identity_number="E1", major="化学"
    )
    StaffMemberFactory.create(name="张三", identity_number="E1")
    imported = prepared(lab, "staff", sheet(STAFF_HEADS, staff_row("张三丰", "E1", 年龄="", 职称="工程师")))
    row = plan(imported).rows[0]
    differences = {d.label: (d.old, d.new) for d in row.differences}
    assert row.does == "change"
    assert set(differences.values()) >= {("张三", "张三丰"), ("助理工程师", "工程师")}
    take_over(imported=imported, by=None, now=NOW)
    person.refresh_from_db()
    assert (person.name, person.title, person.age, person.major) == ("张三丰", "工程师", 35, "化学")
    assert StaffMember.objects.filter(laboratory=lab).count() == 1


def test_without_a_number_a_name_is_enough_unless_two_bear_it_or_the_documents_differ() -> None:
    lab = LaboratoryFactory.create()
    StaffMemberFactory.create(laboratory=lab, name="独", identity_number="")
    StaffMemberFactory.create(laboratory=lab, name="双", identity_number="")
    StaffMemberFactory.create(laboratory=lab, name="双", identity_number="")
    StaffMemberFactory.create(laboratory=lab, name="异", identity_number="E1")
    StaffMemberFactory.create(laboratory=lab, name="退", identity_number="", is_active=False)
    rows = [staff_row("独", "E7"), staff_row("双"), staff_row("异", "E2"), staff_row("退")]
    assert does(prepared(lab, "staff", sheet(STAFF_HEADS, *rows))) == ["change", "add", "add", "add"]


def test_rows_with_errors_are_left_out_and_kept_with_the_import() -> None:
    lab = LaboratoryFactory.create()
    rows = [
        staff_row("甲", "E1"),
        staff_row("", "E2"),
        staff_row("丙", "E1"),
        staff_row("丁" * 41, "E4"),
        staff_row("戊", 年龄=7),
    ]
    imported = prepared(lab, "staff", sheet(STAFF_HEADS, *rows))
    found = plan(imported)
    assert does(imported) == ["add", "error", "error", "error", "error"]
    assert [[f.cell for f in row.findings if f.is_error] for row in found.rows] == [[], ["A3"], ["H4"], ["A5"], ["C6"]]
    take_over(imported=imported, by=None, now=NOW)
    assert [p.name for p in StaffMember.objects.all()] == ["甲"]
    imported.refresh_from_db()
    assert (imported.added, imported.changed, len(imported.rows)) == (1, 0, 5)


def test_signatories_are_compared_within_their_site() -> None:
    site = SiteFactory.create()
    other = SiteFactory.create(laboratory=site.laboratory)
    SignatoryFactory.create(laboratory=site.laboratory, site=other, name="刘伯温", identity_number="410527198700000000")
    imported = prepared(site.laboratory, "signatories", "signatories-template.xls", site)
    assert does(imported) == ["add"]


def test_equipment_of_another_site_is_left_alone() -> None:
    site = SiteFactory.create()
    elsewhere = EquipmentFactory.create(
        site=SiteFactory.create(laboratory=site.laboratory), name="水准仪", model="DSZ2"
    )
    take_over(imported=prepared(site.laboratory, "equipment", "equipment-table-template.xlsx", site), by=None, now=NOW)
    assert Equipment.objects.filter(site=site).count() == 11
    elsewhere.refresh_from_db()
    assert elsewhere.parameter == "混凝土强度"


def test_an_import_is_taken_over_or_discarded_once() -> None:
    lab = LaboratoryFactory.create()
    first, second = (prepared(lab, "staff", "staff-template.xls") for _ in range(2))
    take_over(imported=first, by=None, now=NOW)
    discard(imported=second, by=None, now=NOW)
    for imported in (first, second):
        for act in (take_over, discard):
            with pytest.raises(Stale):
                act(imported=imported, by=None, now=NOW)
    assert StaffMember.objects.count() == 1


def test_the_plan_costs_the_same_for_one_row_and_for_many(django_assert_num_queries: Any) -> None:
    lab = LaboratoryFactory.create()
    one = prepared(lab, "staff", sheet(STAFF_HEADS, staff_row("甲")))
    many = prepared(lab, "staff", sheet(STAFF_HEADS, *(staff_row(f"员{n}", f"E{n}") for n in range(30))))
    for imported in (one, many):
        with django_assert_num_queries(1):
            plan(imported)


def test_only_those_who_may_change_the_register_import() -> None:
    lab = LaboratoryFactory.create()
    member = UserFactory.create(member=(Role.LAB_MEMBER, lab))
    stranger = UserFactory.create(member=(Role.LAB_MANAGER, LaboratoryFactory.create()))
    upload = SimpleUploadedFile("a.xls", (DATA / "signatories-template.xls").read_bytes())
    for person in (member, stranger):
        with pytest.raises(Refused):
            prepare_import(laboratory=lab, register="signatories", site=None, upload=upload, by=person, now=NOW)
    imported = prepared(lab, "staff", "staff-template.xls")
    for act in (take_over, discard):
        with pytest.raises(Refused):
            act(imported=imported, by=stranger, now=NOW)
    take_over(imported=imported, by=member, now=NOW)
    imported.refresh_from_db()
    assert (imported.applied_by, imported.applied_at) == (member, NOW)


def test_a_file_that_is_not_read_leaves_nothing() -> None:
    with pytest.raises(ValidationError) as error:
        prepared(LaboratoryFactory.create(), "staff", SimpleUploadedFile("a.xls", b"no sheet"))
    assert error.value.code == "wrong_type"
    assert RegisterImport.objects.count() == 0


def test_long_words_are_told_by_cell() -> None:
    site = SiteFactory.create()
    heads = ["设备名称", "型号", "测量范围", "溯源方式", "有效日期", "确认结果"]
    rows = [["天平", "A", "", "比" * 81, "", ""], ["天平", "B", "", "比对", "", "符" * 600]]
    imported = prepared(site.laboratory, "equipment", sheet(heads, *rows), site)
    findings = [[f.cell for f in row.findings if f.is_error] for row in plan(imported).rows]
    assert findings == [["D2"], [""]]
    assert does(imported) == ["error", "error"]
