"""Every page of every room, opened by each role: wide and on a phone, in both languages, without a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from qualification.accounts.models import User
from tests.e2e.browser import Visitor
from tests.e2e.conftest import Enter, session_of
from tests.e2e.rooms import ELSEWHERE, House, Room, rooms

pytestmark = pytest.mark.needs_system("chromium")
#: What a person may be answered at an address: the page, or that it is not theirs, or not now.
ANSWERS = {200, 204, 302, 403, 404, 405, 409}
#: Two English words in a row, or a text that is one English word.
ENGLISH = re.compile(r"[A-Za-z][a-z]{2,} [a-z]{2,}")
WORD = re.compile(r"^[A-Za-z][a-z]{2,}[.:]?$")
SAME_IN_CHINESE = {"Excel", "English", "Outlook"}
CHANGING = re.compile(r'(csrfmiddlewaretoken" value=")[^"]+|[0-9a-f]{8}-[0-9a-f-]{27}|nonce="[^"]+"')


@dataclass(frozen=True, slots=True)
class Opened:
    """A page that somebody may open."""

    role: str
    user: User
    address: str
    main: str


class Words(HTMLParser):
    """The words of a page that a reader sees or hears; code and what was typed in are left out."""

    SKIPPED = {"script", "style", "code", "pre", "textarea", "svg", "option"}

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag in self.SKIPPED or said.get("lang") == "en":
            self._inside.append(tag)
        self.found += [text for name in ("aria-label", "title", "placeholder", "alt") if (text := said.get(name))]

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside and data.strip():
            self.found.append(" ".join(data.split()))


def english(page: str) -> list[str]:
    """What of a Chinese page is still English."""
    words = (re.sub(r"\S+@\S+|https?://\S+", "", text).strip() for text in Words(page).found)
    return sorted(
        {text for text in words if text not in SAME_IN_CHINESE and (ENGLISH.search(text) or WORD.match(text))}
    )


def main_of(page: str) -> str:
    """The part of a page that is not the same for everybody, without what changes at each look."""
    main = page[page.find("<main") : page.find("</main>")]
    return CHANGING.sub("", main)


@pytest.fixture
def house(transactional_db: None) -> House:
    return House()


def is_page(answer: HttpResponse) -> bool:
    return answer.status_code == 200 and not answer.streaming and b"<html" in answer.content[:2000]


def client_of(user: User | None, language: str) -> Client:
    client = Client(headers={"accept-language": language})
    if user is not None:
        client.force_login(user)
    return client


def looked_at(house: House, faults: list[str]) -> Iterator[tuple[Room, str, list[Opened]]]:
    """Each room with the pages in it, by role; what is wrong without a browser goes to the faults."""
    clients: dict[int | None, Client] = {}
    for room in rooms():
        if room.name in ELSEWHERE:
            continue
        address, opened, statuses = house.address(room), [], set()
        for role in [*house.people, "public"]:
            user = None if role == "public" else house.person_for(role, room)
            key = user.pk if user else None
            client = clients.setdefault(key, clients.get(key) or client_of(user, "zh-CN"))
            answer = client.get(address)
            if user is not None or answer.status_code == 200:
                statuses.add(answer.status_code)
            if answer.status_code == 405:
                break  # A form is sent here; there is no page.
            if answer.status_code not in ANSWERS:
                faults.append(f"{answer.status_code} {role} {address}")
            if is_page(answer) and user is not None:
                page = answer.content.decode()
                faults += [f"English for {role} at {address}: {text}" for text in english(page)]
                opened.append(Opened(role, user, address, main_of(page)))
        if not statuses & {200, 204, 302, 405}:
            faults.append(f"Nobody can open {room.name} at {address}: {sorted(statuses)}")
        yield room, address, opened


def test_every_page_of_every_room(house: House, enter: Enter) -> None:
    faults: list[str] = []
    visits: dict[str, list[Opened]] = {}
    seen: set[str] = set()
    number = 0
    for _room, _address, opened in looked_at(house, faults):
        for one in opened:
            number += 1
            if one.main not in seen:
                seen.add(one.main)
                visits.setdefault(one.user.username, []).append(one)
    assert number > 250
    for pages in visits.values():
        faults += walk(enter(f"zh-{pages[0].role}"), pages)
        faults += walk(enter(f"en-{pages[0].role}", locale="en-GB"), first_of_each(pages))
    assert not faults, "\n".join(faults)


def first_of_each(pages: list[Opened]) -> list[Opened]:
    return list({one.address: one for one in pages}.values())


def walk(person: Visitor, pages: list[Opened]) -> list[str]:
    """Open the pages one after the other; what is wrong with them."""
    cookie = session_of(pages[0].user)
    person.context.add_cookies([cookie | {"url": person.base}])
    faults = []
    for one in pages:
        try:
            person.open(one.address)
        except AssertionError as error:
            faults.append(f"{one.role} {one.address}: {error}")
            person.watch.faults.clear()
    person.context.close()
    return faults


def test_the_sign_in_pages(enter: Enter, transactional_db: None) -> None:
    """What opens without signing in."""
    for locale in ("zh-CN", "en-GB"):
        person = enter(f"public-{locale}", locale=locale)
        for address in ("/", "/accounts/login/", "/accounts/password/reset/", "/register/", "/verify/"):
            person.open(address)
        assert person.page.locator("html").get_attribute("lang") == ("zh-Hans-CN" if locale == "zh-CN" else "en")
    assert settings.LANGUAGE_CODE == "zh-hans"
