"""The navigation and the front page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.utils import translation

from qualification.accounts.models import User
from qualification.door import Refused, Stale
from qualification.pages import menu, views
from qualification.pages.middleware import DoorAnswers


@pytest.fixture(autouse=True)
def own_menu() -> Iterator[None]:
    entries, unread = dict(menu._entries), list(menu._unread)
    menu._entries.clear()
    menu._unread.clear()
    yield
    menu._entries.clear()
    menu._entries.update(entries)
    menu._unread[:] = unread


def test_entries_are_ordered_and_hidden_from_others() -> None:
    menu.register("b", "second", "account_login", "user", lambda user: True, order=2)
    menu.register("a", "first", "mfa_index", "user", lambda user: user.is_authenticated, order=1)
    menu.register("gone", "not installed", "no:such", "user", lambda user: True)
    assert [entry.key for entry, _ in menu.entries_for(User())] == ["a", "b"]
    assert [entry.key for entry, _ in menu.entries_for(AnonymousUser())] == ["b"]


def test_the_longest_fitting_address_is_current() -> None:
    menu.register("change", "change", "account_change_password", "key", lambda user: True)
    menu.register("login", "login", "account_login", "user", lambda user: True)
    request = RequestFactory().get("/accounts/password/change/")
    request.user = AnonymousUser()
    assert [(shown.key, shown.is_current) for shown in menu.shown_on(request)] == [("change", True), ("login", False)]


def on(path: str) -> Any:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    return request


def _fill(count: int) -> None:
    """So many entries, the last five of them such as are folded up."""
    for number in range(count - 5):
        menu.register(f"own{number}", f"own {number}", "account_login", "user", lambda user: True, order=number)
    for key, order in (("register", 800), ("verify", 810), ("people", 900), ("change", 905), ("end", 950)):
        name = "account_change_password" if key == "change" else "account_login"
        menu.register(key, key, name, "user", lambda user: True, order=order)


def test_what_fits_into_one_line_is_not_folded() -> None:
    _fill(menu.IN_ONE_LINE)
    assert menu.folded_on(on("/x/")) == menu.shown_on(on("/x/"))


def test_what_does_not_fit_is_folded_up_in_the_same_order() -> None:
    _fill(menu.IN_ONE_LINE + 1)
    line = menu.folded_on(on("/accounts/password/change/"))
    assert [entry.key for entry in line] == ["own0", "own1", "own2", "own3", "more"]
    assert [one.key for one in line[-1].entries] == ["register", "verify", "people", "change", "end"]
    assert line[-1].is_current
    assert not menu.folded_on(on("/x/"))[-1].is_current


def test_nothing_is_folded_up_alone() -> None:
    _fill(menu.IN_ONE_LINE + 1)
    for key in ("register", "verify", "people", "change"):
        menu.register(key, key, "account_login", "user", lambda user: True, order=9)
    assert menu.folded_on(on("/x/")) == menu.shown_on(on("/x/"))


@pytest.mark.django_db
def test_the_drop_down_of_the_menu_opens_without_a_script(client: Client) -> None:
    _fill(menu.IN_ONE_LINE + 1)
    text = client.get("/").content.decode()
    assert text.count('<details class="drop nav-drop" data-drop>') == 1


def test_unread_is_counted_for_people_only() -> None:
    menu.register_unread(lambda user: 3)
    assert menu.unread_of(User()) == 3
    assert menu.unread_of(AnonymousUser()) == 0


def test_visitors_get_the_front_page(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, "zh-hans")


@pytest.mark.django_db
def test_people_are_sent_to_their_first_page(client: Client) -> None:
    menu.register("a", "first", "mfa_index", "user", lambda user: user.is_authenticated)
    client.force_login(User.objects.create(username="u", name="u"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/")["Location"] == "/accounts/2fa/"


def test_the_door_answers_409_and_403() -> None:
    request = RequestFactory().post("/")
    request.user = AnonymousUser()
    answers = DoorAnswers(lambda request: None)  # type: ignore[arg-type, return-value]
    late = answers.process_exception(request, Stale("accepted by Wang <Li>"))
    refused = answers.process_exception(request, Refused("not yours"))
    assert late is not None
    assert refused is not None
    assert (late.status_code, refused.status_code) == (409, 403)
    assert "accepted by Wang &lt;Li&gt;" in late.content.decode()
    assert answers.process_exception(request, ValueError("x")) is None


def test_the_door_answers_scripts_with_the_sentence_alone() -> None:
    answers = DoorAnswers(lambda request: None)  # type: ignore[arg-type, return-value]
    late = answers.process_exception(RequestFactory().post("/", HTTP_HX_REQUEST="true"), Stale("accepted by Wang"))
    assert late is not None
    assert (late.status_code, late.content) == (409, b'{"message": "accepted by Wang"}')


@pytest.mark.django_db
def test_closed_account_pages_answer_404(client: Client) -> None:
    for address in ("signup/", "email/", "confirm-email/", "confirm-email/abc/", "password/set/"):
        assert client.get(f"/accounts/{address}").status_code == 404


@pytest.mark.django_db
def test_too_many_wrong_passwords_pause_the_sign_in(client: Client, settings: Any) -> None:
    settings.AXES_ENABLED = True
    User.objects.create_user(username="u", name="u", password="right-password-1")
    answers = [client.post("/accounts/login/", {"login": "u", "password": "wrong"}).status_code for _ in range(6)]
    assert answers == [200, 200, 200, 200, 429, 429]
    assert client.post("/accounts/login/", {"login": "u", "password": "right-password-1"}).status_code == 429
    assert User.objects.get().last_login is None


def test_the_page_of_the_pause_tells_its_minutes(rf: Any, settings: Any) -> None:
    settings.AXES_COOLOFF_TIME = 0.25
    with translation.override("en"):
        assert b"Try again 15 minutes after the last attempt." in views.locked_out(rf.get("/")).content
