from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from qualification import access
from qualification.accounts.enums import Role


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the page")


def ask(view: Any, *roles: str, is_signed_in: bool = True, **headers: str) -> Any:
    request = RequestFactory().get("/case/?tab=1", headers=headers)
    member = SimpleNamespace(is_authenticated=True, has_role=lambda *wanted: bool(set(wanted) & set(roles)))
    request.user = member if is_signed_in else AnonymousUser()
    return view(request)


def test_a_public_page_is_for_anybody() -> None:
    view = access.public(page)
    assert view.access_rule == "public"  # type: ignore[attr-defined]
    assert ask(view, is_signed_in=False).content == b"the page"


def test_signing_in_comes_first() -> None:
    view = access.signed_in(page)
    assert view.access_rule == "signed in"  # type: ignore[attr-defined]
    answer = ask(view, is_signed_in=False)
    assert (answer.status_code, answer.url) == (302, "/accounts/login/?next=/case/%3Ftab%3D1")
    assert ask(view).content == b"the page"


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in() -> None:
    answer = ask(access.signed_in(page), is_signed_in=False, hx_request="true", hx_current_url="/whole/")
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/accounts/login/?next=/whole/")


def test_roles() -> None:
    view = access.roles(Role.ISSUER, Role.DECISION)(page)
    assert view.access_rule == "roles: decision, issuer"  # type: ignore[attr-defined]
    assert ask(view, "issuer").content == b"the page"
    with pytest.raises(PermissionDenied):
        ask(view, "intake")
    assert ask(view, "issuer", is_signed_in=False).status_code == 302


def test_a_rule_nobody_fulfils_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one role"):
        access.roles()


@pytest.mark.parametrize(("method", "told"), [("get", 0), ("post", 1)])
def test_whoever_sends_a_form_after_signing_out_is_told_that_it_was_not_taken(
    rf: RequestFactory, method: str, told: int
) -> None:
    request = getattr(rf, method)("/case/")
    request.user, request._messages = AnonymousUser(), CookieStorage(request)
    assert access.signed_in(lambda request: HttpResponse())(request).status_code == 302
    assert len(request._messages) == told
