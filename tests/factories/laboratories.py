"""Laboratories with valid credit codes, their sites, people and equipment."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from qualification.laboratories.credit_code import check_character
from qualification.laboratories.enums import Education, Gender, IdentityKind, Result, SiteKind, Traceability
from qualification.laboratories.models import Equipment, Laboratory, Signatory, Site, StaffMember
from tests.factories.regions import AuthorityFactory


def credit_code(number: int) -> str:
    """A valid unified social credit code, another one for each number."""
    body = f"91110108MA{number:07d}"
    return body + check_character(body)


class LaboratoryFactory(DjangoModelFactory[Laboratory]):
    class Meta:
        model = Laboratory

    name = factory.Sequence(lambda n: f"第{n}检验检测有限公司")
    credit_code = factory.Sequence(credit_code)
    legal_representative = "王建国"
    authority = factory.SubFactory(AuthorityFactory)
    address = factory.LazyAttribute(lambda o: f"{o.authority.region_zh}检测路1号")
    postcode = "100000"
    contact_name = "李敏"
    phone = "010-88880000"
    email = "office@example.cn"
    top_manager = "王建国"
    technical_manager = "赵工"
    quality_manager = "钱敏"


class SiteFactory(DjangoModelFactory[Site]):
    class Meta:
        model = Site

    laboratory = factory.SubFactory(LaboratoryFactory)
    name = factory.Sequence(lambda n: f"实验室{n}号楼")
    kind = SiteKind.FIXED
    authority = factory.SelfAttribute("laboratory.authority")
    address = factory.LazyAttribute(lambda o: f"{o.authority.region_zh}实验街2号")
    latitude = Decimal("39.904200")
    longitude = Decimal("116.407400")


class StaffMemberFactory(DjangoModelFactory[StaffMember]):
    class Meta:
        model = StaffMember

    laboratory = factory.SubFactory(LaboratoryFactory)
    name = factory.Sequence(lambda n: f"员工{n}")
    gender = Gender.FEMALE
    age = 35
    education = Education.BACHELOR
    title = "工程师"
    position = "化学室检测员"
    major = "分析化学"
    years_in_field = Decimal(10)
    current_post = "检测员"
    identity_kind = IdentityKind.RESIDENT
    identity_number = factory.Sequence(lambda n: f"11010119900101{n:04d}")


class SignatoryFactory(DjangoModelFactory[Signatory]):
    class Meta:
        model = Signatory

    laboratory = factory.SubFactory(LaboratoryFactory)
    name = factory.Sequence(lambda n: f"签字人{n}")
    gender = Gender.MALE
    education = Education.MASTER
    title = "高级工程师"
    position = "技术负责人"
    department = "技术部"
    phone = "13800000000"
    email = "signatory@example.cn"
    fields_text = "全部检测项目"
    identity_number = factory.Sequence(lambda n: f"11010119800101{n:04d}")


class EquipmentFactory(DjangoModelFactory[Equipment]):
    class Meta:
        model = Equipment

    site = factory.SubFactory(SiteFactory)
    laboratory = factory.SelfAttribute("site.laboratory")
    category_no = "1"
    category = "主体结构工程检测"
    parameter_no = "1.1"
    parameter = "混凝土强度"
    standard_text = "《钻芯法检测混凝土强度技术规程》JGJ/T 384-2016"
    name = factory.Sequence(lambda n: f"压力机{n}")
    model = "DYE-2000"
    measuring_range = "(0-2000) kN"
    traceability = Traceability.CALIBRATION
    valid_until = dt.date(2027, 6, 24)
    result = Result.CONFORMS
