"""The five authorities, got or created by code; `99` is a trial authority."""

from __future__ import annotations

import datetime as dt
from typing import Any

import factory
from factory.django import DjangoModelFactory

from qualification.regions.models import Authority, LimitEntry

AUTHORITIES: dict[str, tuple[str, str, str, str, str]] = {
    "01": ("北京市市场监督管理局", "Beijing Municipal Administration for Market Regulation", "北京", "Beijing", "京"),
    "02": ("天津市市场监督管理委员会", "Tianjin Municipal Commission for Market Regulation", "天津", "Tianjin", "津"),
    "03": ("河北省市场监督管理局", "Hebei Administration for Market Regulation", "河北", "Hebei", "冀"),
    "04": ("山西省市场监督管理局", "Shanxi Administration for Market Regulation", "山西", "Shanxi", "晋"),
    "05": (
        "内蒙古自治区市场监督管理局",
        "Inner Mongolia Administration for Market Regulation",
        "内蒙古",
        "Inner Mongolia",
        "蒙",
    ),
    "99": ("试运行资质认定部门", "Trial authority", "试运行", "Trial", "试"),
}
FIELDS = ("name_zh", "name_en", "region_zh", "region_en", "short_zh")


def _of(field: int) -> Any:
    return factory.LazyAttribute(lambda o: AUTHORITIES[o.code][field])


class AuthorityFactory(DjangoModelFactory[Authority]):
    """`AuthorityFactory(code="03")` is Hebei's authority, the same row each time."""

    class Meta:
        model = Authority
        django_get_or_create = ("code",)

    code = "01"
    name_zh = _of(0)
    name_en = _of(1)
    region_zh = _of(2)
    region_en = _of(3)
    short_zh = _of(4)
    is_trial = factory.LazyAttribute(lambda o: o.code == "99")


def authority(code: str) -> Authority:
    """The authority of a code."""
    return AuthorityFactory.create(code=code)


def promise(place: Authority, key: str, value: int, since: dt.date = dt.date(2021, 6, 1)) -> LimitEntry:
    """A limit of an authority from a day on, also one in the past."""
    moment = dt.datetime.combine(since, dt.time(9), dt.UTC)
    return LimitEntry.objects.create(
        authority=place, key=key, value=value, effective_on=since, reason="promised", at=moment
    )
