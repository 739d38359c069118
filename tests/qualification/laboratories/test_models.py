"""The database refuses what cannot be, each with a sentence."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from qualification.laboratories.enums import Register
from qualification.laboratories.models import Laboratory, LaboratoryChange, RegisterImport, masked
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.laboratories import (
    EquipmentFactory,
    LaboratoryFactory,
    SignatoryFactory,
    SiteFactory,
    StaffMemberFactory,
)
from tests.factories.regions import AuthorityFactory, authority

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)


def test_factories_make_rows_that_are_valid() -> None:
    for factory in (LaboratoryFactory, SiteFactory, StaffMemberFactory, SignatoryFactory, EquipmentFactory):
        factory.create().full_clean()


def test_authority_is_the_same_row_each_time() -> None:
    assert AuthorityFactory.create(code="03") == authority("03")
    assert authority("03").region_zh == "河北"
    assert LaboratoryFactory.create(authority=authority("99")).is_trial is True


def test_membership_goes_to_the_place_that_the_role_needs() -> None:
    lab = LaboratoryFactory.create()
    assert UserFactory.create(member=("lab_manager", lab)).laboratory_ids() == {lab.pk}
    assert UserFactory.create(member=("intake", authority("04"))).authority_ids(["intake"]) == {authority("04").pk}
    national = MembershipFactory.create(role="national_viewer")
    assert (national.authority, national.laboratory) == (None, None)
    assert MembershipFactory.create(role="lab_member").laboratory is not None


@pytest.mark.parametrize(
    ("factory", "values", "constraint"),
    [
        (LaboratoryFactory, {"credit_code": "91110108MA0000000O"}, "laboratory_credit_code_form"),
        (LaboratoryFactory, {"name": ""}, "laboratory_named"),
        (SiteFactory, {"latitude": None}, "site_coordinates_paired"),
        (SiteFactory, {"longitude": None}, "site_coordinates_paired"),
        (SiteFactory, {"latitude": Decimal("90.1")}, "site_coordinates_in_range"),
        (SiteFactory, {"longitude": Decimal("-180.1")}, "site_coordinates_in_range"),
        (SiteFactory, {"kind": "underwater"}, "site_kind_known"),
        (StaffMemberFactory, {"age": 13}, "staff_age_possible"),
        (StaffMemberFactory, {"age": None, "years_in_field": Decimal(81)}, "staff_years_possible"),
        (StaffMemberFactory, {"age": 20, "years_in_field": Decimal(21)}, "staff_years_within_age"),
        (SignatoryFactory, {"fields_text": ""}, "signatory_fields_given"),
        (EquipmentFactory, {"name": ""}, "equipment_named"),
        (EquipmentFactory, {"result": "满意"}, "equipment_result_known"),
    ],
)
def test_impossible_rows_are_refused(factory: Any, values: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        factory.create(**values)


def test_a_laboratory_cannot_be_part_of_itself() -> None:
    lab = LaboratoryFactory.create()
    lab.parent = lab
    with pytest.raises(ValidationError) as error:
        lab.full_clean()
    assert "A laboratory cannot be part of itself." in str(error.value.messages) or error.value.messages
    with pytest.raises(IntegrityError, match="laboratory_not_its_own_parent"):
        lab.save()


def test_one_identity_number_once_among_those_in_force() -> None:
    lab = LaboratoryFactory.create()
    first = StaffMemberFactory.create(laboratory=lab, identity_number="110101199001011234")
    with pytest.raises(IntegrityError, match="staff_identity_once"), transaction.atomic():
        StaffMemberFactory.create(laboratory=lab, identity_number="110101199001011234")
    first.is_active = False
    first.save()
    StaffMemberFactory.create(laboratory=lab, identity_number="110101199001011234")
    StaffMemberFactory.create(identity_number="110101199001011234")


def test_one_signatory_once_per_site() -> None:
    site = SiteFactory.create()
    values = {"laboratory": site.laboratory, "identity_number": "110101199001011234"}
    SignatoryFactory.create(**values, site=site)
    SignatoryFactory.create(**values, site=None)
    for place in (site, None):
        with pytest.raises(IntegrityError, match="signatory_identity_once"), transaction.atomic():
            SignatoryFactory.create(**values, site=place)


def test_a_site_name_once_per_laboratory() -> None:
    site = SiteFactory.create(name="一号楼")
    SiteFactory.create(name="一号楼")
    with pytest.raises(IntegrityError, match="site_name_once"):
        SiteFactory.create(name="一号楼", laboratory=site.laboratory)


def test_a_change_changes() -> None:
    lab = LaboratoryFactory.create()
    with pytest.raises(IntegrityError, match="laboratory_change_changes"):
        LaboratoryChange.objects.create(laboratory=lab, field="name", old="甲", new="甲", at=NOW)


def test_an_import_has_one_end_and_equipment_a_site() -> None:
    lab = LaboratoryFactory.create()
    common = {"laboratory": lab, "file_name": "a.xls", "sha256": "0" * 64, "uploaded_at": NOW}
    with pytest.raises(IntegrityError, match="register_import_equipment_site"), transaction.atomic():
        RegisterImport.objects.create(**common, register=Register.EQUIPMENT)
    with pytest.raises(IntegrityError, match="register_import_one_end"):
        RegisterImport.objects.create(**common, register=Register.STAFF, applied_at=NOW, discarded_at=NOW)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("华北环境", True),
        ("环境监测", True),
        ("９１１１", True),
        ("学府路", True),
        ("华", True),
        ("华东", False),
        ("", True),
    ],
)
def test_search(text: str, found: bool) -> None:
    lab = LaboratoryFactory.create(name="华北环境监测中心", address="石家庄市学府路8号")
    assert list(Laboratory.objects.search(text)) == ([lab] if found else [])


def test_search_follows_a_change_of_name() -> None:
    lab = LaboratoryFactory.create(name="甲乙检测")
    lab.name = "丙丁检测"
    lab.save(update_fields=["name"])
    assert list(Laboratory.objects.search("丙丁")) == [lab]
    assert list(Laboratory.objects.search("甲乙")) == []


def test_masked() -> None:
    assert masked("110101199001011234") == "110*************34"
    assert masked("1234") == "****"
    assert masked("") == ""


def test_equipment_and_coordinates() -> None:
    site = SiteFactory.create()
    assert site.coordinates == (39.9042, 116.4074)
    assert str(EquipmentFactory.create(name="天平", model="")) == "天平"
