"""Sheets as they come: the province's form, and the ways in which people bend it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qualification.scope.findings import ReadResult, SheetRefused
from qualification.scope.reader import read
from tests.qualification.scope.conftest import DATA, HEAD, TEMPLATE

Write = Callable[..., Path]


def findings(result: ReadResult) -> list[tuple[str, str]]:
    return [(p["code"], p["cell"]) for row in result.rows for p in row.problems] + [
        (p["code"], p["cell"]) for p in result.problems
    ]


def parameters(result: ReadResult) -> list[tuple[str, str, str]]:
    return [(r.number, r.name, r.standard_text) for r in result.rows if r.level == "parameter"]


def test_the_provinces_form() -> None:
    result = read(TEMPLATE)
    assert Counter(r.level for r in result.rows) == {"main": 2, "category": 6, "parameter": 12}
    assert findings(result) == []
    first = next(r for r in result.rows if r.level == "parameter")
    assert (first.number, first.category_no, first.category, first.name) == ("1.1", "1", "防喷器", "静水压强度试验")
    assert [(s["number"], s["clause"]) for s in first.standards] == [
        ("GB/T 20174-2019", "8.5.7.6"), ("SY/T 6160-2019", "6.10.1"), ("SY/T 7010-2014", "6.4.1"),
    ]  # fmt: skip
    assert first.restriction.splitlines() == [
        "GB/T 20174-2019/8.5.7.6：限制范围1", "SY/T 6160-2019/6.10.1：限制范围2", "SY/T 7010-2014/6.4.1：限制范围3",
    ]  # fmt: skip


def test_a_standard_merged_over_two_parameters_counts_for_both() -> None:
    rows = [r for r in read(TEMPLATE).rows if r.number in ("2.1", "2.2")]
    assert [(r.standards[0]["number"], r.restriction) for r in rows] == [
        ("SY/T 5323-2016", "限制范围7"), ("SY/T 5323-2016", "限制范围8"),
    ]  # fmt: skip


def test_repeated_page_headers_and_page_numbers_are_no_rows(write: Write) -> None:
    path = write([
        ["1", "水", "1.1", "pH", "GB/T 6920-1986", "", ""],
        ["第 1 页 共 2 页", "", "", "", "", "", ""],
        HEAD,
        ["", "", "1.2", "色度", "GB/T 11903-1989", "", ""],
    ])  # fmt: skip
    result = read(path)
    assert parameters(result) == [("1.1", "pH", "GB/T 6920-1986"), ("1.2", "色度", "GB/T 11903-1989")]
    assert result.rows[-1].category == "水"
    assert findings(result) == []


def test_unmerged_continuation_rows_belong_to_the_parameter_above(write: Write) -> None:
    path = write(
        [["1", "水", "1.1", "pH", "GB/T 6920-1986", "", ""], ["", "", "", "", "HJ 1147-2020", "仅限地表水", ""]]
    )
    (row,) = [r for r in read(path).rows if r.level == "parameter"]
    assert [s["number"] for s in row.standards] == ["GB/T 6920-1986", "HJ 1147-2020"]
    assert row.restriction == "HJ 1147-2020：仅限地表水"


def test_repeated_number_and_name_is_a_continuation(write: Write) -> None:
    line = ["7", "煤", "7.1", "煤的发热量"]
    result = read(write([[*line, "GB/T474-2008", "", ""], [*line, "GB/T213-2008", "", ""]]))
    assert [r.level for r in result.rows] == ["category", "parameter"]
    assert [s["number"] for s in result.rows[1].standards] == ["GB/T 474-2008", "GB/T 213-2008"]


@pytest.mark.parametrize(
    ("cells", "number", "name"),
    [
        (["一", "水质"], "一", "水质"),
        (["（二）", "土壤"], "二", "土壤"),
        (["三、空气和废气"], "三", "空气和废气"),
        (["（四）噪声"], "四", "噪声"),
    ],
)
def test_main_classes(write: Write, cells: list[str], number: str, name: str) -> None:
    result = read(write([cells, ["1", "水", "1.1", "pH", "GB/T 6920-1986"]]))
    assert (result.rows[0].level, result.rows[0].number, result.rows[0].name) == ("main", number, name)


def test_a_substance_that_begins_with_a_number_is_no_main_class(write: Write) -> None:
    result = read(write([["1", "水", "1.1", "三氯甲烷", "HJ 639-2012"], ["", "", "", "四氯化碳", "HJ 639-2012"]]))
    assert [r.name for r in result.rows if r.level == "parameter"] == ["三氯甲烷", "四氯化碳"]
    assert findings(result) == [("no_number_of_parameter", "C3")]


def test_a_lost_zero_is_put_back_and_told(write: Write) -> None:
    numbers: list[Any] = [1.8, 1.9, 1.1, 1.11]
    result = read(
        write([["1" if n == 1.8 else "", "水" if n == 1.8 else "", n, f"参数{n}", "GB 1-2020"] for n in numbers])
    )
    assert [r.number for r in result.rows if r.level == "parameter"] == ["1.8", "1.9", "1.10", "1.11"]
    assert findings(result) == [("number_lost_zero", "C4")]


def test_what_cannot_be_read_is_told_by_cell(write: Write) -> None:
    result = read(write([
        ["", "", "", "", "GB 9-2020", "", ""],
        ["1", "水", "1.1", "pH", "水和废水监测分析方法", "", ""],
        ["", "", "1.2", "", "GB 1-2020", "", ""],
        ["", "", "1.3", "色度", "", "", ""],
        ["", "", "1.4", "浊度", "GB/T 13200", "", "", "边上"],
        ["", "", "1.1", "总氮", "T/CAS 1-2020", "", ""],
        ["", "", "1.5", "氨氮", "#REF!", "", ""],
    ]))  # fmt: skip
    assert findings(result) == [
        ("no_number", "E3"), ("note_needed", "E3"), ("no_name", "D4"), ("no_standard", "E5"), ("no_year", "E6"),
        ("number_twice", "C7"), ("note_needed", "E7"), ("no_standard", "E8"),
        ("line_without_parameter", "E2"), ("outside_columns", "H6"),
    ]  # fmt: skip


def test_same_as_above(write: Write) -> None:
    result = read(write([["1", "水", "1.1", "pH", "GB/T 6920-1986"], ["", "", "1.2", "色度", "同上"]]))
    assert [r.standards[0]["number"] for r in result.rows if r.level == "parameter"] == ["GB/T 6920-1986"] * 2


def test_a_product_as_a_whole_is_an_ability(write: Write) -> None:
    result = read(write([["1", "家用电器", "", "", "GB 4706.1-2005", "", ""]]))
    assert [(r.level, r.number, r.name) for r in result.rows] == [
        ("category", "1", "家用电器"),
        ("parameter", "1", "家用电器"),
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [("staff-template.xls", "no_header"), ("signatories-template.xls", "no_header"), ("equipment-table-template.xlsx", "no_header"),
     ("scope-lists.csv", "not_readable")],
)  # fmt: skip
def test_other_forms_are_refused(name: str, code: str) -> None:
    with pytest.raises(SheetRefused) as refused:
        read(DATA / name)
    assert refused.value.problem.code == code


def test_a_header_without_rows_is_refused(write: Write) -> None:
    with pytest.raises(SheetRefused) as refused:
        read(write([]))
    assert refused.value.problem.code == "no_rows"
