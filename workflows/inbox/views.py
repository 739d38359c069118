"""My tasks, the cases, the page of a case, and the picture of the procedure."""

from __future__ import annotations

import uuid as uuids
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from viewflow.workflow.models import Task

from qualification import door
from qualification.access import roles, signed_in
from qualification.accounts.enums import LABORATORY_ROLES, NATIONAL_ROLES, STAFF_ROLES
from qualification.accounts.models import User
from workflows.inbox import casepage, handing, homes, lists, pictures, queries
from workflows.inbox.audience import Audience
from workflows.inbox.casefile import CaseFile, find
from workflows.inbox.forms import HandOverForm, TakeForm
from workflows.nodes import OPEN

# Who sees the tasks of others.
TEAM = STAFF_ROLES | NATIONAL_ROLES | LABORATORY_ROLES
SVG = "image/svg+xml; charset=utf-8"


@signed_in
@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Everybody's first page: what this person must do now, the first due first."""
    user, now = cast(User, request.user), timezone.now()
    listing = lists.tasks_page(request, queries.mine(user), is_queue=False)
    if listing.wants_export:
        return listing.export()
    listing = lists.with_people(lists.with_chips(listing, now), user)
    shown = {"listing": listing, "has_queue": user.has_role(*TEAM), "is_queue": False}
    return render(request, "inbox/home.html", shown | homes.beside(user, now))


@roles(*TEAM)
@require_safe
def queue(request: HttpRequest) -> HttpResponseBase:
    """The open tasks of the whole authority or laboratory; of all five regions for the national roles."""
    user, now = cast(User, request.user), timezone.now()
    listing = lists.tasks_page(request, queries.queue(user), is_queue=True)
    if listing.wants_export:
        return listing.export()
    listing = lists.with_people(lists.with_chips(listing, now), user)
    shown = {"listing": listing, "has_queue": True, "is_queue": True}
    beside = homes.NOTHING_BESIDE | {"is_laboratory_only": not user.has_role(*STAFF_ROLES, *NATIONAL_ROLES)}
    return render(request, "inbox/home.html", shown | beside)


@signed_in
@require_POST
def take(request: HttpRequest, uuid: uuids.UUID, number: int) -> HttpResponseBase:
    """The person makes a task their own."""
    file, task = _task(request, uuid, number)
    form = TakeForm(request.POST)
    if not form.is_valid():
        raise door.Stale(_("This page is out of date. Reload it."))
    handing.take(task=task, seen=form.cleaned_data["seen"], by=file.user, now=file.now)
    messages.success(request, _("This task is yours now."))
    return redirect("inbox:case", uuid=uuid)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, uuid: uuids.UUID, number: int) -> HttpResponseBase:
    """Give a task to a colleague, with a note."""
    file, task = _task(request, uuid, number)
    if task.status not in OPEN:
        raise door.Stale(door.stale_message(file.application, file.user))
    if not queries.may_hand_over(file.user, task, file.application):
        raise PermissionDenied(handing.NOT_YOURS)
    people = queries.colleagues(task, file.application)
    form = HandOverForm(request.POST or None, people=people, initial={"seen": task.owner_id})
    if request.method == "POST" and form.is_valid() and _handed(form, task, file):
        messages.success(request, _("%s has this task now.") % form.cleaned_data["to"])
        return redirect("inbox:case", uuid=uuid)
    shown = {
        "application": file.application,
        "task": task,
        "title": lists.title_of(task),
        "form": form,
        "people": people,
    }
    return render(request, "inbox/hand_over.html", shown, status=422 if form.errors else 200)


def _handed(form: HandOverForm, task: Task, file: CaseFile) -> bool:
    data = form.cleaned_data
    try:
        handing.hand_over(task=task, to=data["to"], seen=data["seen"], note=data["note"], by=file.user, now=file.now)
    except ValidationError as refused:
        form.add_error(None, refused)
        return False
    return True


def _task(request: HttpRequest, uuid: uuids.UUID, number: int) -> tuple[CaseFile, Task]:
    """A task of a case the person may see; 404 for others, and for who was only asked to take a seat."""
    file = _file(request, uuid)
    if file.audience == Audience.OFFERED:
        raise Http404
    tasks = Task.objects.filter(process__case__application=file.application, flow_task_type="HUMAN")
    return file, get_object_or_404(tasks.select_related("owner", "process"), pk=number)


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
