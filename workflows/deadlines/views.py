"""The calendar that other programs fetch, and the page on which a person switches it on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from qualification.access import person, public, signed_in
from workflows.deadlines import ics, services
from workflows.deadlines.enums import Scope
from workflows.deadlines.models import Secret
from workflows.deadlines.queries import absolute, deadlines_of


@public
@require_GET
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar of whoever has this secret address; 404 for any other, and no session is needed."""
    user = services.owner_of(secret, Scope.CALENDAR)
    if user is None:
        if services.is_too_often(f"wrong:{request.META.get('REMOTE_ADDR', '')}", services.WRONG_AN_HOUR):
            return _too_often()
        raise Http404
    if services.is_too_often(services.digest_of(secret), services.FETCHES_AN_HOUR):
        return _too_often()
    with translation.override(user.language):
        deadlines = deadlines_of(user)
        etag = ics.etag_of(deadlines, user.language)
        is_known = etag in request.headers.get("If-None-Match", "")
        answer: HttpResponse = (
            HttpResponseNotModified() if is_known else _calendar(ics.calendar_of(deadlines, timezone.now()))
        )
    answer["ETag"], answer["Cache-Control"] = etag, "private, max-age=300"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _calendar(content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="deadlines.ics"'
    return answer


def _too_often() -> HttpResponse:
    answer = HttpResponse(
        _("Too many calls within an hour. Try again later."), status=429, content_type="text/plain; charset=utf-8"
    )
    answer["Retry-After"] = str(services.HOUR)
    return answer


@signed_in
@require_safe
def settings_page(request: HttpRequest) -> HttpResponse:
    """What of one's deadlines other programs may read, and how to set them up."""
    return _page(request)


@never_cache
@signed_in
@require_POST
def make(request: HttpRequest, scope: str) -> HttpResponse:
    """Make or renew a secret; the answer to this request is the only place that ever shows it."""
    found = _scope(scope)
    text = services.make(user=person(request), scope=found, now=timezone.now())
    told = absolute(reverse("deadlines:feed", args=[text])) if found == Scope.CALENDAR else text
    return _page(request, told={found.value: told})


@signed_in
@require_POST
def switch_off(request: HttpRequest, scope: str) -> HttpResponse:
    """Remove a secret: programs that use it get nothing from now on."""
    if services.switch_off(user=person(request), scope=_scope(scope)):
        messages.success(request, _("Switched off. Programs that still ask get nothing."))
    return redirect("deadlines:settings")


def _scope(text: str) -> Scope:
    if text not in Scope.values:
        raise Http404
    return Scope(text)


def _page(request: HttpRequest, told: dict[str, str] | None = None) -> HttpResponse:
    user = person(request)
    made = {secret.scope: secret for secret in Secret.objects.filter(user=user)}
    told = told or {}
    shown: dict[str, Any] = {
        "calendar": made.get(Scope.CALENDAR), "program": made.get(Scope.API),
        "calendar_address": told.get(Scope.CALENDAR, ""), "program_secret": told.get(Scope.API, ""),
        "upcoming": deadlines_of(user)[:5], "api_url": absolute("/api/v1/"),
    }  # fmt: skip
    return render(request, "deadlines/settings.html", shown)
