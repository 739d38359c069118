"""The demo's materials: written ones have text, names are never read as code, a note goes with a notice."""

from __future__ import annotations

import pypdfium2
import pytest

from documents.looking.models import PageNote
from documents.models import Version
from tests.factories.cases import World
from workflows.demo import materials
from workflows.demo.writings import REVISED, WRITINGS


def texts(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


@pytest.mark.parametrize("code", sorted(WRITINGS))
def test_what_a_laboratory_writes_has_text_on_each_page(code: str) -> None:
    found = texts(materials.material(code, "材料", "甲公司 #panic() $x$", "", "演示材料").read())
    assert len(found) == len(WRITINGS[code])
    for (head, _lines), text in zip(WRITINGS[code], found, strict=True):
        assert head in text and "#panic() $x$" in text


def test_everything_else_is_a_scan() -> None:
    assert [text.strip() for text in texts(materials.material("legal_status", "营业执照", "甲公司").read())] == [""]


def test_a_revised_manual_differs_on_one_page() -> None:
    old, new = WRITINGS["quality_manual"], REVISED["quality_manual"]
    assert [number for number, pages in enumerate(zip(old, new, strict=True)) if pages[0] != pages[1]] == [1]


def test_a_note_goes_with_the_notice_and_is_answered_by_another_version(world: World) -> None:
    walk = world.walk("submit")
    walk.ask_supplement("设备一览表缺少溯源有效期。", note="未见签字。")
    note = PageNote.objects.get()
    assert (note.text, note.page, note.point, note.answer_code) == ("未见签字。", 2, 2, "quality_manual")
    walk.revise_manual()
    assert Version.objects.filter(document=note.version.document).count() == 2
