"""The page of the worker's jobs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from documents.care import queries as files
from qualification import access
from workflows.clocks import recalc
from workflows.jobs import queries
from workflows.jobs.roles import READERS


@access.roles(*READERS)
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Each job's last success, the queue and the processes alive."""
    now = timezone.now()
    context = {
        "statuses": queries.statuses(now=now),
        "queue": queries.queue(now=now),
        "workers": queries.workers(),
        "care": files.care(now=now),
        "recount": recalc.in_hand(),
        "now": now,
    }
    return render(request, "jobs/status.html", context)
