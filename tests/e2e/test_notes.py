"""A note from the officer's click on a page to the laboratory's answer: pinned, changed, sent, answered, compared, settled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from documents.looking.models import PageNote
from documents.models import Version
from documents.upload import add_version
from qualification.applications.models import Application
from qualification.applications.queries import OWNER_KIND
from tests.documents import files
from tests.documents.looking import made
from tests.e2e.browser import Visitor
from tests.e2e.conftest import Enter, give_keys, give_passwords
from tests.factories.cases import World

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.usefixtures("buckets")]
MISSING, WHOLE = "此处缺少公正性承诺的签字页", "页码不连续"
CHANGED = "此处缺少公正性承诺的签字页，请补充"
# Where on the page the officer points, in parts of its width and height.
ACROSS, DOWN = 0.25, 0.2


@pytest.fixture
def cast(transactional_db: None) -> World:
    world = World()
    give_passwords()
    return world


def hand_in(cast: World) -> tuple[Application, Version]:
    """A case whose manual has two pages of text."""
    case = cast.walk("submit").application
    give_keys(case.authority.code)
    content = made.pdf("质量手册第一版", "公正性承诺由总经理签署")
    version = add_version(
        owner_kind=OWNER_KIND, owner_id=case.uuid, code="quality_manual", upload=files.upload("质量手册.pdf", content),
        by=None, now=timezone.now(),
    )  # fmt: skip
    return case, version


def point_at(officer: Visitor, sheet: Locator) -> None:
    """Click a point of the page as it is shown."""
    picture = sheet.locator(".look-picture")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    box = sheet.bounding_box()
    assert box is not None
    sheet.click(position={"x": box["width"] * ACROSS, "y": box["height"] * DOWN})


def write(officer: Visitor, text: str) -> None:
    officer.fill(text=text)
    officer.press(officer.page.locator("[data-pin-form] button.btn-outline-primary"))


def note_of(person: Visitor, text: str) -> Locator:
    return person.page.locator(".look-note", has_text=text)


def pin_and_change(officer: Visitor, version: Version) -> None:
    """One note on a point, one on the whole page; the first is worded anew, the second removed."""
    officer.take_task("examine")
    officer.press(f".examine-list a.text-small[href$='/look/{version.pk}/']")
    officer.press("#look-on")
    sheet = officer.page.locator(".look-sheet[data-pin]")
    point_at(officer, sheet)
    expect(officer.page.locator("[data-pin-says]")).to_contain_text("已在页面上标出位置")
    expect(officer.page.locator(".look-new")).to_be_visible()
    write(officer, MISSING)
    mark = officer.page.locator(".look-mark circle")
    expect(mark).to_have_count(1)
    at = [float((mark.get_attribute(name) or "").rstrip("%")) / 100 for name in ("cx", "cy")]
    assert at == pytest.approx([ACROSS, DOWN], abs=0.005)
    write(officer, WHOLE)
    expect(mark).to_have_count(1)

    officer.press(note_of(officer, MISSING).locator("a[href*='/edit/']"))
    officer.fill(text=CHANGED)
    officer.press("main form button.btn-primary")
    expect(note_of(officer, CHANGED)).to_have_count(1)
    officer.press(note_of(officer, WHOLE).locator("a[href*='/withdraw/']"))
    officer.press("main form button.btn-danger")
    expect(note_of(officer, WHOLE)).to_have_count(0)
    assert list(PageNote.objects.filter(withdrawn_at=None).values_list("text", "page")) == [(CHANGED, 2)]


def ask(officer: Visitor) -> None:
    """The one notice, with the note ticked."""
    officer.take_task("examine")
    officer.press(".examine-findings button[value=send]")
    expect(officer.page.locator(".note-points [name=note]")).to_be_checked()
    officer.press("#send-notice button.btn-primary")


def answer(lab: Visitor, folder: Path) -> None:
    """From the notice to the pin, then a new version of the file that it is pinned to."""
    lab.open("/home/")
    lab.press(lab.page.locator(".todo a[href$='/supplement/']").first)
    asked = lab.page.url
    lab.see(CHANGED)
    lab.press(lab.page.locator(".point-notes a", has_text="质量手册.pdf"))
    expect(lab.page).to_have_url(re.compile(r"/look/.*page=2#note-"))
    expect(lab.page.locator(".look-mark circle")).to_have_count(1)
    expect(note_of(lab, CHANGED)).to_be_visible()
    expect(lab.page.locator("[data-pin-form]")).to_have_count(0)

    lab.open(asked)
    file = folder / "质量手册（修订）.pdf"
    file.write_bytes(made.pdf("质量手册第一版", "公正性承诺由总经理和质量负责人签署"))
    lab.page.locator(".point input[type=file]").set_input_files(file)
    expect(lab.page.locator(".point .slot-versions").first).to_contain_text("修订")
    lab.look()
    lab.fill(answer="已补充签字页。")
    lab.confirm("supplement")


def compare(officer: Visitor, version: Version) -> None:
    """The new version names the open note; beside the old one it shows what differs; then the note is settled."""
    officer.take_task("examine")
    new = Version.objects.get(document=version.document, number=version.number + 1)
    officer.press(f".examine-list a.text-small[href$='/look/{new.pk}/']")
    officer.press(officer.page.locator(".look-earlier a", has_text="第"))
    expect(officer.page.locator("#pair-text ins")).to_contain_text("和质量负责人")
    expect(officer.page.locator("#pair-new .look-came")).not_to_have_count(0)
    expect(officer.page.locator("#pair-old .look-mark circle")).to_have_count(1)
    expect(officer.page.locator(".look-changes")).to_contain_text("2")
    officer.press(note_of(officer, CHANGED).locator("button"))
    expect(note_of(officer, CHANGED)).to_contain_text("已办结")


def test_a_note_goes_from_the_officers_click_to_the_answer(enter: Enter, cast: World, tmp_path: Path) -> None:
    case, version = hand_in(cast)
    officer, lab = enter("intake", cast.intake), enter("laboratory", cast.manager)
    pin_and_change(officer, version)
    lab.open(f"/files/look/{version.pk}/?page=2")
    expect(lab.page.locator(".look-note, .look-mark")).to_have_count(0)
    assert CHANGED not in lab.page.content()
    lab.open(f"/applications/{case.uuid}/files/notes/")
    assert CHANGED not in lab.page.content()

    ask(officer)
    answer(lab, tmp_path)
    compare(officer, version)
    assert PageNote.objects.get(text=CHANGED).settled_by == cast.intake
