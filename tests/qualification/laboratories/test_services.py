"""What can be done with laboratories, by whom, and what is kept of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.services import endings
from qualification.certificates.models import Certificate
from qualification.door import Refused
from qualification.laboratories import services
from qualification.laboratories.enums import ManagerPost
from qualification.laboratories.models import Equipment, Laboratory, LaboratoryChange, Signatory, Site, StaffMember
from tests.factories.accounts import UserFactory
from tests.factories.cases import World
from tests.factories.laboratories import (
    EquipmentFactory,
    LaboratoryFactory,
    SignatoryFactory,
    SiteFactory,
    StaffMemberFactory,
    credit_code,
)
from tests.factories.regions import authority

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)


def manager(lab: Laboratory) -> User:
    return UserFactory.create(member=(Role.LAB_MANAGER, lab))


def admin(code: str = "01") -> User:
    return UserFactory.create(member=(Role.REGION_ADMIN, authority(code)))


def values(**more: Any) -> dict[str, Any]:
    return {
        "name": "新检测中心", "credit_code": credit_code(7000001), "legal_representative": "王", "authority": authority("01"),
        "address": "北京", "contact_name": "李", "phone": "010", **more,
    }  # fmt: skip


def changes() -> list[tuple[str, str, str, str]]:
    return [(c.field, c.old, c.new, c.reason) for c in LaboratoryChange.objects.order_by("pk")]


def test_create() -> None:
    lab = services.create_laboratory(values=values(), by=admin(), now=NOW)
    assert Laboratory.objects.get() == lab
    assert lab.created_at == NOW


def test_create_is_refused_for_another_region_and_other_roles() -> None:
    for person in (admin("03"), UserFactory.create(member=(Role.INTAKE, authority("01"))), UserFactory.create()):
        with pytest.raises(Refused):
            services.create_laboratory(values=values(), by=person, now=NOW)
    assert Laboratory.objects.count() == 0


def test_create_refuses_a_wrong_credit_code() -> None:
    with pytest.raises(ValidationError) as error:
        services.create_laboratory(values=values(credit_code="91350100M000100Y44"), by=None, now=NOW)
    assert list(error.value.error_dict) == ["credit_code"]


def test_the_manager_changes_the_profile_and_legal_changes_are_kept() -> None:
    lab = LaboratoryFactory.create(name="旧名", phone="1", top_manager="甲")
    person = manager(lab)
    new = {"name": "新名", "phone": "2", "top_manager": "乙", "address": lab.address}
    services.update_laboratory(laboratory=lab, values=new, by=person, now=NOW)
    stored = Laboratory.objects.get()
    assert (stored.name, stored.phone, stored.top_manager, lab.name) == ("新名", "2", "乙", "新名")
    assert changes() == [("name", "旧名", "新名", ""), ("top_manager", "甲", "乙", "")]
    assert {(c.by, c.at) for c in LaboratoryChange.objects.all()} == {(person, NOW)}


def certify(lab: Laboratory) -> None:
    Certificate.objects.create(
        number="260112110001", laboratory=lab, authority=lab.authority, numbered_at=NOW,
        valid_from=NOW.date(), valid_until=dt.date(2032, 11, 20),
    )  # fmt: skip


def test_with_a_certificate_the_legal_data_are_locked_for_the_laboratory() -> None:
    lab = LaboratoryFactory.create(name="旧名", technical_manager="甲")
    certify(lab)
    for new in ({"name": "新名"}, {"technical_manager": "乙"}):
        with pytest.raises(ValidationError) as error:
            services.update_laboratory(laboratory=lab, values=new, by=manager(lab), now=NOW)
        assert list(error.value.error_dict) == list(new)
    services.update_laboratory(laboratory=lab, values={"phone": "3", "name": "旧名"}, by=manager(lab), now=NOW)
    assert Laboratory.objects.get().phone == "3"
    assert changes() == []


def test_the_administrator_corrects_legal_data_with_a_reason() -> None:
    lab = LaboratoryFactory.create(name="旧名")
    with pytest.raises(ValidationError, match=r"reason|理由"):
        services.update_laboratory(laboratory=lab, values={"name": "新名"}, by=admin(), now=NOW)
    services.update_laboratory(laboratory=lab, values={"name": "新名"}, by=admin(), now=NOW, reason="误录")
    assert changes() == [("name", "旧名", "新名", "误录")]
    with pytest.raises(ValidationError) as error:
        services.update_laboratory(laboratory=lab, values={"quality_manager": "x"}, by=admin(), now=NOW, reason="误录")
    assert list(error.value.error_dict) == ["quality_manager"]


def test_a_change_of_region_in_the_form_does_not_open_the_door() -> None:
    lab = LaboratoryFactory.create(authority=authority("03"))
    lab.authority = authority("01")
    with pytest.raises(Refused):
        services.update_laboratory(
            laboratory=lab, values={"authority": authority("01")}, by=admin("01"), now=NOW, reason="x"
        )
    assert Laboratory.objects.get().authority == authority("03")


def test_a_change_of_region_and_parent_is_kept_by_code() -> None:
    parent = LaboratoryFactory.create()
    lab = LaboratoryFactory.create(authority=authority("01"))
    new = {"authority": authority("03"), "parent": parent}
    services.update_laboratory(laboratory=lab, values=new, by=None, now=NOW)
    assert changes() == [("authority", "01", "03", ""), ("parent", "", parent.credit_code, "")]


@pytest.mark.parametrize("post", list(ManagerPost))
def test_set_manager(post: ManagerPost) -> None:
    lab = LaboratoryFactory.create(top_manager="甲", technical_manager="甲", quality_manager="甲")
    certify(lab)
    person = manager(lab)
    services.set_manager(laboratory=lab, post=post.value, name=" 乙 ", by=person, now=NOW, reason="任命")
    services.set_manager(laboratory=lab, post=post, name="乙", by=person, now=NOW)
    assert getattr(lab, post.value) == getattr(Laboratory.objects.get(), post.value) == "乙"
    assert changes() == [(post.value, "甲", "乙", "任命")]


@pytest.mark.parametrize("name", ["", "  ", "名" * 41])
def test_set_manager_refuses_what_is_no_name(name: str) -> None:
    lab = LaboratoryFactory.create(top_manager="甲")
    with pytest.raises(ValidationError):
        services.set_manager(laboratory=lab, post=ManagerPost.TOP, name=name, by=None, now=NOW)
    with pytest.raises(ValueError, match="owner"):
        services.set_manager(laboratory=lab, post="owner", name="乙", by=None, now=NOW)
    assert Laboratory.objects.get().top_manager == "甲"


ENTRIES: list[tuple[Any, dict[str, Any]]] = [
    (Site, {"name": "一号楼", "authority": "03", "address": "石家庄"}),
    (StaffMember, {"name": "张三"}),
    (Signatory, {"name": "张三", "fields_text": "水质"}),
    (Equipment, {"name": "天平", "site": "own"}),
]


@pytest.mark.parametrize(("model", "given"), ENTRIES)
def test_add_change_and_put_out(model: Any, given: dict[str, Any]) -> None:
    lab = LaboratoryFactory.create()
    own = {"authority": authority("03"), "site": SiteFactory.create(laboratory=lab, name="二号楼")}
    full = {key: own.get(key, value) for key, value in given.items()}
    entry = services.add_entry(model=model, laboratory=lab, values=full, by=manager(lab), now=NOW)
    assert (entry.laboratory, entry.created_at) == (lab, NOW)
    services.change_entry(entry=entry, values={"name": "改名"}, by=manager(lab), now=NOW)
    services.set_active(entry=entry, is_active=False, by=manager(lab), now=NOW)
    stored = model.objects.get(pk=entry.pk)
    assert (stored.name, stored.is_active) == ("改名", False)


@pytest.mark.parametrize(("model", "given"), ENTRIES)
def test_strangers_change_nothing(model: Any, given: dict[str, Any]) -> None:
    lab = LaboratoryFactory.create()
    stranger = manager(LaboratoryFactory.create())
    with pytest.raises(Refused):
        services.add_entry(model=model, laboratory=lab, values={"name": "x"}, by=stranger, now=NOW)
    assert model.objects.count() == 0


@pytest.mark.parametrize("factory", [SiteFactory, StaffMemberFactory, SignatoryFactory, EquipmentFactory])
def test_strangers_put_nothing_out(factory: Any) -> None:
    entry = factory.create()
    with pytest.raises(Refused):
        services.set_active(entry=entry, is_active=False, by=manager(LaboratoryFactory.create()), now=NOW)
    assert type(entry).objects.get().is_active is True


def test_an_entry_refers_to_its_own_laboratory_alone() -> None:
    lab, other = LaboratoryFactory.create(), SiteFactory.create()
    with pytest.raises(ValidationError) as error:
        services.add_entry(
            model=Equipment, laboratory=lab, values={"name": "天平", "site": other}, by=manager(lab), now=NOW
        )
    assert list(error.value.error_dict) == ["site"]
    with pytest.raises(ValidationError) as error:
        services.add_entry(
            model=Signatory, laboratory=lab, by=manager(lab), now=NOW,
            values={"name": "张", "fields_text": "水", "staff": StaffMemberFactory.create()},
        )  # fmt: skip
    assert list(error.value.error_dict) == ["staff"]


def test_what_a_case_or_a_certificate_stands_on_stays(world: World) -> None:
    application = world.walk("draw_team").application
    site, lab = world.sites[1], world.laboratory
    with pytest.raises(ValidationError) as error:
        services.change_entry(entry=site, values={"authority": world.lead, "address": "x"}, by=world.manager, now=NOW)
    assert sorted(error.value.error_dict) == ["address", "authority"]
    assert Site.objects.get(pk=site.pk).authority == world.other
    person = Signatory.objects.get(laboratory=lab)
    with pytest.raises(ValidationError, match=r"stands on it|发证依据"):
        services.change_entry(entry=person, values={"fields_text": "x"}, by=world.manager, now=NOW)
    with pytest.raises(ValidationError):
        services.add_entry(
            model=Signatory, laboratory=lab, values={"name": "x", "fields_text": "x"}, by=world.manager, now=NOW
        )
    services.change_entry(
        entry=person, values={"fields_text": person.fields_text, "phone": "1"}, by=world.manager, now=NOW
    )
    services.change_entry(entry=world.sites[1], values={"latitude": None, "longitude": None}, by=world.manager, now=NOW)
    endings.withdraw(application=application, reason="x", by=world.manager, now=timezone.now())
    services.change_entry(entry=Site.objects.get(pk=site.pk), values={"address": "x"}, by=world.manager, now=NOW)
    services.change_entry(entry=person, values={"fields_text": "x"}, by=world.manager, now=NOW)


def test_a_granted_site_stays(world: World) -> None:
    world.walk("issue")
    with pytest.raises(ValidationError, match=r"stands on it|发证依据"):
        services.change_entry(entry=world.sites[0], values={"address": "x"}, by=world.manager, now=NOW)
