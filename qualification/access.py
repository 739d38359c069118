"""Who may call which address: every view says so with one of these decorators, and a test walks all addresses.

The rule is about the address alone. Which case, laboratory or paper a person sees is decided by the
queryset `visible_to(user)` of the model, which answers 404 for everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from qualification.accounts.enums import Role

if TYPE_CHECKING:
    from qualification.accounts.models import User

View = Callable[..., HttpResponseBase]


def public(view: View) -> View:
    """Anybody may call it."""
    view.access_rule = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Anybody who has signed in; others are sent to the sign-in page and come back afterwards."""
    return _guarded(view, "signed in", lambda user: True)


def roles(*allowed: Role) -> Callable[[View], View]:
    """People who hold one of the roles anywhere; 403 for others who have signed in.

    Raises ValueError when no role is given: a rule that nobody fulfils is a mistake.
    """
    if not allowed:
        raise ValueError("roles() needs at least one role.")
    wanted = sorted(Role(role).value for role in allowed)

    def decorate(view: View) -> View:
        return _guarded(view, f"roles: {', '.join(wanted)}", lambda user: user.has_role(*wanted))

    return decorate


def _guarded(view: View, rule: str, may: Callable[[Any], bool]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        if not may(request.user):
            raise PermissionDenied(_("This page is for other roles than yours."))
        return view(request, *args, **kwargs)

    guarded.access_rule = rule  # type: ignore[attr-defined]
    return guarded


def person(request: HttpRequest) -> User:
    """Who acts, on an address that only people who have signed in may call."""
    user = request.user
    assert user.is_authenticated
    return user


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """The way to the sign-in page; htmx is told to load the whole page instead of a part.

    Whoever sent a form is told that it was not taken.
    """
    if request.method == "POST":
        messages.warning(
            request, _("You were no longer signed in, so what you sent was not saved. Sign in, then send it again.")
        )
    if "HX-Request" not in request.headers:
        return redirect_to_login(request.get_full_path())
    response = HttpResponse(status=204)
    page = request.headers.get("HX-Current-URL", "/")
    response.headers["HX-Redirect"] = redirect_to_login(page).url
    return response
