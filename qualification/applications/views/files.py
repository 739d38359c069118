"""The files of a case: what was handed in, and who has looked."""

from __future__ import annotations

import uuid as uuids

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from qualification.access import person, signed_in
from qualification.accounts.enums import STAFF_ROLES
from qualification.applications import casefiles, textsearch
from qualification.applications.models import Application
from qualification.applications.queries import visible_to


def _case(request: HttpRequest, uuid: uuids.UUID) -> Application:
    cases = visible_to(person(request)).select_related("laboratory", "authority")
    found: Application = get_object_or_404(cases, uuid=uuid)
    return found


@signed_in
@require_safe
def files(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """What was handed in, moment by moment, with hashes; for whoever may read the case."""
    application = _case(request, uuid)
    for_staff = application.authority_id in person(request).authority_ids(STAFF_ROLES)
    return render(
        request, "applications/files.html", casefiles.page(application, user=person(request), for_staff=for_staff)
    )


@signed_in
@require_safe
def looks(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """Who was handed which file, and when; for whoever may read the case."""
    application = _case(request, uuid)
    listing = casefiles.looks_page(request, application)
    if listing.wants_export:
        return listing.export()
    return render(request, "applications/looks.html", {"listing": listing, "application": application})


@signed_in
@require_safe
def search(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """Search in the text of the files; for whoever may read the case. Shown lines are looks, written down before."""
    application = _case(request, uuid)
    listing = textsearch.TextSearch(request, application)
    ip = request.META.get("REMOTE_ADDR") or None
    textsearch.note_looks(listing, user=person(request), ip=ip, now=timezone.now())
    if listing.wants_export:
        return listing.export()
    return render(request, "documents/texts/search.html", {"listing": listing, "application": application})
