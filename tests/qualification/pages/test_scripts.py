"""What the scripts do, in a real browser: autosave, upload, notices, the question asked first."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.urls import path
from playwright.sync_api import Page, sync_playwright

from qualification.conf import urls as site
from qualification.door import Stale

PAGE = """{% extends "base.html" %}{% block title %}x{% endblock %}{% block heading %}x{% endblock %}{% block content %}
<form data-autosave="/save/" data-saved="saved" data-saving="saving" data-failed="failed" data-conflict="conflict">
<input type="hidden" name="version" value="1"><input name="text"><span data-autosave-state role="status"></span></form>
<div id="slot"><form data-upload data-target="#slot" action="/take/"><input type="file" name="file"><progress></progress></form></div>
<button id="late" hx-post="/late/">x</button>
<form method="post" action="/once/">{% csrf_token %}<button id="once">x</button></form>
{% include "components/ask_first.html" with id="q" action="/asked/" label="Withdraw" icon="" tone="danger" title="Sure?" says="It ends." confirm_label="Yes" form=none %}
{% endblock %}"""


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(PAGE).render({"none": None}, request))


def save(request: HttpRequest) -> HttpResponse:
    if request.POST["version"] != "1":
        return JsonResponse({"message": "saved in another window"}, status=409)
    return JsonResponse({"saved_at": "10:00", "version": 2})


def take(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f'<div id="slot">took {request.FILES["file"].name}</div>')


def late(request: HttpRequest) -> HttpResponse:
    raise Stale("accepted by Wang")


def asked(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"confirmed: {request.POST['confirm']}")


SENT: list[str] = []


def once(request: HttpRequest) -> HttpResponse:
    SENT.append(request.method or "")
    time.sleep(0.5)
    return HttpResponse("taken")


urlpatterns = [
    path("page/", page),
    path("save/", save),
    path("take/", take),
    path("late/", late),
    path("asked/", asked),
    path("once/", once),
    *site.urlpatterns,
]

pytestmark = [
    pytest.mark.needs_system("chromium"),
    pytest.mark.urls(__name__),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(params=["scripts", "no scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return request.param == "scripts"


@pytest.fixture
def browser_page(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])

        def opened(*, scripts: bool = True) -> Page:
            shown = browser.new_context(java_script_enabled=scripts).new_page()
            shown.goto(f"{live_server.url}/page/")
            return shown

        yield opened
        browser.close()


def test_autosave_upload_and_notices(browser_page: Any) -> None:
    shown = browser_page()
    problems: list[str] = []
    shown.on("pageerror", lambda error: problems.append(str(error)))
    shown.fill("[name=text]", "first")
    shown.wait_for_selector("text=saved 10:00")
    shown.fill("[name=text]", "second")
    shown.wait_for_selector("text=saved in another window")
    assert shown.input_value("[name=text]") == "second"
    shown.set_input_files("[name=file]", {"name": "甲.pdf", "mimeType": "application/pdf", "buffer": b"x"})
    shown.wait_for_selector("text=took 甲.pdf")
    shown.click("#late")
    shown.wait_for_selector("#toasts >> text=accepted by Wang")
    assert problems == []


def test_the_question_is_asked_with_and_without_scripts(browser_page: Any, scripts: bool) -> None:
    shown = browser_page(scripts=scripts)
    assert not shown.is_visible("text=It ends.")
    shown.click("summary:has-text('Withdraw')")
    assert shown.is_visible("text=It ends.")
    assert shown.locator("dialog:modal").count() == int(scripts)
    shown.click("dialog >> text=Yes")
    shown.wait_for_selector("text=confirmed: yes")


def test_a_double_click_is_one_act(browser_page: Any) -> None:
    SENT.clear()
    shown = browser_page()
    shown.dblclick("#once")
    shown.wait_for_selector("text=taken")
    assert SENT == ["POST"]
    shown.go_back()
    shown.click("#once")
    shown.wait_for_selector("text=taken")
    assert SENT == ["POST", "POST"]


def test_escape_takes_the_question_back(browser_page: Any) -> None:
    shown = browser_page()
    shown.click("summary:has-text('Withdraw')")
    shown.keyboard.press("Escape")
    assert not shown.is_visible("text=It ends.")


def test_nothing_on_the_page_breaks_the_security_policy(browser_page: Any) -> None:
    shown = browser_page()
    said: list[str] = []
    shown.on("console", lambda message: said.append(message.text))
    shown.reload()
    shown.wait_for_load_state("networkidle")
    assert said == []


def test_the_page_does_not_scroll_sideways_on_a_phone(browser_page: Any) -> None:
    shown = browser_page()
    shown.set_viewport_size({"width": 360, "height": 740})
    assert shown.evaluate("document.documentElement.scrollWidth") == 360
