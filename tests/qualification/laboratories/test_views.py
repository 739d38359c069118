"""The pages: what is typed is kept, what is wrong is said, and nobody reaches what is not theirs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from qualification.accounts.enums import Role
from qualification.laboratories.enums import Register
from qualification.laboratories.models import Laboratory, RegisterImport, Signatory, Site, StaffMember
from tests.factories.accounts import UserFactory
from tests.factories.laboratories import (
    EquipmentFactory,
    LaboratoryFactory,
    SignatoryFactory,
    SiteFactory,
    StaffMemberFactory,
    credit_code,
)
from tests.factories.regions import authority
from tests.qualification.laboratories.test_reading import DATA

pytestmark = pytest.mark.django_db


def signed_in(*member: Any) -> Client:
    client = Client()
    client.force_login(UserFactory.create(member=member if len(member) > 1 else member[0]))
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"laboratories:{name}", args=args)


def full_laboratory() -> Laboratory:
    lab = LaboratoryFactory.create(name="华北环境监测中心", parent=LaboratoryFactory.create(name="华北集团"))
    site = SiteFactory.create(laboratory=lab, name="一号楼", authority=authority("03"))
    SiteFactory.create(laboratory=lab, name="旧楼", is_active=False, latitude=None, longitude=None)
    StaffMemberFactory.create(laboratory=lab, site=site, name="张三")
    SignatoryFactory.create(laboratory=lab, name="李四")
    EquipmentFactory.create(site=site, name="天平", valid_until=dt.date(2022, 6, 24), result="fails")
    EquipmentFactory.create(site=site, name="光谱仪", traceability="other", traceability_note="比对")
    return lab


def addresses(lab: Laboratory) -> list[str]:
    """All pages of a laboratory that can be read."""
    site, uuid = lab.sites.all()[0], lab.uuid
    entries = [lab.staff.all()[0], lab.signatories.all()[0], lab.equipment.all()[0]]
    found = [
        url("list"),
        url("detail", uuid),
        url("edit", uuid),
        url("site_new", uuid),
        url("site_edit", uuid, site.uuid),
    ]
    for register, entry in zip(Register.values, entries, strict=True):
        found += [url(name, uuid, register) for name in ("register", "entry_new", "import_upload")]
        found += [url("entry_edit", uuid, register, entry.uuid), url("template", register)]
    return found


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_opens_for_the_manager(language: str) -> None:
    lab = full_laboratory()
    client = signed_in(Role.LAB_MANAGER, lab)
    client.cookies["django_language"] = language
    for address in addresses(lab):
        answer = client.get(address)
        assert answer.status_code == 200, address


def test_nobody_reaches_another_laboratory() -> None:
    lab = full_laboratory()
    imported = imported_by(signed_in(Role.LAB_MANAGER, lab), lab)
    reads = [*addresses(lab)[1:], url("import", imported.uuid)]
    posts = [
        url("site_active", lab.uuid, lab.sites.all()[0].uuid),
        url("entry_active", lab.uuid, "staff", lab.staff.all()[0].uuid),
        url("import_take_over", imported.uuid),
        url("import_discard", imported.uuid),
    ]
    stranger = signed_in(Role.LAB_MANAGER, LaboratoryFactory.create())
    theirs = [address for address in reads if "/templates/" not in address]
    assert {stranger.get(address).status_code for address in theirs} == {404}
    assert {stranger.post(address).status_code for address in posts} == {404}
    shanxi = signed_in(Role.INTAKE, authority("04"))
    assert shanxi.get(url("detail", lab.uuid)).status_code == 404
    assert StaffMember.objects.count() == 1
    anonymous = Client()
    assert {anonymous.get(address).status_code for address in reads} == {302}


def test_staff_of_a_sites_region_read_and_do_not_write() -> None:
    lab = full_laboratory()
    officer = signed_in(Role.INTAKE, authority("03"))
    page = officer.get(url("detail", lab.uuid)).content.decode()
    assert "华北环境监测中心" in page
    assert url("site_new", lab.uuid) not in page
    assert officer.get(url("register", lab.uuid, "staff")).status_code == 200
    assert officer.get(url("edit", lab.uuid)).status_code == 403
    assert officer.get(url("entry_new", lab.uuid, "staff")).status_code == 403


def test_a_member_does_not_change_profile_or_signatories() -> None:
    lab = full_laboratory()
    member = signed_in(Role.LAB_MEMBER, lab)
    assert member.get(url("edit", lab.uuid)).status_code == 403
    assert member.get(url("entry_new", lab.uuid, "signatories")).status_code == 403
    assert member.post(url("entry_new", lab.uuid, "signatories"), {"name": "x", "fields_text": "y"}).status_code == 403
    assert member.get(url("entry_new", lab.uuid, "equipment")).status_code == 200
    assert Signatory.objects.count() == 1


def test_identity_numbers_are_hidden_in_lists_and_exports() -> None:
    lab = full_laboratory()
    number = lab.staff.all()[0].identity_number
    client = signed_in(Role.LAB_MANAGER, lab)
    page = client.get(url("register", lab.uuid, "staff")).content.decode()
    file = client.get(url("register", lab.uuid, "staff"), {"export": "csv"})
    assert number not in page
    assert number not in b"".join(file.streaming_content).decode()


def test_my_laboratory() -> None:
    lab = LaboratoryFactory.create()
    assert signed_in(Role.LAB_MEMBER, lab).get(url("mine")).headers["Location"] == url("detail", lab.uuid)
    assert signed_in(Role.INTAKE, authority("01")).get(url("mine")).status_code == 403


def test_the_list_searches_and_filters_and_exports() -> None:
    LaboratoryFactory.create(name="华北环境监测中心(北京)", authority=authority("01"))
    LaboratoryFactory.create(name="华北环境监测中心(河北)", authority=authority("03"))
    LaboratoryFactory.create(name="建材检测所", authority=authority("03"))
    LaboratoryFactory.create(name="华北环境试验室", authority=authority("99"))
    client = signed_in(Role.NATIONAL_VIEWER)

    def names(**query: str) -> list[str]:
        return [row.name for row in client.get(url("list"), query).context["listing"].page]

    assert len(names()) == 3
    assert names(q="环境监测") == ["华北环境监测中心(北京)", "华北环境监测中心(河北)"]
    assert names(q="环境监测（河北）") == ["华北环境监测中心(河北)"]
    assert names(q="环境", region="03") == ["华北环境监测中心(河北)"]
    assert names(q="没有") == []
    file = client.get(url("list"), {"q": "建材", "export": "csv"})
    assert b"".join(file.streaming_content).decode().count("\n") == 2


PROFILE = {
    "name": "新检测中心", "legal_representative": "王", "address": "北京市路1号", "postcode": "100000",
    "contact_name": "李", "phone": "010", "email": "", "parent_code": "",
}  # fmt: skip


def test_an_administrator_enters_a_laboratory_of_the_own_region() -> None:
    client = signed_in(Role.REGION_ADMIN, authority("01"))
    code = credit_code(5_000_000)
    spaced = f" {code[:8].lower()}-{code[8:]} "
    wrong = client.post(url("create"), {**PROFILE, "credit_code": code[:-1] + "!", "authority": authority("01").pk})
    assert wrong.status_code == 200
    assert wrong.context["form"].errors.keys() == {"credit_code"}
    assert "新检测中心" in wrong.content.decode()
    other = client.post(url("create"), {**PROFILE, "credit_code": code, "authority": authority("03").pk})
    assert other.context["form"].errors.keys() == {"authority"}
    assert Laboratory.objects.count() == 0
    done = client.post(url("create"), {**PROFILE, "credit_code": spaced, "authority": authority("01").pk})
    lab = Laboratory.objects.get()
    assert (done.status_code, lab.credit_code) == (302, code)


def test_a_second_laboratory_with_the_same_code_is_told() -> None:
    lab = LaboratoryFactory.create()
    client = signed_in(Role.REGION_ADMIN, authority("01"))
    answer = client.post(url("create"), {**PROFILE, "credit_code": lab.credit_code, "authority": authority("01").pk})
    assert answer.context["form"].errors.keys() == {"credit_code"}


def test_the_parent_is_named_by_its_code() -> None:
    lab, parent = LaboratoryFactory.create(), LaboratoryFactory.create()
    client = signed_in(Role.LAB_MANAGER, lab)
    data = {**PROFILE, "credit_code": lab.credit_code, "authority": lab.authority_id}
    own = client.post(url("edit", lab.uuid), {**data, "parent_code": lab.credit_code})
    assert own.context["form"].errors.keys() == {"parent_code"}
    client.post(url("edit", lab.uuid), {**data, "parent_code": parent.credit_code})
    lab.refresh_from_db()
    assert (lab.parent, lab.name) == (parent, "新检测中心")


def test_a_correction_needs_a_reason() -> None:
    lab = LaboratoryFactory.create()
    client = signed_in(Role.REGION_ADMIN, lab.authority)
    data = {**PROFILE, "credit_code": lab.credit_code, "authority": lab.authority_id}
    answer = client.post(url("edit", lab.uuid), data)
    assert answer.context["form"].errors.keys() == {"reason"}
    assert client.post(url("edit", lab.uuid), {**data, "reason": "误录"}).status_code == 302
    lab.refresh_from_db()
    assert (lab.name, lab.phone, lab.changes.count()) == ("新检测中心", "010-88880000", 3)


def test_a_site_with_half_its_coordinates_is_told_and_kept_as_typed() -> None:
    lab = LaboratoryFactory.create()
    client = signed_in(Role.LAB_MEMBER, lab)
    data = {
        "name": "河北基地",
        "kind": "fixed",
        "authority": authority("03").pk,
        "address": "石家庄",
        "latitude": "38.04",
    }
    answer = client.post(url("site_new", lab.uuid), data)
    assert Site.objects.count() == 0
    assert 'value="38.04"' in answer.content.decode()
    with translation.override("zh-hans"):
        assert len(answer.context["form"].non_field_errors()) == 1
    far = client.post(url("site_new", lab.uuid), {**data, "latitude": "91", "longitude": "181"})
    assert far.context["form"].errors.keys() == {"latitude", "longitude"}
    client.post(url("site_new", lab.uuid), {**data, "longitude": "114.51"})
    assert Site.objects.get().coordinates == (38.04, 114.51)
    twice = client.post(url("site_new", lab.uuid), {**data, "longitude": "114.51"})
    assert (Site.objects.count(), len(twice.context["form"].non_field_errors())) == (1, 1)


def test_a_person_is_entered_changed_and_put_out_and_back() -> None:
    lab = LaboratoryFactory.create()
    client = signed_in(Role.LAB_MEMBER, lab)
    data = {"name": "张三", "age": "30", "years_in_field": "31", "stated_on": "2026-11-20"}
    wrong = client.post(url("entry_new", lab.uuid, "staff"), data)
    assert len(wrong.context["form"].non_field_errors()) == 1
    client.post(url("entry_new", lab.uuid, "staff"), {**data, "years_in_field": "3.5"})
    person = StaffMember.objects.get()
    edit = url("entry_edit", lab.uuid, "staff", person.uuid)
    client.post(edit, {**data, "years_in_field": "4", "title": "工程师"})
    for active in ("no", "yes"):
        client.post(url("entry_active", lab.uuid, "staff", person.uuid), {"active": active})
        person.refresh_from_db()
        assert (person.title, person.is_active) == ("工程师", active == "yes")
    assert client.get(url("entry_active", lab.uuid, "staff", person.uuid)).status_code == 405


def test_a_site_of_another_laboratory_cannot_be_chosen() -> None:
    lab, other = LaboratoryFactory.create(), SiteFactory.create()
    client = signed_in(Role.LAB_MEMBER, lab)
    answer = client.post(url("entry_new", lab.uuid, "equipment"), {"name": "天平", "site": other.pk})
    assert answer.context["form"].errors.keys() == {"site"}


def imported_by(client: Client, lab: Laboratory) -> RegisterImport:
    file = SimpleUploadedFile("人员表.xls", (DATA / "staff-template.xls").read_bytes())
    answer = client.post(url("import_upload", lab.uuid, "staff"), {"file": file})
    imported = RegisterImport.objects.get()
    assert answer.headers["Location"] == url("import", imported.uuid)
    return imported


def test_an_import_from_file_to_register() -> None:
    lab = LaboratoryFactory.create()
    client = signed_in(Role.LAB_MEMBER, lab)
    imported = imported_by(client, lab)
    page = client.get(url("import", imported.uuid)).content.decode()
    assert "小红" in page
    assert "K3" in page
    assert StaffMember.objects.count() == 0
    assert client.get(url("import_take_over", imported.uuid)).status_code == 405
    done = client.post(url("import_take_over", imported.uuid))
    assert done.headers["Location"] == url("register", lab.uuid, "staff")
    assert [p.name for p in lab.staff.all()] == ["小红"]
    late = client.post(url("import_take_over", imported.uuid))
    assert late.status_code == 409
    assert client.get(url("import", imported.uuid)).status_code == 200


def test_a_file_that_is_no_sheet_is_told() -> None:
    lab = LaboratoryFactory.create()
    client = signed_in(Role.LAB_MEMBER, lab)
    assert client.get(url("import_upload", lab.uuid, "staff")).context["form"].is_bound is False
    answer = client.post(url("import_upload", lab.uuid, "staff"), {"file": SimpleUploadedFile("a.xls", b"no sheet")})
    assert len(answer.context["form"].non_field_errors()) == 1
    empty = client.post(url("import_upload", lab.uuid, "staff"), {"file": SimpleUploadedFile("a.xls", b"")})
    assert empty.context["form"].errors.keys() == {"file"}
    none = client.post(url("import_upload", lab.uuid, "equipment"), {})
    assert none.context["form"].errors.keys() == {"file", "site"}
    assert RegisterImport.objects.count() == 0


@pytest.mark.parametrize("register", Register.values)
def test_the_empty_sheet_is_one_that_the_import_knows(register: str) -> None:
    site = SiteFactory.create()
    client = signed_in(Role.LAB_MANAGER, site.laboratory)
    file = SimpleUploadedFile("empty.xlsx", client.get(url("template", register)).content)
    client.post(url("import_upload", site.laboratory.uuid, register), {"file": file, "site": site.pk})
    assert [f["code"] for f in RegisterImport.objects.get().findings] == ["no_rows"]


def test_the_pages_cost_the_same_with_one_row_and_with_three() -> None:
    lab = full_laboratory()
    client = signed_in(Role.LAB_MANAGER, lab)
    pages = [url("list"), url("detail", lab.uuid), *(url("register", lab.uuid, r) for r in Register.values)]

    def cost(page: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        return len(queries)

    before = {page: cost(page) for page in pages}
    for number in range(2):
        site = SiteFactory.create(laboratory=lab, name=f"新楼{number}")
        StaffMemberFactory.create(laboratory=lab, site=site)
        SignatoryFactory.create(laboratory=lab, site=site)
        EquipmentFactory.create(site=site)
    assert {page: cost(page) for page in pages} == before


def test_a_person_who_cannot_come_back_is_told_why(client: Client) -> None:
    gone = StaffMemberFactory.create(identity_kind="resident", identity_number="1", is_active=False)
    StaffMemberFactory.create(laboratory=gone.laboratory, identity_kind="resident", identity_number="1")
    client.force_login(UserFactory.create(member=(Role.LAB_MANAGER, gone.laboratory)))
    answer = client.post(url("entry_active", gone.laboratory.uuid, "staff", gone.uuid), {"active": "yes"}, follow=True)
    assert answer.status_code == 200
    assert [m.level_tag for m in answer.context["messages"]] == ["error"]
    assert type(gone).objects.get(pk=gone.pk).is_active is False
