"""Files of earlier applications for a draft or an open supplement: one page for all, and one button beside each slot."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from qualification import door
from qualification.applications import reusing
from qualification.applications.enums import ApplicationState as State
from qualification.applications.models import Application
from qualification.applications.views.own import actor, form_methods, members, own_case


@members
@form_methods
def reuse(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What may be taken over and what is too old; the chosen files are taken over into their slots."""
    application = own_case(request, uuid)
    if not reusing.is_open(application):
        raise door.Stale(door.stale_message(application))
    if request.method != "POST":
        return _page(request, application)
    chosen = request.POST.getlist("versions")
    if not chosen:
        messages.warning(request, _("Nothing was taken over: choose at least one file."))
        return _page(request, application, 422)
    taken = reusing.take_over(application=application, versions=chosen, by=actor(request), now=timezone.now())
    _say(request, taken)
    back = request.POST.get("back", "")
    anchor = back if back.startswith(("slot-", "point-")) and len(back) < 200 else "materials"
    return redirect(f"{_home(application)}#{anchor}")


def _home(application: Application) -> str:
    page = "edit" if application.state == State.DRAFT else "supplement"
    return reverse(f"applications:{page}", args=[application.uuid])


def _say(request: HttpRequest, taken: reusing.Taken) -> None:
    if taken.count:
        says = ngettext("%(number)s file was taken over.", "%(number)s files were taken over.", taken.count)
        messages.success(request, says % {"number": taken.count})
    for refusal in taken.refusals:
        messages.error(request, refusal)


def _page(request: HttpRequest, application: Application, status: int = 200) -> HttpResponse:
    files = reusing.earlier_files(application, now=timezone.now())
    context = {
        "application": application,
        "is_draft": application.state == State.DRAFT,
        "back": _home(application),
        "groups": reusing.by_case(files),
        "chosen": reusing.proposed(files) if request.method != "POST" else set(),
    }
    return render(request, "applications/lab/reuse.html", context, status=status)
