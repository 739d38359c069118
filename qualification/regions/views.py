"""Settings of a region and the dictionaries. A profile that the person may not see answers 404."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from qualification.access import roles
from qualification.accounts.enums import LIMIT_ROLES, NATIONAL_ROLES
from qualification.accounts.models import User
from qualification.door import may
from qualification.regions import profile_page, queries, services
from qualification.regions.forms import EntryForm, LimitForm, SettingForm
from qualification.regions.models import DictionaryEntry, Profile
from qualification.regions.settings import SETTINGS, Setting, setting

readers = roles(*sorted(LIMIT_ROLES), *sorted(NATIONAL_ROLES))
form_methods = require_http_methods(["GET", "HEAD", "POST"])


def _profile(request: HttpRequest, code: str) -> Profile:
    return get_object_or_404(queries.profiles_visible_to(request.user), authority__code=code)


def _saves(form: forms.BaseForm, act: Callable[[], Any]) -> bool:
    """Whether the form is valid and the service took it; what the service refuses is told in the form."""
    if not form.is_valid():
        return False
    try:
        act()
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


@readers
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The own authority's settings; several side by side."""
    profiles = list(queries.profiles_visible_to(request.user).order_by("authority__code"))
    if len(profiles) == 1:
        return redirect("regions:profile", profiles[0].authority.code)
    context = {"profiles": profiles, "compared": profile_page.side_by_side(profiles)}
    return render(request, "regions/compare.html", context)


@readers
@require_safe
def profile(request: HttpRequest, code: str) -> HttpResponse:
    """Every setting of one authority, and what changed."""
    found = _profile(request, code)
    person = cast(User, request.user)
    context = {
        "profile": found,
        "limits": profile_page.limit_rows(found),
        "rows": profile_page.rows(found),
        "history": profile_page.history(found),
        "can_change": may(person, "change_setting", found),
        "can_enter": may(person, "enter_limit", found),
    }
    return render(request, "regions/profile.html", context)


@readers
@form_methods
def change(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """Change one setting; a limit has a date of effect and is entered on a page of its own (`clocks:enter_limit`)."""
    found, known = _profile(request, code), SETTINGS.get(key)
    if known is not None and known.is_limit:
        return _limit(request, found, known)
    if known is None or not may(cast(User, request.user), "change_setting", found):
        raise Http404
    value, allowed = setting(found.authority, key), profile_page.allowed(known)
    form = SettingForm(request.POST or None, known=known, value=value, allowed=allowed)
    if request.method == "POST" and _saves(form, lambda: services.change(
        profile=found, key=key, **form.cleaned_data, by=cast(User, request.user), now=timezone.now()
    )):  # fmt: skip
        messages.success(request, _("“%(label)s” is changed.") % {"label": known.label})
        return redirect("regions:profile", code)
    context = {"profile": found, "known": known, "form": form, "default": profile_page.say(known, known.default)}
    return render(request, "regions/change.html", context, status=422 if form.is_bound else 200)


def _limit(request: HttpRequest, found: Profile, known: Setting) -> HttpResponse:
    """What is in force, what will be and what was, and for whoever may enter a new one the form, which is sent elsewhere."""
    if request.method == "POST":
        raise Http404
    today = timezone.localdate()
    allowed = profile_page.allowed_limit(known, found.authority, today)
    can_enter = may(cast(User, request.user), "enter_limit", found)
    context = {
        "profile": found, "known": known,
        "form": LimitForm(known=known, allowed=allowed, initial={"effective_on": today}) if can_enter else None,
        "limit": profile_page.limit_row(found, known), "entries": profile_page.entries(found, known),
    }  # fmt: skip
    return render(request, "regions/limit.html", context)


@readers
@require_safe
def dictionaries(request: HttpRequest) -> HttpResponse:
    """The codes FF and MM of the certificate number."""
    entries = list(DictionaryEntry.objects.order_by("kind", "code"))
    parts = [(kind.label, [e for e in entries if e.kind == kind]) for kind in DictionaryEntry.Kind]
    can_edit = bool(entries) and may(cast(User, request.user), "edit", entries[0])
    return render(request, "regions/dictionaries.html", {"parts": parts, "can_edit": can_edit})


@readers
@form_methods
def entry(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Change the names of a code or whether it is offered."""
    found = get_object_or_404(DictionaryEntry, kind=kind, code=code)
    if not may(cast(User, request.user), "edit", found):
        raise Http404
    form = EntryForm(request.POST or None, instance=found)
    if request.method == "POST" and _saves(form, lambda: services.edit_entry(
        entry=found, values=form.cleaned_data, reason=form.cleaned_data["reason"],
        by=cast(User, request.user), now=timezone.now(),
    )):  # fmt: skip
        messages.success(request, _("Code %(code)s is changed.") % {"code": code})
        return redirect("regions:dictionaries")
    return render(request, "regions/entry.html", {"entry": found, "form": form}, status=422 if form.is_bound else 200)
