"""Annexes follow grant by grant and site by site; no approved row disappears."""

from __future__ import annotations

from typing import Any

from documents.papers.annexes import annexes_of, display_rows
from tests.documents.papers import samples


def full(**row: Any) -> dict[str, Any]:
    empty = {
        "number": "",
        "name": "",
        "category_no": "",
        "category": "",
        "standards": [],
        "restriction": "",
        "note": "",
    }
    return {**empty, **row}


def brief(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (row["text"],) if row["kind"] == "main" else (row["category_no"], row["category"], row["number"], row["name"])
        for row in rows
    ]


def test_food_comes_apart_and_after_the_rest() -> None:
    annexes = annexes_of(samples.certificate("03", "02", has_food=True)["grants"])
    assert [(annex["grant"], annex["title"], annex["is_first"], annex["is_last"]) for annex in annexes] == [
        (0, "附表1　批准的检验检测能力", True, False),
        (0, "附表1　批准的检验检测能力（食品）", False, False),
        (0, "附表2　批准的授权签字人及领域", False, False),
        (1, "附表1　批准的检验检测能力", False, False),
        (1, "附表1　批准的检验检测能力（食品）", False, False),
        (1, "附表2　批准的授权签字人及领域", False, True),
    ]


def test_a_category_names_the_rows_below_it() -> None:
    rows = display_rows([
        full(level="main", number="一", name="水"),
        full(level="category", number="1", name="地表水"),
        full(level="parameter", number="1.1", name="pH"),
        full(level="parameter", number="1.2", name="氨氮"),
    ])  # fmt: skip
    assert brief(rows) == [("一　水",), ("1", "地表水", "1.1", "pH"), ("1", "地表水", "1.2", "氨氮")]
    assert [(row["opens"], row["closes"]) for row in rows[1:]] == [(True, False), (False, True)]


def test_a_category_without_parameters_is_an_ability_of_its_own() -> None:
    rows = display_rows([
        full(level="category", number="1", name="玩具", standards=["GB 6675.1-2014"]),
        full(level="category", number="2", name="文具"),
    ])  # fmt: skip
    assert brief(rows) == [("1", "玩具", "", ""), ("2", "文具", "", "")]


def test_a_category_with_methods_is_printed_before_its_parameters() -> None:
    rows = display_rows([
        full(level="category", number="1", name="玩具", standards=["GB 6675.1-2014"]),
        full(level="parameter", number="1.1", name="铅"),
    ])  # fmt: skip
    assert brief(rows) == [("1", "玩具", "", ""), ("1", "玩具", "1.1", "铅")]


def test_a_new_main_class_ends_the_category() -> None:
    rows = display_rows([
        full(level="category", number="1", name="地表水"),
        full(level="parameter", number="1.1", name="pH"),
        full(level="main", number="二", name="气"),
        full(level="parameter", number="2.1", name="臭氧"),
    ])  # fmt: skip
    assert brief(rows) == [("1", "地表水", "1.1", "pH"), ("二　气",), ("", "", "2.1", "臭氧")]
