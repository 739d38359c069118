"""Ask to terminate a technical review, and answer such a request."""

from __future__ import annotations

import uuid as uuids
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from qualification import door
from qualification.access import roles, signed_in
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications import officers
from qualification.applications.forms_officer import AnswerTerminationForm, AskTerminationForm
from qualification.applications.models import TerminationRequest
from qualification.applications.services import endings
from qualification.applications.views.decisions import demand


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """The leader, the coordinator or the laboratory's manager asks the authority to end the review."""
    application = get_object_or_404(officers.cases_of(cast(User, request.user)), uuid=uuid)
    demand(request.user, "ask", TerminationRequest(application=application))
    form = AskTerminationForm(request.POST or None)
    if request.method != "POST" and application.state != "in_review":
        messages.info(request, door.stale_message(application))
        return redirect("inbox:case", uuid=uuid)
    if request.method == "POST" and form.is_valid():
        try:
            endings.ask_termination(
                application=application, by=cast(User, request.user), now=timezone.now(), **form.cleaned_data
            )
        except ValidationError as refused:
            form.add_error("reason", refused)
        else:
            messages.success(request, _("Your request went to the decision maker of the lead authority."))
            return redirect("inbox:case", uuid=uuid)
    status = 422 if form.errors else 200
    return render(
        request, "applications/officer/ask_termination.html", {"application": application, "form": form}, status=status
    )


@roles(Role.DECISION)
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """Consent that a review ends, or not."""
    seen = officers.cases_of(cast(User, request.user)).values("pk")
    related = ("application__laboratory", "application__authority__profile", "application__assessment", "asked_by")
    found = get_object_or_404(TerminationRequest.objects.select_related(*related), uuid=uuid, application__in=seen)
    demand(request.user, "consent", found)
    if request.method != "POST" and found.state != "asked":
        messages.info(request, door.stale_message(found))
        return redirect("inbox:case", uuid=found.application.uuid)
    form = AnswerTerminationForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _answered(request, found, form):
        return redirect("inbox:case", uuid=found.application.uuid)
    shown = {"termination": found, "application": found.application, "form": form}
    return render(request, "applications/officer/answer_termination.html", shown, status=422 if form.errors else 200)


def _answered(request: HttpRequest, found: TerminationRequest, form: Any) -> bool:
    data, by, now = form.cleaned_data, cast(User, request.user), timezone.now()
    try:
        if data["answer"] == "consent":
            endings.consent_termination(request=found, answer=data["text"], by=by, now=now)
        else:
            endings.deny_termination(request=found, answer=data["text"], by=by, now=now)
    except ValidationError as refused:
        form.add_error("text", refused)
        return False
    messages.success(request, _("Answered. Whoever asked has been told."))
    return True
