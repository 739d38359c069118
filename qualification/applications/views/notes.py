"""The notes on the pages of a case's files."""

from __future__ import annotations

import uuid as uuids

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from qualification.access import person, signed_in
from qualification.applications.notelist import note_page
from qualification.applications.queries import visible_to


@signed_in
@require_safe
def notes(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """All notes of a case that the person may read, to narrow and to export."""
    user = person(request)
    application = get_object_or_404(visible_to(user).select_related("laboratory", "authority"), uuid=uuid)
    listing = note_page(request, user, application)
    if listing.wants_export:
        return listing.export()
    return render(request, "applications/notes.html", {"listing": listing, "application": application})
