"""What the laboratory's manager does at the browser."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.browser import Visitor
from workflows.demo.materials import data_folder, page

SHEET = data_folder() / "capability-table-template.xlsx"


def start_first_application(lab: Visitor) -> None:
    """From the laboratory's first page to the draft."""
    lab.open("/home/")
    lab.press(lab.page.locator("main a[href='/applications/start/']").first)
    lab.choose("kinds", "first")
    expect(lab.page.locator("#needed .needs li").first).to_be_visible()
    lab.press("main form button.btn-primary")


def fill_in_facts(lab: Visitor, sites: list[str]) -> None:
    """Everything is saved as it is typed; the slots of the chosen sites appear by themselves."""
    for site in sites:
        lab.page.locator(".choices-sites label", has_text=site).locator("input").check()
    lab.choose("field_codes", "12")
    lab.page.locator("[name=ministry_code]").select_option("05")
    lab.fill(
        system_since="2025-06-01", contact_name="李敏", contact_phone="0311-88880000", contact_email="lm@example.cn"
    )
    expect(lab.page.locator("[data-autosave-state]")).to_contain_text(re.compile(r"\d\d:\d\d"))
    for site in sites:
        expect(lab.page.locator("#scope h3", has_text=site)).to_be_visible()
    lab.look()


def upload_tables(lab: Visitor, sites: list[str]) -> None:
    """The province's real sheet for each site, read at once; then back to the draft."""
    draft = lab.page.url
    for site in sites:
        lab.press("#scope a.btn[href^='/scope/applications/']")
        lab.page.locator("[name=site]").select_option(label=site)
        lab.choose("kind", "nonfood")
        lab.page.locator("#scope-upload [name=file]").set_input_files(SHEET)
        lab.page.locator("#scope-upload button[type=submit]").click()
        expect(lab.page.locator("#scope-upload .notice-good")).to_be_visible()
        lab.look()
        lab.open(draft)


def upload_materials(lab: Visitor, folder: Path) -> int:
    """A legible PDF into every slot that is required and empty; how many there were."""
    slots = lab.page.locator("#materials .slot-place").filter(has=lab.page.locator(".slot-head .text-small"))
    names = [one.get_attribute("id") for one in slots.all()]
    for number, name in enumerate(names, start=1):
        slot = lab.page.locator(f"[id='{name}']")
        title = slot.locator(".slot-name").inner_text()
        file = folder / f"{number:02}.pdf"
        file.write_bytes(page(title, "冀清环境检测有限公司", "本页为测试材料"))
        slot.locator("input[type=file]").set_input_files(file)
        expect(slot.locator(".slot-versions a").first).to_be_visible()
    lab.look()
    return len(names)


def submit(lab: Visitor) -> None:
    """Nothing is missing any more: the last look, and the hand-in."""
    lab.press("#missing a.btn-primary")
    lab.confirm("submit")
    lab.see("已提交")


def agree_to_visit(lab: Visitor) -> None:
    """By the tasks of the laboratory."""
    lab.open("/home/")
    lab.press(lab.page.locator(".todo a[href*='/visits/']").first)
    lab.confirm("agree")


def confirm_record(lab: Visitor, assessment: object) -> None:
    """The laboratory has seen the nonconformity record."""
    lab.open(f"/assessments/{assessment}/records/")
    lab.press("main .point button[name=record]")
    lab.see("已确认")


def rectify(lab: Visitor, folder: Path) -> None:
    """Cause, correction and evidence, handed in."""
    lab.open("/home/")
    lab.press(lab.page.locator(".todo a[href$='/rectification/']").first)
    lab.fill(correction_1="原因：培训不足。已修订原始记录表格并完成培训，见整改证据。")
    expect(lab.page.locator("[data-autosave-state]")).to_contain_text(re.compile(r"\d\d:\d\d"))
    evidence = folder / "整改证据.pdf"
    evidence.write_bytes(page("整改证据", "修订后的原始记录表格"))
    lab.page.locator(".point input[type=file]").set_input_files(evidence)
    expect(lab.page.locator(".point .slot-versions a").first).to_be_visible()
    lab.confirm("rectification")


def download_certificate(lab: Visitor, folder: Path) -> Path:
    """The finished PDF, from the laboratory's first page."""
    lab.open("/home/")
    with lab.page.expect_download() as waiting:
        lab.page.locator(".held article a.file-link").click()
    path = folder / "certificate.pdf"
    waiting.value.save_as(path)
    return path
