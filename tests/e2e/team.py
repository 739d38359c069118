"""What the assessors do at the browser."""

from __future__ import annotations

import datetime as dt

from playwright.sync_api import expect

from tests.e2e.browser import Visitor

# An item of a clause without a star: “mostly conforms” leads to rectification.
WEAK_ITEM = 9


def accept_offer(assessor: Visitor) -> None:
    """By the list of offers."""
    assessor.open("/offers/")
    assessor.press(assessor.page.locator("main a[href^='/offers/']").first)
    assessor.confirm("accept", "no_tie")


def pass_file(leader: Visitor) -> None:
    """The file stands."""
    leader.take_task("file")
    leader.fill(opinion="材料齐全，体系文件符合评审准则要求。")
    leader.confirm("pass")


def propose_visit(leader: Visitor, first: dt.date) -> None:
    """Two days from today."""
    leader.fill(from_on=first.isoformat(), to_on=(first + dt.timedelta(days=1)).isoformat())
    leader.confirm("propose")


def check_in(assessor: Visitor, site: str, latitude: str, longitude: str) -> None:
    """With the place that the phone gives; the browser was allowed to tell it."""
    # Set here: Chromium forgets an emulated place when it closes a PDF.
    assessor.context.set_geolocation({"latitude": float(latitude), "longitude": float(longitude), "accuracy": 12})
    card = assessor.page.locator(".site-card", has_text=site)
    assessor.press(card.locator("[data-locate]"))
    expect(assessor.page.locator(".site-card", has_text=site).locator(".checkins strong")).to_be_visible()


def answer_checklist(leader: Visitor) -> None:
    """Some items one by one, one of them “mostly conforms”, and the rest at once."""
    tab(leader, "checklist")
    for number in (1, 2, 3):
        answer(leader, number, "conform")
    answer(leader, WEAK_ITEM, "mostly", "抽查的原始记录缺少环境条件信息。")
    leader.confirm("rest")
    expect(leader.page.locator("[data-done]")).to_have_text("50")


def answer(leader: Visitor, number: int, value: str, note: str = "") -> None:
    """One item; it is saved as soon as it is complete."""
    item = leader.page.locator(f"#item-{number}")
    item.locator(f"input[value={value}]").check()
    if note:
        item.locator("[name=note]").fill(note)
    expect(item).to_have_attribute("data-saved", value)


def record(leader: Visitor) -> None:
    """The nonconformity record of the weak item."""
    tab(leader, "records")
    leader.fill(department="检测室")
    leader.choose("shown_by", "documents")
    leader.press(f"#record-{WEAK_ITEM} form button.btn-primary")


def confirm_rows(assessor: Visitor, number: int) -> None:
    """Every ability of one table, witnessed."""
    tab(assessor, "abilities")
    assessor.press(assessor.page.locator(".table-lines a").nth(number))
    assessor.page.locator("#grid-means").select_option("witnessed")
    assessor.page.locator("[data-choose-all]").check()
    assessor.page.locator("[data-bulk-choice=confirmed]").click()
    progress = assessor.page.locator("progress[data-progress]")
    expect(progress).to_have_attribute("value", progress.get_attribute("max") or "")
    assessor.look()


def conclude(leader: Visitor) -> None:
    """With rectification."""
    tab(leader, "conclude")
    leader.see("基本符合")
    leader.confirm("conclude", days="10")


def verify(leader: Visitor) -> None:
    """The correction holds."""
    leader.take_task("verification")
    leader.choose("closed_1", "yes")
    leader.fill(text_1="查阅整改材料，整改有效。", opinion="整改有效，跟踪验证通过。")
    leader.confirm("verify")


def hand_in_report(leader: Visitor) -> None:
    """The leader's summary."""
    leader.fill(summary="该机构管理体系运行有效，具备申请的检验检测能力。")
    leader.confirm("report")


def tab(assessor: Visitor, part: str) -> None:
    """Another part of the visit."""
    assessor.press(f".visit-tabs a[href$='/{part}/']")
