"""The visit on a phone, in a real browser: saved at once, nothing typed is lost, and a place where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect, sync_playwright

from qualification.assessments.models import CheckIn, ItemAnswer
from tests.factories.cases import QuickWalk, World

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.django_db(transaction=True)]
PHONE = {"width": 360, "height": 740}
HERE = {"latitude": 39.9045, "longitude": 116.4074, "accuracy": 12}


@pytest.fixture
def walk() -> QuickWalk:
    return World(joint=False).walk("agree_visit")


@pytest.fixture
def opened(live_server: Any, walk: QuickWalk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Page]]:
    """`opened("checklist")` is a page of the visit, read by the leader on a phone."""
    client = Client()
    client.force_login(walk.leader)
    uuid, session = walk.assessment.uuid, client.cookies[settings.SESSION_COOKIE_NAME].value
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    wrong: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])

        def open_(name: str, **context: Any) -> Page:
            shown = browser.new_context(base_url=live_server.url, viewport=PHONE, **context)
            for key, value in ((settings.SESSION_COOKIE_NAME, session), ("django_language", "en")):
                shown.add_cookies([{"name": key, "value": value, "url": live_server.url}])
            page = shown.new_page()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.goto(reverse(f"assessments:{name}", args=[uuid]))
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            return page

        yield open_
        browser.close()
        connections.close_all()
    assert wrong == []


def answers() -> dict[int, tuple[str, str]]:
    rows = ItemAnswer.objects.order_by("pk").values_list("item__number", "answer", "note")
    return {number: (answer, note) for number, answer, note in rows}


def test_an_answer_is_saved_at_once_and_facts_are_waited_for(opened: Callable[..., Page]) -> None:
    page = opened("checklist")
    page.locator("#item-1 label:has-text('conforms')").first.click()
    expect(page.locator("#item-1 [data-item-state]")).to_contain_text("Saved")
    expect(page.locator("[data-done]")).to_have_text("1")
    page.locator("#item-2 .item-answer").nth(1).click()
    expect(page.locator("#item-2 [data-item-state]")).to_have_text("Not saved yet: write down the facts.")
    assert answers() == {1: ("conform", "")}
    page.fill("#item-2 textarea", "未见公开承诺")
    expect(page.locator("#item-2 [data-item-state]")).to_contain_text("Saved")
    expect(page.locator("#item-2 textarea")).to_have_value("未见公开承诺")
    assert answers() == {1: ("conform", ""), 2: ("mostly", "未见公开承诺")}


def test_without_a_connection_the_answer_waits_and_is_sent_later(opened: Callable[..., Page]) -> None:
    page = opened("checklist")
    page.context.set_offline(True)
    page.locator("#item-3 .item-answer").first.click()
    expect(page.locator("#item-3 [data-item-state]")).to_contain_text("no connection")
    assert answers() == {}
    page.context.set_offline(False)
    expect(page.locator("#item-3 [data-item-state]")).to_contain_text("Saved", timeout=10_000)
    assert answers() == {3: ("conform", "")}


def test_without_scripts_the_same_forms_are_sent_by_their_buttons(opened: Callable[..., Page]) -> None:
    page = opened("checklist", java_script_enabled=False)
    page.locator("#item-4 .item-answer").nth(2).click()
    page.fill("#item-4 textarea", "无保密程序")
    page.click("#item-4 button:has-text('Save')")
    assert answers() == {4: ("not", "无保密程序")}


def test_the_phone_tells_its_place(opened: Callable[..., Page]) -> None:
    page = opened("visit", geolocation=HERE, permissions=["geolocation"])
    page.click("[data-locate]")
    page.wait_for_selector("text=33 m from the site")
    assert [(c.distance_m, c.accuracy_m, c.anomaly) for c in CheckIn.objects.order_by("pk")] == [(33, 12, "")]


def test_a_phone_that_does_not_tell_leads_to_the_note(opened: Callable[..., Page]) -> None:
    page = opened("visit", permissions=[])
    page.click("[data-locate]")
    expect(page.locator("[data-checkin-state]")).to_contain_text("without a place")
    page.fill("[name=note]", "地下室无信号")
    page.click("button:has-text('Check in without a place')")
    page.wait_for_selector("text=Kept without a place, with your note.")
    assert [(c.anomaly, c.note) for c in CheckIn.objects.order_by("pk")] == [("no_place", "地下室无信号")]
