"""Pages of real files, drawn and read in the limited child."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from openpyxl import Workbook
from PIL import Image

from documents.inspector import Inspector
from documents.looking import pages
from tests.documents import files
from tests.documents.looking import made
from workflows.demo.materials import page

CHILD = Inspector("documents.looking.drawing")


def ask(path: Path, kind: str, act: str = "page", **wish: Any) -> tuple[int, bytes]:
    wished = {"kind": kind, "act": act, "page": 1, "font": str(pages._font()), **wish}
    return CHILD.ask(path, json.dumps(wished), 60)


def facts(tmp_path: Path, data: bytes, kind: str, **wish: Any) -> dict[str, Any]:
    path = tmp_path / "file"
    path.write_bytes(data)
    ended, said = ask(path, kind, **wish)
    assert ended == 0
    return dict(json.loads(said))


def drawn(tmp_path: Path, data: bytes, kind: str, **wish: Any) -> Image.Image:
    path = tmp_path / "file"
    path.write_bytes(data)
    ended, said = ask(path, kind, "draw", **{"width": 900, **wish})
    assert ended == 0
    return Image.open(io.BytesIO(said))


def ink(picture: Image.Image) -> int:
    """How many points are dark."""
    return sum(picture.convert("L").histogram()[:128])


def test_a_page_has_its_shape_its_text_and_the_places_of_what_is_searched(tmp_path: Path) -> None:
    data = made.pdf("第一页", "检验检测机构质量手册", "第三页")
    found = facts(tmp_path, data, "pdf", page=2, find="检测 机构")
    assert (found["kind"], found["pages"], found["text"]) == ("picture", 3, "检验检测机构质量手册")
    assert found["width"] / found["height"] == pytest.approx(210 / 297, abs=0.001)
    assert found["hit_count"] == 1
    left, top, width, height = found["hits"][0]
    # Two signs of 24 points before it on a page of 595, margins of 57; four signs long.
    assert left == pytest.approx((56.7 + 48) / 595.3 * 10_000, abs=60)
    assert width == pytest.approx(96 / 595.3 * 10_000, abs=150)
    assert top < 1_200
    assert height < 600


def test_a_searched_text_is_found_over_the_end_of_a_line_and_in_any_case(tmp_path: Path) -> None:
    found = facts(tmp_path, made.pdf("合同评审 \\\n程序 ISO"), "pdf", find="评审程序iso")
    assert found["hit_count"] == 1
    assert len(found["hits"]) >= 2
    assert facts(tmp_path, made.pdf("a.b"), "pdf", find="a*b")["hit_count"] == 0


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_is_shown_turned_and_its_places_with_it(tmp_path: Path, degrees: int) -> None:
    data = made.turned(made.pdf("倒过来"), degrees)
    found = facts(tmp_path, data, "pdf", find="倒")
    picture = drawn(tmp_path, data, "pdf")
    assert (found["width"] > found["height"]) == (degrees != 180)
    assert picture.width == pytest.approx(900, abs=1)
    assert picture.height == pytest.approx(900 * found["height"] / found["width"], abs=2)
    left, top, width, height = found["hits"][0]
    box = tuple(
        round(value / 10_000 * side)
        for value, side in zip((left, top, left + width, top + height), picture.size * 2, strict=True)
    )
    assert ink(picture.crop(box)) > 30
    assert ink(picture) < 4 * ink(picture.crop(box))


def test_a_font_that_the_document_does_not_bring_is_stood_in_for(tmp_path: Path) -> None:
    data = made.without_its_font("检验检测")
    assert ink(drawn(tmp_path, data, "pdf")) > 1_500
    assert facts(tmp_path, data, "pdf")["text"] == "检验检测"


def test_a_huge_page_is_drawn_in_bounded_memory(tmp_path: Path) -> None:
    picture = drawn(tmp_path, made.huge(), "pdf", width=2200)
    assert picture.size == (2200, 2200)
    strip = drawn(tmp_path, made.huge(20, 14_400), "pdf", width=2200)
    assert max(strip.size) <= 12_000
    assert strip.width * strip.height <= 16_100_000


def test_the_last_of_three_hundred_pages(tmp_path: Path) -> None:
    data = made.pdf(*(f"第{number}页" for number in range(1, 301)))
    assert facts(tmp_path, data, "pdf", page=300)["text"] == "第 300 页"
    assert ink(drawn(tmp_path, data, "pdf", page=300, width=160)) > 5
    assert facts(tmp_path, data, "pdf", page=301) == {"problem": "no_page", "pages": 300}


def test_a_photo_is_turned_as_the_camera_says(tmp_path: Path) -> None:
    found = facts(tmp_path, made.photo(), "jpeg")
    assert (found["width"], found["height"], found["pages"]) == (20, 60, 1)
    picture = drawn(tmp_path, made.photo(), "jpeg").convert("RGB")
    assert picture.size == (20, 60)
    top, bottom = picture.getpixel((10, 5)), picture.getpixel((10, 55))
    assert (top[0] > 200, top[2] < 60) == (True, True)
    assert (bottom[2] > 200, bottom[0] < 60) == (True, True)


@pytest.mark.parametrize("kind", ["TIFF", "GIF"])
def test_pages_of_a_picture_file(tmp_path: Path, kind: str) -> None:
    data = made.frames(kind, 3)
    assert facts(tmp_path, data, kind.lower(), page=3)["pages"] == 3
    greys = [drawn(tmp_path, data, kind.lower(), page=n).convert("L").getpixel((15, 20)) for n in (1, 2, 3)]
    assert greys == pytest.approx([0, 60, 120], abs=6)


@pytest.mark.parametrize("kind", ["BMP", "PNG", "WEBP", "TIFF"])
def test_every_kind_of_picture_becomes_one_a_browser_shows(tmp_path: Path, kind: str) -> None:
    picture = drawn(tmp_path, files.picture(kind, (1800, 900)), kind.lower(), width=480)
    assert (picture.format, picture.size) == ("WEBP", (480, 240))


def test_sixteen_bits_and_transparency(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("I;16", (10, 10), 0x8000).save(out, "PNG")
    assert drawn(tmp_path, out.getvalue(), "png").convert("L").getpixel((5, 5)) == pytest.approx(128, abs=4)
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    assert drawn(tmp_path, out.getvalue(), "png").convert("L").getpixel((5, 5)) > 250


def test_a_sheet_as_its_first_rows(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "能力表"
    for row in range(1, 501):
        book.active.append([row, "水温", 1.5, None])
    book.create_sheet("空")
    out = io.BytesIO()
    book.save(out)
    found = facts(tmp_path, out.getvalue(), "xlsx")
    assert (found["kind"], found["sheets"], found["row_count"]) == ("rows", ["能力表", "空"], 500)
    assert (len(found["rows"]), found["rows"][0], found["is_cut"]) == (200, ["1", "水温", "1.5"], True)
    assert facts(tmp_path, out.getvalue(), "xlsx", page=2)["rows"] == []


def test_a_sheet_with_one_far_cell_does_no_harm(tmp_path: Path) -> None:
    book = Workbook()
    book.active["XFD1048576"] = 1
    book.active["A1"] = 1
    out = io.BytesIO()
    book.save(out)
    path = tmp_path / "file"
    path.write_bytes(out.getvalue())
    ended, said = ask(path, "xlsx")
    assert ended < 0 or json.loads(said).get("problem") in {"too_heavy", "broken"} or len(said) < 100_000


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_lists_and_texts_in_both_encodings(tmp_path: Path, encoding: str) -> None:
    found = facts(tmp_path, "序号,名称\n1,水温\n".encode(encoding), "csv")
    assert (found["rows"], found["is_cut"]) == ([["序号", "名称"], ["1", "水温"]], False)
    assert facts(tmp_path, "质量手册\n第一章".encode(encoding), "txt")["text"] == "质量手册\n第一章"
    assert facts(tmp_path, b"a" * 200_000, "txt")["is_cut"] is True


def test_the_text_of_a_word_document_with_its_tables(tmp_path: Path) -> None:
    data = made.docx("质量方针", "公正", rows=(("序号", "名称"), ("1", "水温")))
    assert facts(tmp_path, data, "docx")["text"] == "质量方针\n公正\n序号\t名称\n1\t水温\n"


def test_the_text_of_an_ofd_page_by_page(tmp_path: Path) -> None:
    data = made.ofd(
        (("50 10 20 5", "右"), ("10 10 20 5", "左"), ("10 30 20 5", "下")), (("10 10 20 5", "第二页"),)
    )  # fmt: skip
    assert (facts(tmp_path, data, "ofd")["text"], facts(tmp_path, data, "ofd")["pages"]) == ("左 右\n下", 2)
    assert facts(tmp_path, data, "ofd", page=2)["text"] == "第二页"


@pytest.mark.parametrize(
    ("kind", "data", "problem"),
    [
        ("doc", b"x", "no_picture"),
        ("pdf", b"%PDF-1.4 nothing", "broken"),
        ("png", b"\x89PNG\r\n\x1a\n", "broken"),
        ("ofd", files.archive({"a": b"b"}), "no_picture"),
    ],
)
def test_what_cannot_be_shown_is_said(tmp_path: Path, kind: str, data: bytes, problem: str) -> None:
    assert facts(tmp_path, data, kind)["problem"] == problem


def test_a_password_is_no_page(tmp_path: Path) -> None:
    assert facts(tmp_path, files.pdf(password="x"), "pdf")["problem"] == "broken"


def test_what_differs_is_told_with_its_places(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(made.pdf("限值为二十毫克每升"))
    wish = {"act": "difference", "other": str(other), "other_kind": "pdf", "other_page": 1}
    found = facts(tmp_path, made.pdf("限值为十毫克每升，允许"), "pdf", **wish)
    assert [run for run in found["runs"] if run[0] != "equal"] == [["insert", "", "二"], ["delete", "，允许", ""]]
    assert (len(found["old"]), len(found["new"])) == (1, 1)
    same = facts(tmp_path, made.pdf("限值为二十 \\\n毫克每升"), "pdf", **wish)
    assert [act for act, _old, _new in same["runs"]] == ["equal"]


def test_scans_are_compared_as_pictures_and_pages_with_text_are_not(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(page("营业执照", "副本", "二〇二六年"))
    wish = {"act": "difference", "other": str(other), "other_kind": "pdf", "other_page": 1}
    found = facts(tmp_path, page("营业执照", "副本"), "pdf", **wish)
    assert (found["has_text"], found["picture"]["old"], found["picture"]["is_everywhere"]) == ([False] * 2, [], False)
    ((left, top, width, height),) = found["picture"]["new"]
    # The third line of the page stands at 480 of its 1754 points, from 160 of 1240 on.
    assert (left, top) == pytest.approx((1290, 2700), abs=150)
    assert width < 2500 and height < 500
    photo = facts(tmp_path, made.photo(900, 600), "jpeg", **wish)
    assert photo["picture"] is not None
    written = facts(tmp_path, made.pdf("营业执照"), "pdf", **wish)
    assert written["picture"] is not None and written["has_text"] == [True, False]
    other.write_bytes(made.pdf("营业执照副本"))
    assert facts(tmp_path, made.pdf("营业执照"), "pdf", **wish)["picture"] is None


def test_which_pages_differ(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(made.pdf("一", "二", "四"))
    wish = {"act": "changed", "other": str(other), "other_kind": "pdf"}
    found = facts(tmp_path, made.pdf("一", "二", "三", "五"), "pdf", **wish)
    assert found == {"changed": [3, 4], "compared": 4, "has_text": True}


def test_the_font_of_the_papers_is_there() -> None:
    assert pages._font().is_file()
    assert pages._font().is_relative_to(settings.NODE_MODULES)
