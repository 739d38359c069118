"""Each component with all its parameters, and with the least it needs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django import forms
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from qualification.accounts.models import User
from qualification.pages.lists import Column, Filter, ListPage

MOMENT = dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC)
DUE = {"due_at": MOMENT, "text": "3 working days left", "tone": "info", "is_provisional": True, "why_url": "/why/"}


class Reason(forms.Form):
    reason = forms.CharField(label="Reason")


def shown(name: str, **values: Any) -> str:
    with translation.override("en"):
        return render_to_string(f"components/{name}.html", values, RequestFactory().get("/list/?q=a&page=2"))


def test_due_chip_leads_to_its_reason_and_prints_the_moment() -> None:
    chip = shown("due_chip", due=DUE)
    assert '<a class="due tone-info" href="/why/"' in chip
    assert "provisional" in chip
    assert chip.count("Fri 20 Nov 2026 10:00") == 2
    assert shown("due_chip", due=None).strip() == ""


def test_way_marks_where_the_case_is() -> None:
    stages = [
        {"label": "Acceptance", "status": "done", "date": MOMENT, "who": "Li", "until": None},
        {"label": "Review", "status": "now", "date": None, "who": "Hebei", "until": DUE},
        {"label": "Decision", "status": "next", "date": MOMENT, "who": "", "until": None},
        {"label": "Ended", "status": "stopped", "date": None, "who": "", "until": None},
    ]
    way = shown("way", stages=stages)
    assert way.count('aria-current="step"') == 1
    assert way.count("by law at the latest Fri 20 Nov 2026") == 1
    assert way.count("3 working days left") == 1


def test_history_names_the_system_and_escapes_reasons() -> None:
    event = {"what": "Lapsed", "who": "", "at": MOMENT, "why": "<b>", "icon": "", "tone": "", "kind": "", "links": []}
    stream = shown("history", events=[event])
    assert "the system" in stream
    assert "&lt;b&gt;" in stream
    assert "Nothing has happened yet." in shown("history", events=[])


def test_ask_first_is_a_form_without_scripts() -> None:
    values = {"id": "x", "action": "/x/", "label": "Withdraw", "icon": "trash", "tone": "danger", "title": "Withdraw?"}
    dialog = shown("ask_first", **values, says="It ends.", confirm_label="Yes", form=Reason())
    assert dialog.count("<form") == 1
    assert 'name="confirm" value="yes"' in dialog
    assert 'name="reason"' in dialog
    assert " open>" not in dialog.split("<dialog", maxsplit=1)[0]


def test_ask_first_unfolds_when_its_form_has_errors() -> None:
    values = {"id": "x", "action": "", "label": "Withdraw", "icon": "", "tone": "", "title": "", "confirm_label": ""}
    dialog = shown("ask_first", **values, says="It ends.", form=Reason({}))
    assert " open>" in dialog.split("<dialog", maxsplit=1)[0]


@pytest.mark.parametrize("role", ["", "leader"])
def test_person_shows_no_account_name(role: str) -> None:
    person = User(username="secret-account", name="Wang", phone="010", email="w@x.cn")
    card = shown("person", person=person, role=role, region="")
    assert "Wang" in card
    assert "secret-account" not in card
    assert "nobody yet" in shown("person", person=None, role="", region="")


def test_tiles_and_meters() -> None:
    tile = shown("kpi", label="Overdue", value=3, icon="alert-circle", tone="bad", url="/late/", says="more")
    assert 'href="/late/"' in tile
    assert '<progress value="3" max="8">' in shown("progress", label="Materials", value=3, total=8)
    assert "/new/" in shown("empty", icon="inbox", title="None", says="Begin.", action_url="/new/", action_label="New")


@pytest.mark.django_db
def test_a_list_keeps_its_query_in_every_address() -> None:
    User.objects.bulk_create(User(username=f"a{n}", name=f"a{n}") for n in range(60))
    request = RequestFactory().get("/list/?q=a&page=2")
    listing = ListPage(
        request,
        User.objects.all(),
        columns=(Column("username", "account", sort=("username",), link=lambda user: f"/{user.pk}/"),),
        search=("username",),
        filters=(Filter("language", "language", (("en", "English"),)),),
        default_sort="username",
    )
    page = shown("list", listing=listing, request=request)
    assert 'href="?q=a&amp;page=3"' in page
    assert 'href="?q=a&amp;export=csv"' in page
    assert 'href="?q=a&amp;sort=-username"' in page
    assert "60 rows" in page


@pytest.mark.django_db
def test_an_empty_list_says_what_to_do() -> None:
    request = RequestFactory().get("/list/")
    listing = ListPage(request, User.objects.none(), columns=(Column("username", "account"),))
    values = {"empty_title": "No one yet.", "empty_says": "Add one.", "empty_url": "/new/", "empty_label": "Add"}
    assert "No one yet." in shown("list", listing=listing, request=request, **values)
    searched = ListPage(
        RequestFactory().get("/list/?q=zz"),
        User.objects.none(),
        columns=(Column("username", "a"),),
        search=("username",),
    )
    assert "Nothing matches." in shown("list", listing=searched, request=request, **values)
