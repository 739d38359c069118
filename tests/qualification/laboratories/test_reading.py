"""Sheets as users' files are read: the register's own templates, and everything that is not one."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from qualification.laboratories import parsing, reading
from qualification.laboratories.child import text_of
from qualification.laboratories.messages import SENTENCES, sentence
from qualification.scope.findings import Problem, SheetRefused

DATA = Path(__file__).resolve().parents[2] / "data"
STAFF_HEADS = ["姓名", "性别", "年龄", "文化程度", "职称", "从事本技术领域年限", "证件类型", "证件号码"]


def sheet(*rows: list[Any]) -> SimpleUploadedFile:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return SimpleUploadedFile("sheet.xlsx", stream.getvalue())


def read(upload: SimpleUploadedFile, register: str = "staff") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return parsing.parse(reading.read_upload(upload), register)


def of_file(name: str, register: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return parsing.parse(reading.read_file(DATA / name), register)


def told(problems: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(p["code"], p["cell"], p["severity"]) for p in problems]


def test_the_staff_template() -> None:
    rows, findings = of_file("staff-template.xls", "staff")
    assert findings == []
    assert [row["row"] for row in rows] == [3]
    assert rows[0]["values"] == {
        "name": "小红", "gender": "female", "age": 23, "education": "bachelor", "position": "文员", "title": "无",
        "major": "环境保护", "years_in_field": "4.0", "current_post": "设计", "identity_kind": "resident",
        "identity_number": "411411100356455858", "note": "",
    }  # fmt: skip
    assert told(rows[0]["problems"]) == [("post_unknown", "I3", "warning"), ("identity_check", "K3", "warning")]


def test_the_signatories_template() -> None:
    rows, findings = of_file("signatories-template.xls", "signatories")
    assert findings == []
    assert [row["row"] for row in rows] == [3]
    assert rows[0]["values"] == {
        "name": "刘伯温", "gender": "male", "education": "doctor", "title": "术士", "position": "国师",
        "department": "国防", "phone": "18237288888", "email": "XX@126.com", "fields_text": "1",
        "identity_number": "410527198700000000", "approved_on": None, "note": "",
    }  # fmt: skip
    assert told(rows[0]["problems"]) == [
        ("fields_only_number", "I3", "warning"),
        ("identity_check", "J3", "warning"),
        ("date_of_an_empty_cell", "K3", "warning"),
    ]


def test_the_equipment_template() -> None:
    rows, findings = of_file("equipment-table-template.xlsx", "equipment")
    assert told(findings) == [("sheet_names_address", "A2", "warning")]
    assert [row["row"] for row in rows] == [5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17]
    assert rows[1]["values"] == {
        "category_no": "1", "category": "主体结构工程检测", "parameter_no": "1.1", "parameter": "钻芯法检测混凝土强度",
        "standard_text": "《混凝土物理力学性能试验方法标准》GB/T 50081-2019\n5 抗压强度试验\n6 轴心抗压强度试验",
        "name": "混凝土压力机", "model": "DYE-2000", "measuring_range": "（0-2000）KN", "traceability": "calibration",
        "traceability_note": "", "valid_until": "2022-06-24", "result": "", "note": "确认结果:满意",
    }  # fmt: skip
    assert {told(row["problems"])[0][0] for row in rows} == {"result_unknown"}
    assert rows[7]["values"]["traceability"] == "verification"
    assert [row["values"]["category"] for row in rows[-3:]] == ["钢结构工程检测"] * 3
    assert [row["values"]["parameter_no"] for row in rows[3:6]] == ["1.3", "1.3", "1.4"]


def test_what_is_wrong_is_told_by_cell_and_nothing_is_dropped() -> None:
    rows, findings = read(sheet(
        ["员工花名册"],
        [*STAFF_HEADS, "血型"],
        ["张三", "男性", "四十", "本科", "工程师", "十年", "身份证", "11010519491231002X", "A"],
        ["", "女", 30, "文盲", "", 31, "驾驶证", "123"],
        [],
        STAFF_HEADS,
        ["李四", "不详", 41, "博士", "高工", 12.26, "护照", "e1234"],
        ["注:以上属实"],
        ["王五"],
    ))  # fmt: skip
    assert told(findings) == [("column_unknown", "I2", "warning")]
    assert [(row["row"], told(row["problems"])) for row in rows] == [
        (3, [("not_a_number", "C3", "warning"), ("not_a_number", "F3", "warning")]),
        (
            4,
            [
                ("name_missing", "A4", "error"),
                ("education_unknown", "D4", "warning"),
                ("years_beyond_age", "F4", "error"),
                ("identity_kind_unknown", "G4", "warning"),
            ],
        ),
        (7, [("gender_unknown", "B7", "warning")]),
    ]
    assert [row["values"]["note"] for row in rows] == [
        "年龄:四十; 从事本技术领域年限:十年",
        "文化程度:文盲; 证件类型:驾驶证",
        "性别:不详",
    ]
    assert (rows[2]["values"]["years_in_field"], rows[2]["values"]["identity_number"]) == ("12.3", "E1234")


def test_an_identity_number_typed_as_a_figure_is_an_error() -> None:
    rows, _ = read(sheet(STAFF_HEADS, ["张三", "男", 30, "本科", "", 3, "身份证", 110105194912310021]))
    assert told(rows[0]["problems"]) == [("identity_lost_digits", "H2", "error")]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2022-06-24", "2022-06-24"), ("2022.6.4", "2022-06-04"), ("2022/06/24", "2022-06-24"),
        ("2022年6月24日", "2022-06-24"), ("２０２２．６．２４", "2022-06-24"),
        ("2022-02-30", None), ("长期", None), ("", None), ("24.6.2022", None),
    ],
)  # fmt: skip
def test_dates(text: str, day: str | None) -> None:
    found = parsing.date_of(text)
    assert (found.isoformat() if found else None) == day


@pytest.mark.parametrize(
    ("number", "fits"),
    [("11010519491231002X", True), ("110105194912310021", False), ("11010519491231002", False), ("", False)],
)
def test_resident_numbers(number: str, fits: bool) -> None:
    assert parsing.is_resident_number(number) is fits


def packed(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def far_corner() -> bytes:
    book = Workbook()
    book.active["A1"] = "姓名"
    book.active["XFD1048576"] = "x"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"%PDF-1.7 not a sheet", "wrong_type"),
        (packed(a=b"x"), "wrong_type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "wrong_type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le") * 90, "not_readable"),
        ((DATA / "staff-template.xls").read_bytes()[:9000], "not_readable"),
        (far_corner(), "cell_far_away"),
        (b"PK\x03\x04" + b"x" * (5 * 1024 * 1024), "file_too_large"),
    ],
)
def test_files_that_are_not_read(content: bytes, code: str) -> None:
    with pytest.raises(SheetRefused) as refused:
        read(SimpleUploadedFile("staff.xls", content))
    assert refused.value.problem.code == code
    assert "%(" not in sentence(refused.value.problem.as_json())


def test_a_sheet_of_another_kind_is_refused_with_the_heads_it_should_have() -> None:
    with pytest.raises(SheetRefused) as refused:
        of_file("capability-table-template.xlsx", "staff")
    assert refused.value.problem.code == "register_header_missing"
    assert refused.value.problem.params["columns"].startswith("姓名、性别、年龄")
    with pytest.raises(SheetRefused) as refused:
        read(sheet(["姓名", "性别", "文化程度", "职称", "职务"], ["张", "男", "本科", "", ""]), "signatories")
    assert (refused.value.problem.code, refused.value.problem.cell) == ("column_missing", "A1")


def test_a_sheet_without_rows() -> None:
    rows, findings = read(sheet(STAFF_HEADS))
    assert rows == []
    assert told(findings) == [("no_rows", "A2", "error")]


def test_a_huge_sheet_is_refused() -> None:
    with pytest.raises(SheetRefused) as refused:
        read(sheet(STAFF_HEADS, *(["张三"] for _ in range(5_001))))
    assert refused.value.problem.code == "sheet_huge"


def test_every_sentence_can_be_said() -> None:
    params = {"size_mb": "1", "limit_mb": "1", "rows": 1, "limit": 1, "seconds": 1, "columns": "x", "row": 1, "age": 1}
    for code in SENTENCES:
        says = sentence(Problem(code, "A1", read="r", params={**params, "says": "s"}).as_json())
        assert says
        assert "%(" not in says


@pytest.mark.parametrize(
    ("value", "text"),
    [(23.0, "23"), (18237288888.0, "18237288888"), (2.5, "2.5"), (None, ""), (True, "True"), (" a\x00b ", "ab"),
     (dt.date(2022, 6, 24), "2022-06-24"), (dt.datetime(2022, 6, 24, 8, tzinfo=dt.UTC), "2022-06-24")],
)  # fmt: skip
def test_cells_as_words(value: Any, text: str) -> None:
    assert text_of(value) == text
