"""Dates, icons, badges and fields."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from qualification.pages import dates, icons
from qualification.pages.templatetags import pages

DAY = dt.date(2026, 11, 20)
LATE = dt.datetime(2026, 11, 20, 16, 30, tzinfo=dt.UTC)


def render(source: str, **values: object) -> str:
    return Template("{% load pages %}" + source).render(Context(values))


def test_dates_in_english() -> None:
    with translation.override("en"):
        assert dates.say_date(DAY) == "Fri 20 Nov 2026"
        assert dates.say_moment(LATE) == "Sat 21 Nov 2026 00:30"
        assert dates.say_date(None) == ""


def test_dates_in_chinese() -> None:
    with translation.override("zh-hans"):
        assert dates.say_date(DAY) == "2026年11月20日(周五)"
        assert dates.say_moment(LATE) == "2026年11月21日(周六) 00:30"


def test_an_icon_is_inlined_and_hidden_from_readers() -> None:
    drawn = render('{% icon "check" %}')
    assert drawn.count("<path") == 1
    assert 'aria-hidden="true"' in drawn
    assert 'style="' not in drawn


def test_an_icon_with_a_label_is_read_out() -> None:
    assert 'role="img" aria-label="a &lt; b"' in render('{% icon "check" label %}', label="a < b")


def test_a_wrong_literal_icon_is_a_template_error() -> None:
    with pytest.raises(TemplateSyntaxError, match="No icon 'no-such-icon'"):
        Template('{% load pages %}{% icon "no-such-icon" %}')


@pytest.mark.parametrize("name", ["../filled/star", "no-such-icon", ""])
def test_a_wrong_computed_icon_draws_nothing(name: str) -> None:
    assert icons.svg(name) == ""


def test_state_meta_by_audience() -> None:
    class Case:
        state_meta = {"label": "staff word", "icon": "clock", "tone": "info"}

        def state_meta_for(self, audience: str) -> dict[str, str]:
            return {"label": f"{audience} word", "icon": "clock", "tone": "warn"}

    assert pages.state_meta(Case())["label"] == "staff word"
    assert pages.state_meta(Case(), "public") == {"label": "public word", "icon": "clock", "tone": "warn"}


def test_state_without_meta_uses_its_label() -> None:
    case = SimpleNamespace(get_state_display=lambda: "draft")
    assert pages.state_meta(case) == {"label": "draft", "icon": "circle", "tone": "neutral"}


class OneForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As on the certificate")
    note = forms.CharField(label="Note", required=False)


def test_a_field_keeps_what_was_typed_and_says_what_is_wrong() -> None:
    form = OneForm({"name": "x" * 3, "note": "<b>"})
    form.is_valid()
    form.add_error("name", "Too short.")
    shown = render("{% field form.name %}{% field form.note %}", form=form)
    assert 'value="xxx"' in shown
    assert 'aria-describedby="id_name_helptext id_name_error"' in shown
    assert 'id="id_name_helptext"' in shown
    assert 'id="id_name_error"' in shown
    assert 'aria-invalid="true"' in shown
    assert "&lt;b&gt;" in shown


def test_yes_no_and_nothing_in_lists() -> None:
    with translation.override("en"):
        assert [pages.show(value) for value in (None, "", True, False, 0, DAY)] == [
            "—",
            "—",
            "yes",
            "no",
            0,
            "Fri 20 Nov 2026",
        ]


def test_signs_between_words_are_full_width_in_chinese() -> None:
    source = "{% load pages %}a{% colon %}b{% comma %}c{% bracketed 'd' %}"
    with translation.override("en"):
        assert render(source) == "a: b, c (d)"
    with translation.override("zh-hans"):
        assert render(source) == "a：b，c（d）"


def test_what_stands_in_brackets_is_escaped() -> None:
    assert "&lt;b&gt;" in render("{% load pages %}{% bracketed words %}", words="<b>")
