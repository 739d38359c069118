"""Pages of laboratories. A laboratory that the person may not see answers 404."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qualification.access import roles, signed_in
from qualification.accounts.enums import LABORATORY_ROLES, Role
from qualification.accounts.models import User
from qualification.laboratories import queries, registers, services
from qualification.laboratories.forms import EntryForm, LaboratoryForm, SiteForm, saves
from qualification.laboratories.models import Laboratory, Site
from qualification.laboratories.pictures import overview, tabs

form_methods = require_http_methods(["GET", "HEAD", "POST"])
editors = roles(*sorted(LABORATORY_ROLES), Role.REGION_ADMIN)
members = roles(*sorted(LABORATORY_ROLES))


def visible(request: HttpRequest, uuid: UUID) -> Laboratory:
    """The laboratory, or 404."""
    return get_object_or_404(queries.visible_to(request.user).select_related("authority", "parent"), uuid=uuid)


def actor(request: HttpRequest) -> User:
    """The person who has signed in."""
    return cast(User, request.user)


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when it is nothing; None for a page that is only read."""
    return request.POST if request.method == "POST" else None


def at(laboratory: Laboratory, name: str = "detail", *more: Any) -> HttpResponse:
    """The way to a page of the laboratory."""
    return redirect(f"laboratories:{name}", laboratory.uuid, *more)


def form_page(request: HttpRequest, laboratory: Laboratory | None, form: Any, title: str, **more: Any) -> HttpResponse:
    """A page with one form."""
    context = {"laboratory": laboratory, "form": form, "title": title, **more}
    return render(request, "laboratories/form.html", context)


@signed_in
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """All laboratories that the person may see."""
    listing = registers.LaboratoryListPage(request, queries.visible_to(request.user))
    if listing.wants_export:
        return listing.export()
    context = {"listing": listing, "can_create": services.allows(request.user, "create", None)}
    return render(request, "laboratories/list.html", context)


@members
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The person's own laboratory; the list where they act for several."""
    own = Laboratory.objects.filter(pk__in=actor(request).laboratory_ids())
    return at(own[0]) if len(own) == 1 else redirect("laboratories:list")


@roles(Role.REGION_ADMIN)
@form_methods
def create(request: HttpRequest) -> HttpResponse:
    """Enter a laboratory of one's own region."""
    form = LaboratoryForm(posted(request), user=actor(request))
    now = timezone.now()
    if saves(form, lambda: services.create_laboratory(values=form.values, by=actor(request), now=now)):
        laboratory = Laboratory.objects.get(credit_code=form.cleaned_data["credit_code"])
        messages.success(request, _("%(name)s is entered.") % {"name": laboratory})
        return at(laboratory)
    return form_page(request, None, form, _("Enter a laboratory"))


@signed_in
@require_safe
def detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The laboratory's home page."""
    laboratory = visible(request, uuid)
    return render(request, "laboratories/detail.html", overview(laboratory, request.user))


@editors
@form_methods
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change the profile."""
    laboratory, now = visible(request, uuid), timezone.now()
    services.demand(request.user, "edit_profile", laboratory)
    form = LaboratoryForm(posted(request), instance=visible(request, uuid), user=actor(request))
    if saves(form, lambda: services.update_laboratory(
        laboratory=laboratory, values=form.values, reason=form.reason_given, by=actor(request), now=now
    )):  # fmt: skip
        messages.success(request, _("The profile is saved."))
        return at(laboratory)
    return form_page(request, laboratory, form, _("Change the profile"))


def _save_entry(request: HttpRequest, laboratory: Laboratory, form: EntryForm) -> bool:
    """Add or change what the form is about; says so on the next page."""
    entry, by, now = form.instance, actor(request), timezone.now()

    def act() -> None:
        if entry.pk is None:
            services.add_entry(model=type(entry), laboratory=laboratory, values=form.cleaned_data, by=by, now=now)
        else:
            services.change_entry(entry=entry, values=form.cleaned_data, by=by, now=now)

    if not saves(form, act):
        return False
    messages.success(request, _("%(what)s is saved.") % {"what": entry})
    return True


def _set_active(request: HttpRequest, entry: Any) -> None:
    is_active = request.POST.get("active") == "yes"
    try:
        services.set_active(entry=entry, is_active=is_active, by=actor(request), now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return
    says = _("%(what)s is in force again.") if is_active else _("%(what)s is no longer in force.")
    messages.success(request, says % {"what": entry})


@members
@form_methods
def site_new(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Enter a site."""
    laboratory = visible(request, uuid)
    services.demand(request.user, "edit_sites", laboratory)
    form = SiteForm(posted(request), laboratory=laboratory)
    if _save_entry(request, laboratory, form):
        return at(laboratory)
    return form_page(request, laboratory, form, _("Enter a site"))


@members
@form_methods
def site_edit(request: HttpRequest, uuid: UUID, entry: UUID) -> HttpResponse:
    """Change a site."""
    laboratory = visible(request, uuid)
    services.demand(request.user, "edit_sites", laboratory)
    site = get_object_or_404(Site, laboratory=laboratory, uuid=entry)
    form = SiteForm(posted(request), instance=site, laboratory=laboratory)
    if _save_entry(request, laboratory, form):
        return at(laboratory)
    return form_page(request, laboratory, form, _("Change the site"))


@members
@require_POST
def site_active(request: HttpRequest, uuid: UUID, entry: UUID) -> HttpResponse:
    """Take a site out of use, or put it back."""
    laboratory = visible(request, uuid)
    _set_active(request, get_object_or_404(Site, laboratory=laboratory, uuid=entry))
    return at(laboratory)


@signed_in
@require_safe
def register(request: HttpRequest, uuid: UUID, register: str) -> HttpResponseBase:
    """One register of a laboratory."""
    laboratory, page = visible(request, uuid), registers.PAGES[register]
    can_edit = services.allows(request.user, page.verb, laboratory)
    listing = registers.listing(request, laboratory, page, can_edit=can_edit)
    if listing.wants_export:
        return listing.export()
    context = {"laboratory": laboratory, "page": page, "listing": listing, "can_edit": can_edit}
    return render(request, "laboratories/register.html", {**context, "tabs": tabs(laboratory, register)})


@members
@form_methods
def entry_new(request: HttpRequest, uuid: UUID, register: str) -> HttpResponse:
    """Enter a person or a device."""
    laboratory, page = visible(request, uuid), registers.PAGES[register]
    services.demand(request.user, page.verb, laboratory)
    form = page.form(posted(request), laboratory=laboratory)
    if _save_entry(request, laboratory, form):
        return at(laboratory, "register", register)
    return form_page(request, laboratory, form, page.title_new, page=page)


@members
@form_methods
def entry_edit(request: HttpRequest, uuid: UUID, register: str, entry: UUID) -> HttpResponse:
    """Change a person or a device."""
    laboratory, page = visible(request, uuid), registers.PAGES[register]
    services.demand(request.user, page.verb, laboratory)
    found = get_object_or_404(page.rows(laboratory), uuid=entry)
    form = page.form(posted(request), instance=found, laboratory=laboratory)
    if _save_entry(request, laboratory, form):
        return at(laboratory, "register", register)
    return form_page(request, laboratory, form, page.title_edit, page=page)


@members
@require_POST
def entry_active(request: HttpRequest, uuid: UUID, register: str, entry: UUID) -> HttpResponse:
    """Take a person or a device out of force, or put it back."""
    laboratory, page = visible(request, uuid), registers.PAGES[register]
    _set_active(request, get_object_or_404(page.rows(laboratory), uuid=entry))
    return at(laboratory, "register", register)
