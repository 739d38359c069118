"""The intake officer's page: examine, accept, ask once for everything, refuse."""

from __future__ import annotations

import uuid as uuids
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from qualification import door
from qualification.access import roles
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications import officers, pagenotes
from qualification.applications.forms_officer import (
    ACCEPTANCE_ARTICLES,
    RefuseAcceptanceForm,
    findings_formset,
    findings_of,
)
from qualification.applications.models import Application
from qualification.applications.services import intake
from qualification.pages.dates import local
from qualification.regions.settings import setting
from qualification.scope.models import CapabilityTable


def _case(request: HttpRequest, uuid: uuids.UUID) -> Application:
    """A case that the person may see; 403 for whoever is not its intake officer."""
    application = get_object_or_404(officers.cases_of(cast(User, request.user)), uuid=uuid)
    if not door.may(cast(User, request.user), "accept", application):
        raise PermissionDenied(door.reasons.of(door.permission_of(application, "accept")))
    return application


@roles(Role.INTAKE)
@require_safe
def examine(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """Slots, viewer and findings of an application that waits for acceptance."""
    application = _case(request, uuid)
    if application.state != "submitted":
        messages.info(request, door.stale_message(application))
        return redirect("inbox:case", uuid=uuid)
    return _page(request, application)


def _page(
    request: HttpRequest, application: Application, *, refusal: Any = None, formset: Any = None, status: int = 200
) -> HttpResponse:
    shown = officers.examination(application, now=timezone.now())
    choices = officers.slot_choices(application, shown["slots"])
    kept = shown["supplement"].items.all() if shown["supplement"] else []
    shown |= {
        "application": application,
        "formset": formset or findings_formset(choices, kept, new_slot=request.GET.get("about", "")),
        "kept_count": len(kept),
        "refusal": refusal or RefuseAcceptanceForm(auto_id="refuse_%s"),
        "articles": ACCEPTANCE_ARTICLES,
        "is_waiting_for_laboratory": bool(shown["supplement"] and shown["supplement"].state == "sent"),
        "may_ask": shown["supplement"] is None or shown["supplement"].state == "draft",
    }
    return render(request, "applications/officer/examine.html", shown, status=status)


@roles(Role.INTAKE)
@require_POST
def keep_findings(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """Keep the list as it is typed; nothing goes out. With `next=send` go on to the question whether to send it."""
    application, now = _case(request, uuid), timezone.now()
    formset = _typed(request, application)
    is_script = request.POST.get("autosave") == "yes"
    if not formset.is_valid():
        return _not_kept(request, application, formset, is_script)
    try:
        intake.keep_findings(
            application=application, findings=findings_of(formset), by=cast(User, request.user), now=now
        )
    except door.Stale as stale:
        if is_script:
            return JsonResponse({"message": stale.message}, status=409)
        raise
    if is_script:
        return JsonResponse({"saved_at": local(now).strftime("%H:%M:%S")})
    return redirect(
        "applications:ask_supplement" if request.POST.get("next") == "send" else "applications:examine", uuid=uuid
    )


def _typed(request: HttpRequest, application: Application) -> Any:
    choices = officers.slot_choices(application, officers.slots_to_examine(application))
    return findings_formset(choices, data=request.POST)


def _not_kept(request: HttpRequest, application: Application, formset: Any, is_script: bool) -> HttpResponse:
    if is_script:
        return JsonResponse({"message": _("This could not be saved. Choose the material anew.")}, status=422)
    return _page(request, application, formset=formset, status=422)


@roles(Role.INTAKE)
def ask_supplement(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """Ask first, then send: the one notice, as it is going to be."""
    application = _case(request, uuid)
    supplement = getattr(application, "supplement", None)
    items = list(supplement.items.all()) if supplement and supplement.state == "draft" else []
    if request.method == "POST":
        return _send(request, application, items)
    if application.state != "submitted" or (supplement is not None and supplement.state != "draft"):
        messages.info(request, door.stale_message(supplement or application))
        return redirect("inbox:case", uuid=uuid)
    return _question(request, application, items)


def _question(request: HttpRequest, application: Application, items: list[Any], error: str = "") -> HttpResponse:
    names = dict(officers.slot_choices(application, officers.slots_to_examine(application)))
    lines = [(names.get(f"{i.slot_code}{officers.SEPARATOR}{i.slot_label}", ""), i.text) for i in items]
    notes = pagenotes.points_of(application, pagenotes.waiting(application, pagenotes.INTAKE))
    shown = {
        "application": application, "lines": lines, "error": error, "note_points": notes,
        "ticked": pagenotes.chosen(request.POST.getlist("note")) if request.method == "POST" else None,
        "days": setting(application.authority, "supplement_days"),
    }  # fmt: skip
    return render(request, "applications/officer/ask_supplement.html", shown, status=422 if error else 200)


def _send(request: HttpRequest, application: Application, items: list[Any]) -> HttpResponse:
    findings = [intake.Finding(item.text, item.slot_code, item.slot_label) for item in items]
    try:
        intake.ask_supplement(
            application=application, findings=findings, notes=pagenotes.chosen(request.POST.getlist("note")),
            by=cast(User, request.user), now=timezone.now(),
        )  # fmt: skip
    except ValidationError as refused:
        return _question(request, application, items, " ".join(refused.messages))
    messages.success(request, _("The notice to supplement was sent. The laboratory has been told."))
    return redirect("inbox:home")


@roles(Role.INTAKE)
@require_POST
def accept(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Accept."""
    application = _case(request, uuid)
    intake.accept(application=application, by=cast(User, request.user), now=timezone.now())
    messages.success(request, _accepted(application))
    return redirect("inbox:home")


def _accepted(application: Application) -> str:
    """What comes next: a commitment is decided without a review, where others are concerned after their answers."""
    if not application.is_by_commitment:
        text = _("Accepted: %(case)s. The technical review has begun.")
    elif application.concurrences.exists():
        text = _(
            "Accepted: %(case)s. On the commitment there is no technical review: the authorities of the other sites are"
            " asked to concur, then it is decided."
        )
    else:
        text = _("Accepted: %(case)s. On the commitment there is no technical review: it now waits for the decision.")
    return text % {"case": application}


@roles(Role.INTAKE)
@require_POST
def refuse_acceptance(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Refuse to accept, with reasons and the article."""
    application = _case(request, uuid)
    form = RefuseAcceptanceForm(request.POST, auto_id="refuse_%s")
    if not form.is_valid():
        return _page(request, application, refusal=form, status=422)
    try:
        intake.refuse_acceptance(
            application=application, by=cast(User, request.user), now=timezone.now(), **form.cleaned_data
        )
    except ValidationError as refused:
        form.add_error(None, refused)
        return _page(request, application, refusal=form, status=422)
    messages.success(request, _("Not accepted: %(case)s. The laboratory has been told.") % {"case": application})
    return redirect("inbox:home")


@roles(Role.INTAKE)
@require_safe
def table(request: HttpRequest, uuid: uuids.UUID, table: uuids.UUID) -> HttpResponse:
    """One capability table in the viewer."""
    application = _case(request, uuid)
    found = get_object_or_404(CapabilityTable.objects.select_related("site"), uuid=table, application=application)
    return render(request, "applications/officer/viewer_table.html", {"table": found})
