"""What the officers of the authorities do at the browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.browser import Visitor


def accept(officer: Visitor) -> None:
    """Look through the materials, then accept."""
    officer.take_task("examine")
    officer.page.locator(".examine-list a[target=viewer]").nth(1).click()
    officer.confirm("accept")


def draw(coordinator: Visitor) -> None:
    """The team, at random."""
    coordinator.take_task("team")
    coordinator.confirm("draw")
    expect(coordinator.page.locator(".seat").first).to_be_visible()


def concur(decider: Visitor) -> None:
    """Another authority agrees for its own sites."""
    decider.open("/inbox/")
    decider.press(decider.page.locator("main tbody a[href^='/concurrences/']").first)
    decider.choose("answer", "agree")
    decider.fill(opinion="同意。")
    decider.confirm("concur")


def decide(decider: Visitor) -> None:
    """Grant, and release the decision."""
    decider.take_task("decide")
    decider.choose("outcome", "grant")
    decider.press("#decision button.btn-primary")
    decider.confirm("release")


def issue(issuer: Visitor) -> None:
    """Take the number and have the certificate made."""
    issuer.take_task("issue")
    issuer.confirm("issue")
    expect(issuer.page.locator("#progress")).to_be_visible()
