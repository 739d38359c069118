"""A laboratory's drafts: the questions before one is made, its workspace, the last look, and handing it in."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from qualification import door
from qualification.applications import starting, workspace
from qualification.applications.enums import ApplicationState as State
from qualification.applications.enums import Kind
from qualification.applications.forms import FactsForm, KindsForm, laboratories_of
from qualification.applications.models import Application, DraftConflict
from qualification.applications.queries import missing_items
from qualification.applications.services import conflicts, drafts
from qualification.applications.views.own import (
    actor,
    form_methods,
    is_confirmed,
    members,
    own_case,
    posted,
    sentences,
    to_case,
)
from qualification.laboratories.models import Laboratory
from qualification.pages import dates


def draft(request: HttpRequest, uuid: UUID) -> Application:
    """The laboratory's draft; 404 for others, Stale for one that was handed in."""
    application = own_case(request, uuid)
    if application.state != State.DRAFT:
        raise door.Stale(door.stale_message(application))
    return application


# -- before the draft


@members
@form_methods
def start(request: HttpRequest) -> HttpResponse:
    """A few questions lead to the kinds and to what is needed; then the draft is made."""
    laboratory = _chosen_laboratory(request)
    asked = request.POST if request.method == "POST" else request.GET if "kinds" in request.GET else None
    form = KindsForm(asked, laboratory=laboratory, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        made = drafts.create(laboratory=laboratory, by=actor(request), now=timezone.now(), **form.cleaned_data)
        return redirect("applications:edit", made.uuid)
    return _start_page(request, laboratory, form)


def _chosen_laboratory(request: HttpRequest) -> Laboratory:
    asked = request.POST.get("laboratory") or request.GET.get("laboratory")
    known = laboratories_of(actor(request))
    return next((one for one in known if str(one.uuid) == asked), known[0])


def _start_page(request: HttpRequest, laboratory: Laboratory, form: KindsForm) -> HttpResponse:
    today = timezone.localdate()
    outlook = starting.outlook(laboratory=laboratory, today=today, **form.cleaned_data) if form.is_valid() else None
    context = {
        "form": form,
        "laboratory": laboratory,
        "laboratories": laboratories_of(actor(request)),
        "outlook": outlook,
    }
    return render(request, "applications/lab/start.html", context, status=422 if request.method == "POST" else 200)


# -- the workspace


@members
@form_methods
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The workspace of a draft; its facts are saved as one types."""
    application = own_case(request, uuid)
    if request.method != "POST" and application.state != State.DRAFT:
        messages.info(request, _("This application is no longer a draft: here is how it stands."))
        return to_case(application)
    form = FactsForm(posted(request), application=application)
    if request.method == "POST":
        return _save(request, draft(request, uuid), form)
    return _page(request, application, form)


def _page(request: HttpRequest, application: Application, form: FactsForm, status: int = 200) -> HttpResponse:
    context = workspace.workspace(application, form, actor(request), timezone.now())
    return render(request, "applications/lab/edit.html", context, status=status)


def _save(request: HttpRequest, application: Application, form: FactsForm) -> HttpResponse:
    is_valid, is_typing = form.is_valid(), request.POST.get("autosave") == "yes"
    try:
        saved = drafts.save(
            application=application, values=form.values, sites=form.site_ids, revision=form.revision,
            by=actor(request), now=timezone.now(),
        )  # fmt: skip
    except drafts.DraftMovedOn as moved:
        return _moved_on(request, moved, is_typing=is_typing)
    form.move_on(saved.revision)
    if is_typing:
        return _told(saved, form)
    return _saved(request, saved, form) if is_valid else _page(request, saved, form, 422)


def _saved(request: HttpRequest, saved: Application, form: FactsForm) -> HttpResponse:
    messages.success(request, _("The draft is saved."))
    return redirect("applications:edit", saved.uuid)


def _told(saved: Application, form: FactsForm) -> HttpResponse:
    """What the autosaving form is told; a field that is not well written keeps none of the others back."""
    at = timezone.localtime(saved.saved_at).strftime("%H:%M:%S")
    told = {"saved_at": at, "version": saved.revision, "layout": workspace.current_layout(saved)}
    if form.errors:
        says = _("Everything else is saved. Not yet: %(what)s") % {"what": form.complaints}
        return JsonResponse({**told, "message": says}, status=422)
    return JsonResponse(told)


def _moved_on(request: HttpRequest, moved: drafts.DraftMovedOn, *, is_typing: bool) -> HttpResponse:
    if is_typing:
        return JsonResponse({"message": moved.message}, status=409)
    messages.warning(request, moved.message)
    newer = own_case(request, moved.newer.uuid)
    return _page(request, newer, FactsForm(application=newer), 409)


@members
@require_POST
def conflict(request: HttpRequest, uuid: UUID, pk: int) -> HttpResponse:
    """Take over what a save that came too late would have changed, or forget it."""
    application = draft(request, uuid)
    kept = get_object_or_404(DraftConflict, pk=pk, application=application, by=actor(request))
    if request.POST.get("action") == "take":
        conflicts.take_over(conflict=kept, names=request.POST.getlist("names"), by=actor(request), now=timezone.now())
        messages.success(request, _("What you chose is taken over into the draft."))
    else:
        conflicts.drop(conflict=kept)
        messages.success(request, _("What was kept is forgotten; the draft stays as it is."))
    return redirect("applications:edit", application.uuid)


@members
@form_methods
def kinds(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change what the draft applies for."""
    application = draft(request, uuid)
    form = _kinds_form(request, application)
    if request.method == "POST" and form.is_valid():
        asked = request.POST.get("version", "")
        revision = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0
        return _save_kinds(request, application, form, revision)
    context = {"application": application, "form": form}
    return render(request, "applications/lab/kinds.html", context, status=422 if request.method == "POST" else 200)


def _kinds_form(request: HttpRequest, application: Application) -> KindsForm:
    certificate = application.certificate.uuid if application.certificate else None
    initial = {"kinds": application.kinds, "certificate": certificate, "procedure": application.procedure}
    return KindsForm(posted(request), initial=initial, laboratory=application.laboratory, today=timezone.localdate())


def _save_kinds(request: HttpRequest, application: Application, form: KindsForm, revision: int) -> HttpResponse:
    try:
        drafts.save(
            application=application,
            values=form.cleaned_data,
            sites=None,
            revision=revision,
            by=actor(request),
            now=timezone.now(),
        )
        messages.success(request, _("The kinds are changed; what is needed has changed with them."))
    except drafts.DraftMovedOn as moved:
        messages.warning(request, moved.message)
    return redirect("applications:edit", application.uuid)


@members
@require_safe
def missing(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The part of the workspace that lists what is missing, as it stands now."""
    application = draft(request, uuid)
    context = {"application": application, "missing": missing_items(application)}
    return render(request, "applications/lab/_missing.html", context)


@members
@require_safe
def parts(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The parts of the workspace that follow from kinds and sites: tables and materials."""
    return render(request, "applications/lab/_parts.html", workspace.parts(draft(request, uuid)))


# -- the end of a draft


@members
@require_POST
def discard(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Delete a draft; the question was asked on its page."""
    application = draft(request, uuid)
    if not is_confirmed(request):
        return redirect("applications:edit", application.uuid)
    drafts.discard(application=application, by=actor(request), now=timezone.now())
    messages.success(request, _("The draft is deleted."))
    return redirect("applications:list")


@members
@form_methods
def submit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The last look at a draft; the moment it is handed in is the receipt."""
    application = draft(request, uuid)
    if request.method != "POST":
        return _review(request, application)
    if not is_confirmed(request):
        return redirect("applications:submit", application.uuid)
    try:
        drafts.submit(application=application, by=actor(request), now=timezone.now())
    except (drafts.NotReady, ValidationError) as error:
        return _review(request, own_case(request, uuid), sentences(error), 422)
    messages.success(request, _received(application))
    return to_case(application)


def _received(application: Application) -> str:
    at = dates.say_moment(application.submitted_at or application.closed_at)
    said = _("Handed in at %(at)s, case number %(number)s. The receipt is among the papers of the case.")
    if Kind.MANAGER in application.kinds:
        said = _(
            "Filed at %(at)s, number %(number)s. The change is recorded; the receipt is among the papers of the case."
        )
    return said % {"at": at, "number": application.reference}


def _review(
    request: HttpRequest, application: Application, errors: list[str] | None = None, status: int = 200
) -> HttpResponse:
    context = workspace.review(application, FactsForm(application=application), timezone.now())
    verb = "file" if context["is_filing"] else "submit"
    refusal = (
        "" if door.may(actor(request), verb, application) else door.reasons.of(door.permission_of(application, verb))
    )
    return render(
        request, "applications/lab/submit.html", {**context, "errors": errors or [], "refusal": refusal}, status=status
    )
