"""Names as laboratories give them, sorted into the slots of a first application with two sites and two categories."""

from __future__ import annotations

import pytest

from documents.slots import type_of
from documents.sorting import Place, Reason, sort, squeeze, words_of

ONCE = (
    "application_form", "signatories", "organisation_chart", "staff_table", "quality_manual", "legal_status",
    "premises", "special_staff", "current_certificate",
)  # fmt: skip
SITES = {"s1": "石家庄总部实验室", "s2": "天津滨海实验室"}
CATEGORIES = ("水和废水", "环境空气和废气")
PLACES = [
    *(Place(type_of(code)) for code in ONCE),
    *(Place(type_of("equipment_table"), label, site) for label, site in SITES.items()),
    *(
        Place(type_of("capability_table"), f"{label}:{kind}", f"{site} {word}")
        for label, site in SITES.items()
        for kind, word in (("food", "食品"), ("nonfood", "非食品"))
    ),
    *(Place(type_of("typical_report"), name, name) for name in CATEGORIES),
]


def placed(*paths: str, dropped_on: tuple[str, str] | None = None, places: list[Place] | None = None) -> list[str]:
    found = sort(paths, PLACES if places is None else places, dropped_on)
    return ["/".join(one.place.key).rstrip("/") if one.place else one.reason.value for one in found]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("申请书（盖章）.pdf", "application_form"),
        ("01 资质认定申请书-冀清环境.PDF", "application_form"),
        ("申请材料/1、申请书/扫描件0001.pdf", "application_form"),
        ("附表2 授权签字人汇总表.xls", "signatories"),
        ("附表2-1授权签字人申请表_张三.pdf", "signatories"),
        ("附表３　组织机构框图.jpg", "organisation_chart"),
        ("组织机构图.png", "organisation_chart"),
        ("附表4检验检测人员一览表.xlsx", "staff_table"),
        ("附表四.xlsx", "staff_table"),
        ("质量手册（第3版）.docx", "quality_manual"),
        ("管理体系文件/程序文件汇编.pdf", "quality_manual"),
        ("法人证明/营业执照副本.jpg", "legal_status"),
        ("事业单位法人证书.pdf", "legal_status"),
        ("场所/房屋租赁合同2025.pdf", "premises"),
        ("实验室平面图.pdf", "premises"),
        ("人员资质证明/李四-无损检测上岗证.pdf", "special_staff"),
        ("资质认定证书附表1.pdf", "current_certificate"),
        ("天津滨海/附表5 仪器设备（标准物质）配置一览表.xlsx", "equipment_table/s2"),
        ("设备一览表-石家庄.xlsx", "equipment_table/s1"),
        ("能力表_石家庄总部_食品.xlsx", "capability_table/s1:food"),
        ("能力表_石家庄总部_非食品.xlsx", "capability_table/s1:nonfood"),
        ("滨海实验室\\附表1-检验检测能力表（非食品）.xls", "capability_table/s2:nonfood"),
        ("典型检测报告-水和废水.pdf", "typical_report/水和废水"),
        ("典型报告/废气检测报告HJ2026-018.pdf", "typical_report/环境空气和废气"),
        ("ApplicationForm_signed.pdf", "application_form"),
        ("quality-manual v3.docx", "quality_manual"),
        ("Org chart.png", "organisation_chart"),
        ("lease 2025.pdf", "premises"),
    ],
)
def test_a_real_name_finds_its_slot(path: str, place: str) -> None:
    assert placed(path) == [place]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("IMG_20261120_093012.jpg", "unknown"),
        ("扫描件0001.pdf", "unknown"),
        ("附表12.pdf", "unknown"),
        ("information.pdf", "unknown"),
        ("", "unknown"),
        ("能力表.xlsx", "several"),
        ("典型报告.pdf", "several"),
        ("仪器设备一览表.xlsx", "several"),
    ],
)
def test_what_no_name_tells_is_left_to_the_person(path: str, reason: str) -> None:
    assert placed(path) == [reason]


def test_several_say_which_they_could_be() -> None:
    (found,) = sort(["典型报告.pdf"], PLACES)
    assert found.reason is Reason.SEVERAL
    assert [place.label for place in found.among] == list(CATEGORIES)


def test_one_place_takes_one_file_the_accepted_kind_first() -> None:
    assert placed("申请书.docx", "申请书.pdf", "申请书-旧.pdf") == ["taken", "application_form", "taken"]


def test_a_kind_that_takes_many_numbers_them_and_never_replaces() -> None:
    names = ["质量手册.pdf", "程序文件.pdf", "作业指导书.pdf"]
    assert placed(*names) == ["quality_manual", "quality_manual/2", "quality_manual/3"]
    filled = [Place(type_of("quality_manual"), label, is_filled=bool(label != "3")) for label in ("", "2", "3")]
    assert placed(*names, places=filled) == ["quality_manual/3", "quality_manual/4", "quality_manual/5"]


def test_a_filled_place_of_one_gets_a_new_version() -> None:
    assert placed("申请书.pdf", places=[Place(type_of("application_form"), is_filled=True)]) == ["application_form"]


def test_what_is_dropped_on_a_slot_goes_there_and_the_rest_to_the_empty_ones_of_its_kind() -> None:
    paths = ["扫描1.pdf", "营业执照.pdf", "扫描2.pdf", "扫描3.pdf"]
    assert placed(*paths, dropped_on=("typical_report", "环境空气和废气")) == [
        "typical_report/环境空气和废气", "legal_status", "typical_report/水和废水", "unknown",
    ]  # fmt: skip


def test_a_name_that_suits_several_slots_of_the_kind_is_dropped_there() -> None:
    assert placed("报告.pdf", dropped_on=("typical_report", "水和废水")) == ["typical_report/水和废水"]
    assert placed("能力表.xlsx", dropped_on=("typical_report", "水和废水")) == ["several"]


def test_a_folder_named_for_the_whole_supplement_says_nothing_of_one_point() -> None:
    points = [
        Place(type_of("supplement", is_alone=True), "1", "第1项 补正1"),
        Place(type_of("quality_manual", is_alone=True), "", "质量手册、程序文件 第2项 补正2"),
    ]
    names = ["补正材料/营业执照.pdf", "补正材料/质量手册.pdf", "补正材料/第1项 说明.pdf"]
    assert placed(*names, places=points) == ["unknown", "quality_manual", "supplement/1"]
    assert placed("补正材料/第2项 声明页.pdf", places=points) == ["quality_manual"]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("不符合项1/记录.pdf", "rectification/1"), ("整改材料.pdf", "rectification/1"), ("不符合项2.pdf", "unknown"),
        ("不符合项12.pdf", "unknown"), ("不符合项2/不符合项1.pdf", "rectification/1"),
    ],
)  # fmt: skip
def test_another_number_is_not_for_the_only_place(path: str, place: str) -> None:
    assert placed(path, places=[Place(type_of("rectification"), "1", "不符合项1 第1项")]) == [place]


def test_names_are_folded() -> None:
    assert squeeze("附表２－１ （授权_签字人）") == "附表2-1授权签字人"
    assert words_of("OrgChart_v2.final") == " org chart v 2 final "
