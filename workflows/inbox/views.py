"""My tasks, the cases, the page of a case, and the picture of the procedure."""

from __future__ import annotations

import uuid as uuids
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from qualification.access import roles, signed_in
from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES
from qualification.accounts.models import User
from workflows.inbox import casepage, homes, lists, pictures, queries
from workflows.inbox.audience import Audience
from workflows.inbox.casefile import CaseFile, find

# Who sees the tasks of others.
TEAM = STAFF_ROLES | NATIONAL_ROLES
SVG = "image/svg+xml; charset=utf-8"


@signed_in
@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Everybody's first page: what this person must do now, the first due first."""
    user, now = cast(User, request.user), timezone.now()
    listing = lists.tasks_page(request, queries.mine(user), is_queue=False)
    if listing.wants_export:
        return listing.export()
    shown = {"listing": lists.with_chips(listing, now), "has_queue": user.has_role(*TEAM), "is_queue": False}
    return render(request, "inbox/home.html", shown | homes.beside(user, now))


@roles(*TEAM)
@require_safe
def queue(request: HttpRequest) -> HttpResponseBase:
    """The open tasks of the whole authority, for its staff; of all five for the national roles."""
    user, now = cast(User, request.user), timezone.now()
    listing = lists.tasks_page(request, queries.queue(user), is_queue=True)
    if listing.wants_export:
        return listing.export()
    shown = {"listing": lists.with_chips(listing, now), "has_queue": True, "is_queue": True}
    return render(request, "inbox/home.html", shown | homes.NOTHING_BESIDE)


@signed_in
@require_safe
def cases(request: HttpRequest) -> HttpResponseBase:
    """All cases the person may see."""
    user, now = cast(User, request.user), timezone.now()
    listing = lists.cases_page(request, user, now)
    if listing.wants_export:
        return listing.export()
    shown = {"listing": lists.finish_cases(listing, user, now), "start_url": homes.start_url(user)}
    return render(request, "inbox/list.html", shown)


@signed_in
@require_safe
def case(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """The page of a case; for an assessor who has only been asked, its summary."""
    file = _file(request, uuid)
    if file.audience == Audience.OFFERED:
        return render(request, "inbox/summary.html", casepage.summary(file))
    return render(request, "inbox/case.html", casepage.context(file, request.GET.get("show", "")))


@signed_in
@require_safe
def picture(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Where a case is in the picture of the procedure."""
    file = _file(request, uuid)
    drawn = pictures.picture(file.application, sees_pending=file.audience.sees_pending)
    return render(
        request, "inbox/picture.html", {"application": file.application, "picture": drawn, "legend": pictures.LEGEND}
    )


@signed_in
@require_safe
def picture_svg(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """The same picture as a file."""
    file = _file(request, uuid)
    return _svg(pictures.picture(file.application, sees_pending=file.audience.sees_pending))


@signed_in
@require_safe
def process(request: HttpRequest) -> HttpResponse:
    """The picture of the procedure."""
    shown = {"application": None, "picture": pictures.picture(), "legend": pictures.LEGEND}
    return render(request, "inbox/picture.html", shown)


@signed_in
@require_safe
def process_svg(request: HttpRequest) -> HttpResponse:
    """The same picture as a file."""
    return _svg(pictures.picture())


def _svg(drawn: Any) -> HttpResponse:
    return HttpResponse(render_to_string("inbox/process.svg", {"picture": drawn}), content_type=SVG)


def _file(request: HttpRequest, uuid: uuids.UUID) -> CaseFile:
    user = cast(User, request.user)
    application = find(user, uuid)
    if application is None:
        raise Http404
    return CaseFile(application, user, timezone.now())
