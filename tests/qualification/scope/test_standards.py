"""Standard numbers as people write them."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from qualification.scope.standards import read_cell
from tests.qualification.scope.conftest import DATA


def one(text: str) -> tuple[str, str, str]:
    (found,) = read_cell(text).standards
    return found.number, found.clause, found.title


@pytest.mark.parametrize(
    ("text", "number", "clause", "title"),
    [
        ("《钻通设备》\nGB/T20174-2019/8.5.7.6", "GB/T 20174-2019", "8.5.7.6", "钻通设备"),
        ("《再制造》\nSY/T 6160-2019/6.9.1 /6.9.2/6.10.3", "SY/T 6160-2019", "6.9.1/6.9.2/6.10.3", "再制造"),
        ("SY/T 5323-2016\n/7.5.4 /7.5.5", "SY/T 5323-2016", "7.5.4/7.5.5", ""),
        ("GB 11214-89", "GB 11214-1989", "", ""),
        ("GB∕T 34867.1-2017 电动机 第1部分", "GB/T 34867.1-2017", "", "电动机 第1部分"),
        ("GB/T 14584 -93 标题", "GB/T 14584-1993", "", "标题"),
        ("GB/T 145\n84-1993", "GB/T 14584-1993", "", ""),
        ("GB/T\n14584-\n1993", "GB/T 14584-1993", "", ""),
        ("ＧＢ／Ｔ　５７５０．４－２００６（８．１）", "GB/T 5750.4-2006", "8.1", ""),
        ("GB 5009.268-2016第一法 食品", "GB 5009.268-2016", "第一法", "食品"),
        ("导则 （HJ/T 10.2–1996)", "HJ/T 10.2-1996", "", "导则"),
        ("方法（HJ 1199—2021)", "HJ 1199-2021", "", "方法"),
        ("《审核方法》DB41/400-2005", "DB41/400-2005", "", "审核方法"),
        ("DB 11/ 307-2013", "DB11/307-2013", "", ""),
        ("DB41/T311-2003", "DB41/T 311-2003", "", ""),
        ("GBT 5009.3-2016", "GB/T 5009.3-2016", "", ""),
        ("gb/t 5009.3-2016", "GB/T 5009.3-2016", "", ""),
        ("ISO 6579-1:2017 Microbiology", "ISO 6579-1:2017", "", "Microbiology"),
        ("DIN EN ISO 6892-1:2020", "DIN EN ISO 6892-1:2020", "", ""),
        ("GB 3096-2008/XG1-2012", "GB 3096-2008/XG1-2012", "", ""),
        ("T/CECS 10001-2019", "T/CECS 10001-2019", "", ""),
        ("《PM2.5 测定 pH 5》HJ 618-2011", "HJ 618-2011", "", "PM2.5 测定 pH 5"),
        ("5G移动通信基站监测方法(试行)(HJ1151-2020)", "HJ 1151-2020", "", "5G移动通信基站监测方法(试行)"),
    ],
)
def test_one_standard(text: str, number: str, clause: str, title: str) -> None:
    assert one(text) == (number, clause, title)
    assert read_cell(text).doubts == ()


@pytest.mark.parametrize(
    ("text", "doubts"),
    [
        ("GB/T 20174", (("no_year", "GB/T 20174"),)),
        ("《水和废水监测分析方法》（第四版）", (("no_number", "《水和废水监测分析方法》（第四版）"),)),
        ("GB/T 1771-07", (("year_guessed", "GB/T 1771-07"),)),
    ],
)
def test_doubts(text: str, doubts: tuple[tuple[str, str], ...]) -> None:
    assert read_cell(text).doubts == doubts


def test_several_in_one_cell_keep_their_titles() -> None:
    found = read_cell("《煤中碳和氢的测定方法》GB476-2008 / 《煤样的制备方法》GB/T474-2008").standards
    assert [(s.number, s.title) for s in found] == [
        ("GB 476-2008", "煤中碳和氢的测定方法"), ("GB/T 474-2008", "煤样的制备方法"),
    ]  # fmt: skip


def test_kinds() -> None:
    texts = ["GB 1-2020", "HJ 1-2020", "DB11/T 1-2020", "T/CAS 1-2020", "Q/ABC 1-2020", "ISO 1:2020", "ASTM D1-2020"]
    assert [read_cell(t).standards[0].kind for t in texts] == [
        "national", "industry", "local", "group", "enterprise", "international", "foreign",
    ]  # fmt: skip


def test_two_provinces_lists() -> None:
    """102 rows of two official lists: every one is read, one of them names two standards."""
    with (DATA / "scope-lists.csv").open(encoding="utf-8") as file:
        readings = [read_cell(row["standard"]) for row in csv.DictReader(file)]
    standards = [s for reading in readings for s in reading.standards]
    assert (len(readings), len(standards)) == (102, 103)
    assert [reading.doubts for reading in readings if reading.doubts] == []
    assert Counter(s.kind for s in standards) == {"national": 88, "industry": 13, "local": 2}
    assert len({s.number for s in standards}) == 38
    assert [s.raw for s in standards if not s.title] == []


@pytest.mark.parametrize(
    "text", ["GB/T " * 800, "1 " * 2000, "T/A" * 1300, "GB/T 5009" + "/1.1 " * 790, "GB/T 1." + "1. " * 1300]
)
def test_a_hostile_cell_does_not_grow(text: str) -> None:
    cell = text[:4000]
    assert sum(len(standard.raw) for standard in read_cell(cell).standards) <= len(cell)
