"""A browser, the site that it visits, and the people who visit it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.http import HttpRequest
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright

from documents.papers.demo_keys import ensure_demo_key
from qualification.accounts.models import User
from qualification.regions.models import Authority
from tests.documents.conftest import both_stores, buckets  # noqa: F401 - fixtures
from tests.documents.real_s3 import s3_buckets, s3_server  # noqa: F401 - fixtures
from tests.e2e.browser import FLAGS, Visitor, visitor
from tests.factories.accounts import PASSWORD


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Changes for the whole module, undone at its end."""
    with pytest.MonkeyPatch.context() as changes:
        yield changes


@pytest.fixture(scope="module")
def chromium(patch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """One browser per module, not per session: as long as it lives, Playwright's event loop runs in this thread,
    and tests elsewhere that start a loop of their own could not."""
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        yield browser
        browser.close()
        # Inside the loop Django keeps connections of their own, which would keep the database alive.
        connections.close_all()


class CachedStatic(StaticFilesHandler):
    """Static files that a browser fetches once, as in operation."""

    def serve(self, request: HttpRequest) -> Any:
        """The file, to be kept."""
        answer = super().serve(request)
        answer["Cache-Control"] = "max-age=3600"
        return answer


@pytest.fixture(scope="module")
def site(patch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the running site; QR codes and mails lead to it. The database is each test's own affair.

    Connections to it end with each request: a browser keeps its threads, and PostgreSQL has but a hundred places.
    """
    patch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    server = LiveServerThread("127.0.0.1", static_handler=CachedStatic)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    address = f"http://{server.host}:{server.port}"
    with override_settings(PUBLIC_URL=address, CSRF_TRUSTED_ORIGINS=[address]):
        yield address
        server.terminate()


Enter = Callable[..., Visitor]


@pytest.fixture
def enter(chromium: Browser, site: str, transactional_db: None) -> Iterator[Enter]:
    """`enter("intake", user)` opens a browser context and signs the person in on the page; without a user nobody does."""
    people: list[Visitor] = []

    def entered(name: str, user: User | None = None, **options: Any) -> Visitor:
        person = visitor(chromium, name=name, base=site, **options)
        people.append(person)
        if user is not None:
            sign_in(person, user)
        return person

    yield entered
    for person in people:
        person.context.close()


def sign_in(person: Visitor, user: User, password: str = PASSWORD) -> None:
    """By the page, with name and password."""
    person.open("/accounts/login/")
    person.fill(login=user.username, password=password)
    person.press("main form button.btn-primary")


def session_of(user: User) -> dict[str, str]:
    """The cookie of a person who has signed in, for tests of other things than signing in."""
    client = Client()
    client.force_login(user)
    return {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}


def give_passwords() -> None:
    """Everybody in the database can sign in."""
    User.objects.update(password=make_password(PASSWORD))


def give_keys(*codes: str) -> None:
    """Demonstration keys, as `make run` makes them."""
    for authority in Authority.objects.filter(code__in=codes).order_by("code"):
        ensure_demo_key(authority.code, authority.name_zh, now=timezone.now())
