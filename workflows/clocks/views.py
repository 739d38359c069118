"""The page "why this date"."""

from __future__ import annotations

import uuid as uuids
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from qualification.access import signed_in
from qualification.accounts.models import User
from qualification.door import may
from qualification.regions import calendars
from workflows.clocks import ledger, queries


@signed_in
@require_safe
def why(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Each day counted, skipped and why; for whoever may see the case."""
    clock = queries.clock_for_page(uuid)
    if clock is None or not may(cast(User, request.user), "see", clock):
        raise Http404
    calendar = calendars.current().of(clock.authority_id)
    counted = ledger.count_of(clock, calendar)
    chip = queries.chip(clock, timezone.now(), calendar=calendar)
    shown = {"clock": clock, "counted": counted, "chip": chip, "extension": ledger.extension_of(clock)}
    return render(request, "clocks/why.html", shown)
