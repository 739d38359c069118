"""The text of files of every sort, read by the limited child itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from documents.formats import Format
from documents.inspector import Inspector
from documents.texts import reading
from tests.documents import files
from tests.documents.texts import samples


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """What the child says of some bytes."""
    inspector = Inspector("documents.texts.reading")

    def ask(kind: Format, data: bytes, seconds: float = 60) -> dict[str, Any]:
        path = tmp_path / "file"
        path.write_bytes(data)
        ended, said = inspector.ask(path, kind.value, seconds)
        return {"ended": ended} if ended else json.loads(said)

    yield ask
    inspector.stop()


def texts(said: dict[str, Any]) -> list[tuple[int, str]]:
    return [(place["page"], place["text"].strip()) for place in said["places"]]


def test_a_pdf_is_read_page_by_page(read: Any) -> None:
    said = read(Format.PDF, samples.pdf("质量手册 GB/T 5009.3-2016", "", "第三页"))
    assert texts(said) == [(1, "质量手册 GB/T 5009.3-2016"), (3, "第三页")]
    assert (said["blank_pages"], said["is_cut"]) == (1, False)


def test_word_gives_paragraphs_and_rows(read: Any) -> None:
    body = (
        samples.paragraph("第一段") + samples.table(("参数", "方法"), ("水分", "GB 5009.3")) + samples.paragraph("末段")
    )
    said = read(Format.DOCX, samples.docx(body))
    assert [line.split() for line in said["places"][0]["text"].splitlines()] == [
        ["第一段"], ["参数", "方法"], ["水分", "GB", "5009.3"], ["末段"],
    ]  # fmt: skip


def test_a_workbook_gives_its_rows_by_their_number(read: Any) -> None:
    cells = (
        {"B3": "仪器", "C3": 23.0, "B5": "天平"} | {f"B{n}": "很长的内容" * 40 for n in range(6, 60)} | {"B60": "末行"}
    )
    said = read(Format.XLSX, samples.xlsx({"空": {}, "设备": cells}))
    first, last = said["places"][0], said["places"][-1]
    assert (first["page"], first["sheet"], first["row"]) == (2, "设备", 1)
    assert first["text"].splitlines()[2:5] == ["仪器\t23", "", "天平"]
    assert last["row"] + last["text"].count("\n") == 60
    assert last["text"].endswith("末行")


def test_an_ofd_is_read_page_by_page(read: Any) -> None:
    assert texts(read(Format.OFD, samples.ofd("营业执照", "第二页"))) == [(1, "营业执照"), (2, "第二页")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_plain_text_and_tables_are_read_in_both_encodings(read: Any, encoding: str) -> None:
    assert texts(read(Format.TXT, "一行\n二行".encode(encoding))) == [(1, "一行\n二行")]
    said = read(Format.CSV, "序号,名称\n1,水分\n".encode(encoding))
    assert (said["places"][0]["row"], texts(said)) == (1, [(1, "序号\t名称\n1\t水分")])


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        (Format.PNG, files.picture(), "picture"),
        (Format.PDF, files.pdf(), "scanned"),
        (Format.DOC, b"\xd0\xcf\x11\xe0", "old_word"),
        (Format.XLSX, samples.xlsx({"空": {}}), "empty"),
        (Format.OFD, samples.ofd(" "), "empty"),
    ],
)
def test_what_has_no_text_says_so(read: Any, kind: Format, data: bytes, why: str) -> None:
    assert read(kind, data) == {"without": why}


@pytest.mark.parametrize("kind", [Format.PDF, Format.DOCX, Format.XLSX, Format.OFD])
def test_what_cannot_be_opened_says_so(read: Any, kind: Format) -> None:
    assert read(kind, b"no such thing")["problem"] == "broken"


def test_no_entity_of_any_kind_is_followed(read: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("geheim")
    outside = f'<!DOCTYPE w [<!ENTITY x SYSTEM "file://{secret}">]>'
    bomb = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    for head, body in ((outside, "&x;"), (bomb, "&b;")):
        for kind, data in (
            (Format.DOCX, samples.docx(samples.paragraph(body), head)),
            (Format.OFD, samples.ofd(body, head=head)),
        ):
            said = read(kind, data)
            assert (said["problem"], "DTD" in said["detail"]) == ("broken", True)


def test_a_file_is_read_up_to_its_measure_and_says_so(read: Any) -> None:
    line = "x" * 999
    said = read(Format.TXT, "\n".join([line] * (reading.MAX_CHARS // 1000 + 500)).encode())
    assert said["is_cut"]
    assert sum(len(place["text"]) for place in said["places"]) <= reading.MAX_CHARS


def test_a_far_cell_ends_the_child_and_nothing_else(read: Any) -> None:
    said = read(Format.XLSX, samples.xlsx({"a": {"A1": "这里", "XFD1048576": "远"}}))
    assert said.get("ended", 0) < 0 or said.get("problem") in {"too_heavy", "broken"}
    assert texts(read(Format.TXT, b"still here")) == [(1, "still here")]
