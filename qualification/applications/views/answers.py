"""What a laboratory answers in its case: the supplement, the withdrawal; and its lists: home and applications."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from qualification.applications import listing, pagenotes, supplementing
from qualification.applications.forms import SupplementForm, WithdrawForm
from qualification.applications.models import Application, SupplementRequest
from qualification.applications.services import endings, intake
from qualification.applications.views.own import (
    actor,
    demand,
    form_methods,
    is_confirmed,
    members,
    own_case,
    own_cases,
    posted,
    sentences,
    to_case,
)


@members
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What the laboratory must do now, its certificates, and its latest applications."""
    return render(request, "applications/lab/home.html", listing.home(actor(request), timezone.now()))


@members
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """All applications of the laboratory."""
    page = listing.ApplicationListPage(request, own_cases(actor(request)), actor(request))
    if page.wants_export:
        return page.export()
    return render(request, "applications/lab/list.html", {"listing": page})


@members
@form_methods
def withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Withdraw before the decision, with a reason; the laboratory's manager alone."""
    application = own_case(request, uuid)
    demand(actor(request), "withdraw", application)
    form = WithdrawForm(posted(request))
    if request.method == "POST" and form.is_valid() and is_confirmed(request):
        endings.withdraw(
            application=application, reason=form.cleaned_data["reason"], by=actor(request), now=timezone.now()
        )
        messages.success(request, _("The application is withdrawn. The notice is among the papers of the case."))
        return to_case(application)
    context = {"application": application, "form": form}
    return render(request, "applications/lab/withdraw.html", context, status=422 if form.errors else 200)


@members
@form_methods
def supplement(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The one notice, point by point with the slots beside, and handing the supplement in."""
    application = own_case(request, uuid)
    found = _supplement_of(application)
    demand(actor(request), "hand_in", found)
    form = SupplementForm(posted(request))
    if request.method == "POST" and form.is_valid() and is_confirmed(request) and _hand_in(request, found, form):
        messages.success(request, _("The supplement is handed in. The receipt is among the papers of the case."))
        return to_case(application)
    notes = pagenotes.by_point(actor(request), application, found.uuid)
    points = supplementing.points_of(found)
    context = {"application": application, "supplement": found, "form": form, "points": points, "notes": notes}
    return render(request, "applications/lab/supplement.html", context, status=422 if form.errors else 200)


def _supplement_of(application: Application) -> SupplementRequest:
    found = getattr(application, "supplement", None)
    # The officer's list is nobody else's business until it is sent.
    if found is None or found.state == "draft":
        raise Http404
    return found  # type: ignore[no-any-return]


def _hand_in(request: HttpRequest, found: SupplementRequest, form: SupplementForm) -> bool:
    answer = form.cleaned_data["answer"]
    try:
        intake.hand_in_supplement(request=found, answer=answer, by=actor(request), now=timezone.now())
    except ValidationError as error:
        for sentence in sentences(error):
            form.add_error(None, sentence)
        return False
    return True
