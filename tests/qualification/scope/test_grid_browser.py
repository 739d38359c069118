"""The grid in a real browser: 10,000 rows stay light, keys work, a verdict is saved at once."""

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

from qualification.scope import services
from qualification.scope.models import CapabilityTable
from tests.qualification.scope.conftest import NOW, sheet

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.django_db(transaction=True)]
ROWS = 10_000


def lines() -> list[list[str]]:
    return [
        [str(n // 50 + 1), f"类别{n // 50 + 1}", f"{n // 50 + 1}.{n % 50 + 1}", f"参数{n + 1}",
         f"《标准名称》GB/T {1000 + n}-2019/5.1" if n % 40 else "无编号方法", "仅限地表水" if n % 9 == 0 else "", ""]
        for n in range(ROWS)
    ]  # fmt: skip


@pytest.fixture
def page(live_server: Any, user: Any, open_access: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    client = Client()
    client.force_login(user)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        opened = context.new_page()
        wrong: list[str] = []
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        yield opened
        browser.close()
        # Inside Playwright's loop Django keeps a second connection, which would keep the database alive.
        connections.close_all()
    assert [text for text in wrong if "422" not in text] == []


@pytest.fixture
def table(application: Any, site: Any, user: Any, version_of: Callable[..., Any]) -> CapabilityTable:
    return services.import_table(
        application=application, site=site, is_food=False, version=version_of(sheet(lines())), by=user, now=NOW
    )


def test_ten_thousand_rows(page: Page, table: CapabilityTable) -> None:
    page.goto(f"{reverse('scope:table', args=[table.uuid])}?mode=confirm")
    page.locator("[data-frame]").focus()
    page.keyboard.press("End")
    last = page.locator("tr[aria-rowindex='10200']")
    expect(last).to_be_focused()
    expect(last).to_contain_text("参数10000")
    assert page.locator("tr[data-row]").count() < 4_000
    page.keyboard.press("Home")
    expect(page.locator("tr[aria-rowindex='1']")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("tr[aria-rowindex='2']")).to_be_focused()

    page.locator("[data-means-default]").select_option("witnessed")
    page.keyboard.press("Tab")
    page.locator("tr[aria-rowindex='2']").focus()
    page.keyboard.press("1")
    expect(page.locator("tr[aria-rowindex='2'].is-confirmed")).to_be_visible()
    expect(page.locator("[data-progress]")).to_have_attribute("value", "1")
    assert table.rows.get(position=2).verdict == "confirmed"

    page.locator("tr[aria-rowindex='3'] [data-verdict-choice=restricted]").click()
    page.locator(".grid-panel [type=submit]").click()
    expect(page.locator(".grid-panel .field-error")).to_be_visible()
    page.locator(".grid-panel [name=restriction]").fill("仅 1 mg/L 以上")
    page.locator(".grid-panel [type=submit]").click()
    expect(page.locator("tr[aria-rowindex='3'].is-restricted")).to_be_visible()

    page.locator("[type=search]").fill("参数77")
    expect(page.locator("[data-count]")).to_contain_text("111")
    page.locator("[data-choose-all]").check()
    page.locator("[data-bulk-choice=confirmed]").click()
    expect(page.locator("[data-progress]")).to_have_attribute("value", "113")
    assert table.rows.filter(verdict="confirmed").count() == 112


def test_editing_on_a_phone(page: Page, table: CapabilityTable) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{reverse('scope:table', args=[table.uuid])}?mode=edit")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator("tr[aria-rowindex='2'] [data-edit]").click()
    page.locator("[name=row-standard_text]").fill("《新标准》GB 5-2020")
    page.locator("[data-row-form] [type=submit]").click()
    expect(page.locator("tr[aria-rowindex='2']")).to_contain_text("GB 5-2020")
    assert table.rows.get(position=2).standards[0]["number"] == "GB 5-2020"


def test_without_scripts_the_first_rows_and_links_are_there(page: Page, table: CapabilityTable) -> None:
    url = reverse("scope:table", args=[table.uuid])
    client = Client()
    client.force_login(table.application.created_by)
    text = client.get(url, {"page": "2"}).content.decode()
    assert (text.count("data-row="), "page=1" in text, "page=3" in text) == (200, True, True)
