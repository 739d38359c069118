"""The front page and the pages of refused or failed requests."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_safe

from qualification import access
from qualification.pages import menu
from qualification.regions.settings import SETTINGS

SHOWN_LIMITS = ("acceptance_days", "technical_review_days", "decision_days", "issue_days")


@access.public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Everyone's way in: visitors search the register, people with work go to their first page."""
    own = menu.home_of(request.user) if request.user.is_authenticated else None
    limits = {key: SETTINGS[key].default for key in SHOWN_LIMITS}
    return redirect(own) if own else render(request, "home.html", {"limits": limits})


# What a search engine finds nothing in: work behind the sign-in, files, and pages of the procedure.
NOT_INDEXED = ("/accounts/", "/api/", "/cases/", "/files/", "/inbox/", "/messages/")


@access.public
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What search engines may read: the register and its certificates, and not the work."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_INDEXED)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@access.public
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """The mark, for browsers that ask at the usual place instead of reading the page."""
    return redirect(static("site/img/mark.svg"))


def error_page(request: HttpRequest, status: int, says: str = "") -> HttpResponse:
    """The page of a refused request; `says` replaces the general sentence."""
    return render(request, f"errors/{status}.html", {"says": says}, status=status)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 400)


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 403, str(exception))


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 404)


def conflict(request: HttpRequest, says: str) -> HttpResponse:
    """The answer to whoever came late: `says` tells who did what, and when."""
    return error_page(request, 409, says)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Uses neither the database nor the session: they may be what failed."""
    return HttpResponse(render_to_string("errors/500.html"), status=500)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token, most often one left open over a sign-out."""
    return render(request, "errors/csrf.html", status=403)


@access.public
def locked_out(request: HttpRequest, credentials: dict[str, object] | None = None, *args: object) -> HttpResponse:
    """Too many wrong passwords; the page tells for how many minutes signing in is paused."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    return render(request, "errors/locked.html", {"minutes": minutes}, status=429)
