"""Rendering: what is printed, and what a paper may cost."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.utils import timezone

from documents.papers import keys, making, qr, rendering
from documents.papers.rendering import RenderingFailed, SealPlace
from tests.documents.papers import samples
from tests.documents.papers.conftest import unsaved

WATERMARK, DEMONSTRATION = "试运行", "演示签章，不具有法律效力"


def pages(pdf: bytes) -> list[str]:
    """The text of each page without white space."""
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        return ["".join(page.get_textpage().get_text_range().split()) for page in document]


def draw(template: str, context: dict[str, Any], *signers: str) -> rendering.Rendered:
    paper = unsaved(template=template, context=context, signers=list(signers))
    found = [making.load_key(paper, code) for code in signers]
    return rendering.render(
        template, making.data_of(paper, found), pictures={"qr.svg": qr.svg(samples.ADDRESS)}, made_at=timezone.now()
    )


@pytest.mark.parametrize(
    ("template", "context"),
    [("notice", samples.notice()), ("receipt", samples.receipt()), ("report", samples.report()),
     ("certificate", samples.certificate("03"))],
)  # fmt: skip
def test_each_template_reserves_its_seal_and_says_it_is_a_demonstration(template: str, context: dict[str, Any]) -> None:
    made = draw(template, context, "03")
    texts = pages(made.pdf)
    assert [place.key for place in made.seals] == ["03"]
    assert [DEMONSTRATION in text for text in texts] == [True] * len(texts)
    assert [WATERMARK in text for text in texts] == [False] * len(texts)


def test_a_trial_paper_is_marked_on_every_page() -> None:
    texts = pages(draw("certificate", samples.certificate("03", is_trial=True), "03").pdf)
    assert [WATERMARK in text for text in texts] == [True] * len(texts)


def test_text_is_never_code() -> None:
    text = '#panic("x") $a$ *b* _c_ `d` <seal> @e \\ "f" #read("/etc/passwd")'
    made = draw("notice", samples.notice(paragraphs=[text], items=[{"text": text}]), "03")
    assert pages(made.pdf)[0].count("".join(text.split())) == 2


def test_annexes_are_numbered_without_the_cover() -> None:
    cover, *annexes = pages(draw("certificate", samples.certificate("03", "02", count=40), "03", "02").pdf)
    count = len(annexes)
    assert re.findall(r"第\d+页", cover) == []
    assert [f"第{number}页共{count}页" in text for number, text in enumerate(annexes, 1)] == [True] * count


def test_each_annex_page_names_its_authority_only() -> None:
    annexes = pages(draw("certificate", samples.certificate("03", "02", count=40), "03", "02").pdf)[1:]
    named = [[code for code in ("03", "02") if samples.AUTHORITIES[code] in text] for text in annexes]
    half = len(annexes) // 2
    assert named == [["03"]] * half + [["02"]] * half


def test_header_class_and_category_come_again_on_every_page() -> None:
    annexes = pages(draw("certificate", samples.certificate("03", count=64), "03").pdf)[1:-1]
    assert len(annexes) > 2
    assert [("限制范围" in text, "一水和废水" in text, "地表水（" in text) for text in annexes] == [
        (True, True, True)
    ] * len(annexes)


def test_every_row_of_a_large_annex_is_printed() -> None:
    rendered = draw("certificate", samples.certificate("03", count=5000), "03")
    assert sum(text.count("HJ828-2017") for text in pages(rendered.pdf)) == 5000


@pytest.mark.parametrize("codes", [("03",), ("03", "02"), ("03", "01", "02"), ("03", "01", "02", "04"),
                                   ("03", "01", "02", "04", "05")])  # fmt: skip
def test_all_seals_are_apart_and_on_the_one_cover(codes: tuple[str, ...]) -> None:
    made = draw("certificate", samples.certificate(*codes), *codes)
    assert [place.key for place in made.seals] == list(codes)
    assert {place.page for place in made.seals} == {1}
    assert [
        (one.key, other.key) for one in made.seals for other in made.seals if one is not other and touch(one, other)
    ] == []
    assert "第1页共" in pages(made.pdf)[1]


def test_a_long_name_and_address_stay_on_the_one_cover() -> None:
    codes = ["03", "01", "02", "04", "05"]
    context = {
        **samples.certificate(*codes, is_trial=True),
        "lab_name": "内蒙古自治区检验检测认证研究院有限责任公司（原产品质量监督检验研究中心）",
        "lab_address": "呼和浩特市赛罕区新华东街与东二环交汇处A座1层、2层、3层东侧及B座地下一层101室至125室、C座西侧附属实验楼、D座"
        * 2,
        "reason": "扩项",
    }
    made = draw("certificate", context, *codes)
    assert {place.page for place in made.seals} == {1}
    assert "第1页共" in pages(made.pdf)[1]


def touch(one: SealPlace, other: SealPlace) -> bool:
    return abs(one.x - other.x) < one.size and abs(one.y - other.y) < one.size


def test_the_qr_code_is_read_back_out_of_the_signed_paper() -> None:
    paper = unsaved(template="certificate", context=samples.certificate("03", "02"), signers=["03", "02"])
    with pypdfium2.PdfDocument(io.BytesIO(making.make(paper))) as document:
        found = zxingcpp.read_barcodes(document[0].render(scale=3).to_pil())
    assert [code.text for code in found] == [samples.ADDRESS]


def test_too_little_memory_is_an_error_not_a_crash(settings: Any) -> None:
    settings.PAPER_MEMORY_MB = 300
    with pytest.raises(RenderingFailed, match=r"^Typst ended with "):
        draw("certificate", samples.certificate("03", count=3000), "03")


def test_too_long_is_an_error(settings: Any) -> None:
    settings.PAPER_SECONDS = 0
    with pytest.raises(RenderingFailed, match=r"^Typst took longer than 0 s and was stopped\.$"):
        draw("notice", samples.notice(), "03")


def test_a_template_that_fails_says_where() -> None:
    with pytest.raises(RenderingFailed, match="dictionary does not contain key"):
        rendering.render("notice", {"paper": {}}, pictures={}, made_at=timezone.now())


def test_missing_fonts_say_what_to_do(settings: Any, tmp_path: Any) -> None:
    settings.NODE_MODULES = tmp_path
    with pytest.raises(rendering.conf.FontsMissing, match=r"Run `npm ci`, or set NODE_MODULES\.$"):
        draw("notice", samples.notice(), "03")


def test_a_key_is_loaded_before_anything_is_rendered(settings: Any) -> None:
    settings.PAPER_SECONDS = 0
    with pytest.raises(keys.KeyMissing):
        making.make(unsaved(signers=["98"]))


def test_a_signer_without_a_place_is_an_error() -> None:
    with pytest.raises(RenderingFailed) as refused:
        making.make(unsaved(template="certificate", context=samples.certificate("03"), signers=["03", "02"]))
    assert str(refused.value) == "The paper reserves places for ['03'], but is signed by ['02', '03']."


def test_dates_are_printed_in_chinese() -> None:
    texts = pages(draw("certificate", samples.certificate("03"), "03").pdf)
    assert f"发证日期：{zdate(dt.date(2026, 11, 20))}" in texts[0]
    assert f"有效期至：{zdate(dt.date(2032, 11, 19))}" in texts[0]


def zdate(date: dt.date) -> str:
    return f"{date.year}年{date.month}月{date.day}日"
