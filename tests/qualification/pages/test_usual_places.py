"""What browsers and search engines ask for without being told."""

from __future__ import annotations

from django import forms
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext, ngettext


def test_robots_keeps_the_work_out_and_lets_the_register_in() -> None:
    answer = Client().get("/robots.txt")
    lines = answer.content.decode().splitlines()
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert lines[0] == "User-agent: *"
    assert {"Disallow: /cases/", "Disallow: /files/", "Disallow: /inbox/"} < set(lines)
    assert not any(line.startswith(("Disallow: /certificates", "Disallow: /register")) for line in lines)


def test_the_mark_is_where_browsers_look_for_it() -> None:
    answer = Client().get("/favicon.ico")
    assert answer.status_code == 302
    assert finders.find(answer.url.removeprefix("/static/").split("?")[0]) or answer.url.endswith(".svg")


def test_a_field_left_empty_is_asked_for_politely() -> None:
    with translation.override("zh-hans"):
        assert gettext("This field is required.") == "请填写此项。"
        most = "Ensure this value has at most %(limit_value)d character (it has %(show_value)d)."
        said = ngettext(most, most, 9) % {"limit_value": 9, "show_value": 10}
        assert said == "最多 9 个字，现为 10 个字，请精简。"
        assert forms.CharField().error_messages["required"] == "请填写此项。"
