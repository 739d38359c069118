"""Sign-in, passwords and the second step.

Accounts are given by an administrator, so the addresses for signing up and for changing one's own mail address
answer 404; their names stay because allauth asks for them.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.translation import gettext as _

from qualification import access


@access.public
def closed(request: HttpRequest, **parts: str) -> HttpResponse:
    """There is no such page here."""
    raise Http404(_("Accounts are given by an administrator."))


CLOSED = {
    "account_signup": "signup/",
    "account_email": "email/",
    "account_email_verification_sent": "confirm-email/",
    "account_confirm_email": "confirm-email/<str:key>/",
    "account_set_password": "password/set/",
}

urlpatterns = [
    *(path(address, closed, name=name) for name, address in CLOSED.items()),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
]
