"""The decision maker's pages: decide, release, take back, and concur for another region."""

from __future__ import annotations

import uuid as uuids
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from qualification import door
from qualification.access import roles
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications import officers
from qualification.applications.forms_officer import DECISION_ARTICLES, ConcurForm, DecisionForm, RetractForm
from qualification.applications.models import Application, Concurrence
from qualification.applications.services import decisions
from qualification.regions.settings import setting


def demand(user: Any, verb: str, subject: Model) -> None:
    """403 with the rule's own sentence for whoever may not do it."""
    if not door.may(user, verb, subject):
        raise PermissionDenied(door.reasons.of(door.permission_of(subject, verb)))


def _case(request: HttpRequest, uuid: uuids.UUID) -> Application:
    application = get_object_or_404(officers.cases_of(cast(User, request.user)), uuid=uuid)
    demand(request.user, "decide", application)
    return application


@roles(Role.DECISION)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """Decide on a reviewed case; show the pending decision afterwards, to be released or taken back."""
    application = _case(request, uuid)
    if request.method == "POST":
        return _decide(request, application)
    if application.state not in {"reviewed", "decided"}:
        messages.info(request, door.stale_message(application))
        return redirect("inbox:case", uuid=uuid)
    return _page(request, application)


def _decide(request: HttpRequest, application: Application) -> HttpResponse:
    form = DecisionForm(request.POST, sites=_sites(application))
    if not form.is_valid():
        return _page(request, application, form=form, status=422)
    try:
        decisions.decide(application=application, by=cast(User, request.user), now=timezone.now(), **form.cleaned_data)
    except ValidationError as refused:
        form.add_error(None, refused)
        return _page(request, application, form=form, status=422)
    messages.success(request, _("Decided. Nobody outside sees it until you release it."))
    return redirect("applications:decide", uuid=application.uuid)


def _sites(application: Application) -> list[Any]:
    return list(application.sites.select_related("authority").order_by("pk"))


def _page(
    request: HttpRequest, application: Application, *, form: Any = None, retract: Any = None, status: int = 200
) -> HttpResponse:
    if not application.is_by_commitment and not hasattr(application, "assessment"):
        raise Http404
    pending = decisions.current_decision(application) if application.state == "decided" else None
    shown = officers.essence(application) | {
        "application": application,
        "form": form or DecisionForm(sites=_sites(application)),
        "pending": pending,
        "excluded": list(pending.excluded_sites.order_by("pk")) if pending else [],
        "retract_form": retract or RetractForm(auto_id="retract_%s"),
        "articles": DECISION_ARTICLES,
        "issue_days": setting(application.authority, _issue_days(application)),
    }
    return render(request, "applications/officer/decide.html", shown, status=status)


def _issue_days(application: Application) -> str:
    return "commitment_issue_days" if application.is_by_commitment else "issue_days"


@roles(Role.DECISION)
@require_POST
def release(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Release the pending decision; the question was asked on the page before."""
    application = _case(request, uuid)
    decisions.release(application=application, by=cast(User, request.user), now=timezone.now())
    messages.success(request, _("Released. The laboratory has been told."))
    return redirect("inbox:home")


@roles(Role.DECISION)
@require_POST
def retract(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Take the pending decision back."""
    application = _case(request, uuid)
    form = RetractForm(request.POST, auto_id="retract_%s")
    if not form.is_valid():
        return _page(request, application, retract=form, status=422)
    decisions.retract(application=application, by=cast(User, request.user), now=timezone.now(), **form.cleaned_data)
    messages.success(request, _("The decision was taken back. The case waits for a new one."))
    return redirect("applications:decide", uuid=uuid)


@roles(Role.DECISION)
@require_http_methods(["GET", "HEAD", "POST"])
def concur(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """The answer of the authority that is asked, on its own sites."""
    seen = officers.cases_of(cast(User, request.user)).values("pk")
    related = ("authority", "application__laboratory", "application__authority__profile", "application__assessment")
    found = get_object_or_404(Concurrence.objects.select_related(*related), uuid=uuid, application__in=seen)
    demand(request.user, "agree", found)
    if request.method == "POST":
        return _concur(request, found)
    if found.state != "requested":
        messages.info(request, door.stale_message(found))
        return redirect("inbox:case", uuid=found.application.uuid)
    return _concur_page(request, found, ConcurForm())


def _concur(request: HttpRequest, found: Concurrence) -> HttpResponse:
    form = ConcurForm(request.POST)
    if not form.is_valid():
        return _concur_page(request, found, form, status=422)
    act = decisions.agree if form.cleaned_data["answer"] == "agree" else decisions.object_to
    try:
        act(concurrence=found, opinion=form.cleaned_data["opinion"], by=cast(User, request.user), now=timezone.now())
    except ValidationError as refused:
        form.add_error("opinion", refused)
        return _concur_page(request, found, form, status=422)
    messages.success(request, _("Your answer went to the lead authority."))
    return redirect("inbox:home")


def _concur_page(request: HttpRequest, found: Concurrence, form: Any, status: int = 200) -> HttpResponse:
    application = found.application
    shown = officers.essence(application)
    own = [pair for pair in shown["tables"] if pair[0].site.authority_id == found.authority_id]
    shown |= {
        "application": application, "concurrence": found, "form": form, "own_tables": own,
        "other_tables": [pair for pair in shown["tables"] if pair not in own],
        "sites": [site for site in _sites(application) if site.authority_id == found.authority_id],
    }  # fmt: skip
    return render(request, "applications/officer/concur.html", shown, status=status)
