"""The assessor's pages: offers that wait for an answer, and the answer."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from qualification import door
from qualification.access import roles
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.assessments.enums import Mode
from qualification.assessors import pictures, services
from qualification.assessors.enums import OfferState, SeatRole
from qualification.assessors.forms import AcceptForm, DeclineForm
from qualification.assessors.models import Offer, Seat
from qualification.laboratories.forms import saves
from qualification.pages.lists import Column, Filter, ListPage

assessors = roles(Role.ASSESSOR)
# Who has declined, or let the offer expire, learns nothing more of the case.
SHOWS_CASE = (OfferState.SENT, OfferState.ACCEPTED)
ANSWERED = [s for s in OfferState if s not in OfferState.open()]


def own(request: HttpRequest) -> QuerySet[Offer]:
    """The offers made to the person."""
    related = ("application__laboratory", "application__authority__profile", "seat__assessment", "assessor__user")
    return Offer.objects.filter(assessor__user=request.user).exclude(state=OfferState.DRAWN).select_related(*related)


@assessors
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Offers that wait first, then those answered."""
    listing = ListPage(
        request,
        own(request).filter(state__in=ANSWERED),
        columns=(
            Column("reference", gettext_lazy("Case"), value=lambda o: o.application.reference, sort=("application__reference",),
                   link=lambda o: reverse("assessors:offer", args=[o.uuid])),
            Column("application__laboratory__name", gettext_lazy("Laboratory"), sort=("application__laboratory__name",)),
            Column("role", gettext_lazy("Seat"), value=lambda o: _seat_in_words(o.seat)),
            Column("state", gettext_lazy("Answer"), value=lambda o: o.get_state_display(), template="assessors/_offer_state.html"),
            Column("answered_at", gettext_lazy("Answered at"), sort=("answered_at",)),
        ),
        search=("application__reference", "application__laboratory__name"),
        filters=(Filter("state", gettext_lazy("Answer"), [(s.value, s.label) for s in ANSWERED]),),
        default_sort="-answered_at",
        file_name="offers",
    )  # fmt: skip
    if listing.wants_export:
        return listing.export()
    waiting = list(own(request).filter(state=OfferState.SENT).order_by("sent_at", "pk"))
    return render(request, "assessors/offers.html", {"listing": listing, "waiting": waiting})


def _seat_in_words(seat: Seat) -> str:
    is_check = seat.assessment.mode == Mode.COMMITMENT
    return " · ".join([seat.get_role_display(), *([seat.assessment.get_mode_display()] if is_check else [])])


def _page(
    request: HttpRequest, offer: Offer, accept: AcceptForm | None = None, decline: DeclineForm | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "offer": offer, "accept_form": accept or AcceptForm(), "decline_form": decline or DeclineForm(),
        "can_answer": door.can(cast(User, request.user), "accept", offer), "application": offer.application,
        "shows_case": offer.state in SHOWS_CASE,
    }  # fmt: skip
    if offer.state in SHOWS_CASE:
        context |= pictures.summary(offer.application)
    return render(request, "assessors/offer.html", context, status=422 if accept or decline else 200)


@assessors
@require_safe
def detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One offer: the summary of its case, and the answer."""
    return _page(request, get_object_or_404(own(request), uuid=uuid))


@assessors
@require_POST
def accept(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take the seat."""
    offer, form = get_object_or_404(own(request), uuid=uuid), AcceptForm(request.POST)
    if saves(form, lambda: services.accept(offer=offer, by=cast(User, request.user), now=timezone.now())):
        messages.success(request, _accepted(offer.seat))
        return redirect("assessors:offers")
    return _page(request, offer, accept=form)


def _accepted(seat: Seat) -> str:
    """What comes next for whoever has taken a seat; the check of a commitment has no review of the file."""
    if seat.assessment.mode != Mode.COMMITMENT:
        return _("You have accepted; the file is open for you. The leader reviews it once all seats are taken.")
    if seat.role == SeatRole.LEADER:
        return _(
            "You have accepted; the file is open for you. Once all seats are taken you check the commitment on site with"
            " the team and record the conclusion."
        )
    return _(
        "You have accepted; the file is open for you. Once all seats are taken the team checks the commitment on site and"
        " its leader records the conclusion."
    )


@assessors
@require_POST
def decline(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Decline with a reason, or because of a tie."""
    offer, form = get_object_or_404(own(request), uuid=uuid), DeclineForm(request.POST)
    if saves(form, lambda: _decline(offer, form, cast(User, request.user))):
        messages.success(request, _("You have declined. The next assessor is asked."))
        return redirect("assessors:offers")
    return _page(request, offer, decline=form)


def _decline(offer: Offer, form: DeclineForm, by: User) -> None:
    tie, reason, now = form.cleaned_data["tie"], form.cleaned_data["reason"], timezone.now()
    if tie:
        services.decline_for_tie(offer=offer, kind=tie, note=reason, by=by, now=now)
    else:
        services.decline(offer=offer, reason=reason, by=by, now=now)
