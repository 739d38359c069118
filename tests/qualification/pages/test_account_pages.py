"""The pages of sign-in and the second step, in both languages."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from tests.factories.accounts import UserFactory

PASSWORD = "correct-horse-battery"
ANONYMOUS = {
    "/": 200,
    "/accounts/login/": 200,
    "/accounts/password/reset/": 200,
    "/accounts/password/reset/done/": 200,
    "/accounts/password/reset/key/1-abc/": 200,
    "/accounts/password/reset/key/done/": 200,
    "/accounts/inactive/": 200,
    "/no-such-page/": 404,
}
SIGNED_IN = {
    "/accounts/logout/": 200,
    "/accounts/password/change/": 200,
    "/accounts/reauthenticate/": 200,
    "/accounts/2fa/": 200,
    "/accounts/2fa/totp/activate/": 302,
    "/accounts/2fa/recovery-codes/": 404,
}

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("address", ANONYMOUS)
def test_visitors(client: Client, address: str, language: str) -> None:
    client.post("/i18n/setlang/", {"language": language})
    answer = client.get(address)
    assert (answer.status_code, answer.headers["Content-Language"]) == (ANONYMOUS[address], language)


@pytest.mark.parametrize("address", SIGNED_IN)
def test_people(client: Client, address: str) -> None:
    person = UserFactory(username="u", name="王芳", password=PASSWORD)
    client.post("/accounts/login/", {"login": person.username, "password": PASSWORD})
    answer = client.get(address)
    assert (answer.status_code, answer.wsgi_request.user.pk) == (SIGNED_IN[address], person.pk)


def test_a_form_without_its_token_is_told_so() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "u"})
    assert answer.status_code == 403
    assert "errors/csrf.html" in [template.name for template in answer.templates]


def test_a_wrong_password_keeps_the_name(client: Client) -> None:
    answer = client.post("/accounts/login/", {"login": "nobody-here", "password": "wrong"})
    assert answer.status_code == 200
    assert 'value="nobody-here"' in answer.content.decode()


def test_the_second_step_from_start_to_end(client: Client) -> None:
    UserFactory(username="u", name="王芳", password=PASSWORD)
    client.post("/accounts/login/", {"login": "u", "password": PASSWORD})
    page = client.post(
        "/accounts/reauthenticate/?next=/accounts/2fa/totp/activate/", {"password": PASSWORD}, follow=True
    )
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    done = client.post("/accounts/2fa/totp/activate/", {"code": code}, follow=True)
    assert done.status_code == 200
    assert client.get("/accounts/2fa/recovery-codes/").context["total_count"] == 10
    for address in ("/accounts/2fa/", "/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/generate/"):
        assert client.get(address).status_code == 200
    client.post("/accounts/logout/")
    second = client.post("/accounts/login/", {"login": "u", "password": PASSWORD}, follow=True)
    assert second.redirect_chain[-1][0] == "/accounts/2fa/authenticate/"
    assert "mfa/authenticate.html" in [template.name for template in second.templates]
