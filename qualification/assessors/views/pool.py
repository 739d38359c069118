"""The pool: a list for staff, one entry with its record, and its keeping by the home region."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qualification.access import roles
from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.accounts.models import User
from qualification.assessors import keeping, pictures, pool
from qualification.assessors.forms import AbsenceForm, AssessorForm, NewAssessorForm, TieForm, TrainingForm
from qualification.assessors.models import Absence, Assessor, Tie, Training
from qualification.assessors.queries import visible_to
from qualification.laboratories.forms import saves

staff = roles(*sorted(STAFF_ROLES | NATIONAL_ROLES))
readers = roles(Role.ASSESSOR, *sorted(STAFF_ROLES | NATIONAL_ROLES))
keepers = roles(Role.COORDINATOR, Role.REGION_ADMIN)
answerers = roles(Role.ASSESSOR, Role.COORDINATOR, Role.REGION_ADMIN)
form_methods = require_http_methods(["GET", "HEAD", "POST"])

# What is entered under which name: model, form, heading of the page, words when it is done.
ENTRIES: dict[str, tuple[type[Any], type[Any]]] = {
    "ties": (Tie, TieForm), "absences": (Absence, AbsenceForm), "trainings": (Training, TrainingForm),
}  # fmt: skip


def _actor(request: HttpRequest) -> User:
    return cast(User, request.user)


def _visible(request: HttpRequest, uuid: UUID) -> Assessor:
    return get_object_or_404(visible_to(_actor(request)).select_related("user", "home"), uuid=uuid)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


@staff
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """The pool of the five regions."""
    listing = pool.listing(request, visible_to(_actor(request)))
    if listing.wants_export:
        return listing.export()
    can_add = _actor(request).has_role(Role.COORDINATOR, Role.REGION_ADMIN)
    return render(request, "assessors/pool.html", {"listing": listing, "can_add": can_add})


@readers
@require_safe
def detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One entry with its record."""
    context = pictures.assessor_page(_visible(request, uuid), _actor(request), timezone.now())
    return render(request, "assessors/assessor.html", context)


@roles(Role.ASSESSOR)
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """The person's own record."""
    own = Assessor.objects.filter(user=_actor(request)).select_related("user", "home").first()
    if own is None:
        return render(request, "assessors/no_record.html")
    return render(request, "assessors/assessor.html", pictures.assessor_page(own, _actor(request), timezone.now()))


def _form_page(request: HttpRequest, form: Any, title: str, assessor: Assessor | None = None) -> HttpResponse:
    context = {"form": form, "title": title, "assessor": assessor}
    return render(request, "assessors/form.html", context, status=422 if form.is_bound else 200)


@keepers
@form_methods
def add(request: HttpRequest) -> HttpResponse:
    """Take somebody of the own region into the pool."""
    form = NewAssessorForm(_posted(request), keeper=_actor(request))
    if saves(form, lambda: keeping.add_assessor(values=form.values, by=_actor(request), now=timezone.now())):
        messages.success(request, _("%(name)s is in the pool.") % {"name": form.cleaned_data["user"]})
        return redirect("assessors:assessor", form.cleaned_data["user"].assessor.uuid)
    return _form_page(request, form, _("Take somebody into the pool"))


@keepers
@form_methods
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change an entry of the own region."""
    assessor = _visible(request, uuid)
    keeping.demand_edit(_actor(request), assessor)
    form = AssessorForm(_posted(request), instance=_visible(request, uuid))
    if saves(form, lambda: keeping.change_assessor(
        assessor=assessor, values=form.values, reason=form.cleaned_data["reason"], by=_actor(request), now=timezone.now()
    )):  # fmt: skip
        messages.success(request, _("The entry is saved."))
        return redirect("assessors:assessor", uuid)
    return _form_page(request, form, _("Change the entry"), assessor)


@answerers
@form_methods
def entry_add(request: HttpRequest, uuid: UUID, kind: str) -> HttpResponse:
    """Enter a tie, an absence or a training."""
    assessor, (model, form_class) = _visible(request, uuid), ENTRIES[kind]
    (keeping.demand_absence if model is Absence else keeping.demand_edit)(_actor(request), assessor)
    form = form_class(_posted(request))
    if saves(form, lambda: keeping.add_entry(
        model=model, assessor=assessor, values=form.values, by=_actor(request), now=timezone.now()
    )):  # fmt: skip
        messages.success(request, _("Entered."))
        return _back(request, assessor)
    titles = {"ties": _("Enter a tie"), "absences": _("Enter an absence"), "trainings": _("Enter a training")}
    return _form_page(request, form, titles[kind], assessor)


@answerers
@require_POST
def entry_remove(request: HttpRequest, uuid: UUID, kind: str, pk: int) -> HttpResponse:
    """Take a tie, an absence or a training out."""
    assessor, model = _visible(request, uuid), ENTRIES[kind][0]
    entry = get_object_or_404(model.objects.select_related("assessor"), assessor=assessor, pk=pk)
    keeping.remove_entry(entry=entry, by=_actor(request), now=timezone.now())
    messages.success(request, _("Taken out; the history keeps what it was."))
    return _back(request, assessor)


def _back(request: HttpRequest, assessor: Assessor) -> HttpResponse:
    if assessor.user_id == _actor(request).pk:
        return redirect("assessors:me")
    return redirect("assessors:assessor", assessor.uuid)
