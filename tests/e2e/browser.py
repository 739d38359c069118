"""A person at a browser: opens pages, fills in forms, and notices everything that is wrong with a page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 780}
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
TIMEOUT_MS = 30_000
expect.set_options(timeout=TIMEOUT_MS)

# What stands farther right than the window, the innermost first; scrolling boxes may hold what they like.
WIDER = """() => {
  const width = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1)
    .slice(-5).map((e) => `<${e.localName} class="${e.className}"> ${(e.textContent || "").trim().slice(0, 40)}`);
}"""


@dataclass
class Watch:
    """What went wrong in a browser context since the last look."""

    allowed: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        """Note errors of the console (a broken content security policy is one), of scripts and of requests."""
        context.on("response", self._response)
        context.on("requestfailed", lambda request: self._failed(request.url, request.failure or ""))
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        context.on("console", lambda said: self._said(said.type, said.text))

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.allowed:
            self.faults.append(f"{response.status} {response.request.method} {response.url}")

    def _failed(self, url: str, why: str) -> None:
        # A download, or a page left before all of it was there.
        if "ERR_ABORTED" not in why:
            self.faults.append(f"{why} {url}")

    def _said(self, kind: str, text: str) -> None:
        # Refused requests are noted by their status, better than the console does.
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.faults.append(f"console: {text}")


@dataclass(slots=True)
class Visitor:
    """One person with a browser context of their own."""

    name: str
    context: BrowserContext
    page: Page
    base: str
    watch: Watch
    _shots: int = 0

    def open(self, address: str, *, status: int = 200) -> Response:
        """Go to an address; any other status than the expected one is a fault."""
        with self.allowing(status):
            answer = self.page.goto(address if address.startswith("http") else f"{self.base}{address}")
        assert answer is not None
        assert answer.status == status, f"{self.name}: {answer.status} {address}"
        self.look()
        return answer

    def status(self, address: str) -> int:
        """The status of an address, asked for with the cookies of this browser; redirects are not followed."""
        with self.allowing(404):
            answer = self.context.request.get(f"{self.base}{address}", max_redirects=0)
        return int(answer.status)

    def press(self, what: str | Locator, *, status: int = 200) -> None:
        """Press what leads to another page, and look at that page."""
        button = self.page.locator(what) if isinstance(what, str) else what
        with self.allowing(status), self.page.expect_navigation():
            button.click()
        self.look()

    def take_task(self, page: str) -> None:
        """Go by the person's own tasks to the page whose address ends so."""
        self.open("/inbox/")
        self.press(self.page.locator(f"main tbody a[href$='/{page}/']").first)

    def choose(self, name: str, value: str) -> None:
        """Tick a box or a button of a group."""
        self.page.locator(f"main input[name={name}][value='{value}']").check()

    def confirm(self, question: str, *ticks: str, **answers: str) -> None:
        """Open a question that is asked first, tick and fill in its fields, and confirm it."""
        box = self.page.locator(f"#ask-{question}")
        box.locator("summary").click()
        dialog = box.locator("dialog")
        expect(dialog).to_be_visible()
        for name in ticks:
            dialog.locator(f"[name={name}]").check()
        for name, text in answers.items():
            dialog.locator(f"[name={name}]").fill(text)
        self.shoot(f"asks-{question}")
        self.press(dialog.locator("button[type=submit]"))

    def fill(self, **values: str) -> None:
        """Fill in fields by name."""
        for name, text in values.items():
            self.page.locator(f"main [name={name}]").fill(text)

    def see(self, *texts: str | re.Pattern[str]) -> None:
        """These words stand on the page."""
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text)

    @contextmanager
    def allowing(self, *statuses: int) -> Iterator[None]:
        """A refusal that is expected is no fault."""
        before = set(self.watch.allowed)
        self.watch.allowed |= {status for status in statuses if status >= 400}
        try:
            yield
        finally:
            self.watch.allowed.clear()
            self.watch.allowed.update(before)

    def look(self) -> None:
        """Nothing has failed, and on a phone the page does not scroll sideways; with E2E_SHOTS a picture of both."""
        self.page.wait_for_load_state("load")
        self.page.set_viewport_size(PHONE)
        wider = self.page.evaluate(WIDER)
        self.shoot("phone")
        self.page.set_viewport_size(WIDE)
        self.shoot("wide", again=True)
        assert not wider, f"{self.page.url} scrolls sideways at {PHONE['width']} px: {wider}"
        self.calm()

    def calm(self) -> None:
        """Nothing has failed since the last look."""
        faults, self.watch.faults = self.watch.faults, []
        assert not faults, f"{self.name} at {self.page.url}: {faults}"

    def shoot(self, what: str, *, again: bool = False) -> None:
        """Keep a picture of the page in the folder E2E_SHOTS, where one is given."""
        folder = os.environ.get("E2E_SHOTS")
        if not folder:
            return
        self._shots += not again
        path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "_", self.page.url.removeprefix(self.base)).split("?")[0]
        name = f"{self._shots:02}-{re.sub(r'[^a-z0-9]+', '-', path).strip('-')}-{what}.png"
        self.page.screenshot(
            path=Path(folder) / self.name / name, full_page=not what.startswith("asks"), caret="initial"
        )


def visitor(browser: Browser, *, name: str, base: str, **options: Any) -> Visitor:
    """A person with a fresh context, in Chinese unless said otherwise."""
    context = browser.new_context(
        **{"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "viewport": WIDE, "accept_downloads": True} | options
    )
    context.set_default_timeout(TIMEOUT_MS)
    watch = Watch()
    watch.follow(context)
    return Visitor(name, context, context.new_page(), base, watch)
