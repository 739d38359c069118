"""People and roles. A person whom the reader may not see answers 404."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qualification.access import roles, signed_in
from qualification.accounts import mailing, queries, services
from qualification.accounts.enums import Role
from qualification.accounts.forms import NameForm, OwnForm, PersonForm, ReasonForm, RoleForm
from qualification.accounts.listing import people_page
from qualification.accounts.models import Membership, User
from qualification.door import Refused, may, reasons
from qualification.models import TransitionLog

logger = logging.getLogger(__name__)
HISTORY = 100
keepers = roles(Role.REGION_ADMIN, Role.LAB_MANAGER)


def _actor(request: HttpRequest) -> User:
    return cast(User, request.user)


def _person(request: HttpRequest, uuid: UUID) -> User:
    return get_object_or_404(queries.visible_to(request.user), uuid=uuid)


def _saves(form: forms.Form, act: Callable[[], Any]) -> bool:
    """Whether the form is valid and the service took it; what the service refuses is told in the form."""
    if not form.is_valid():
        return False
    try:
        act()
    except ValidationError as error:
        known = not hasattr(error, "error_dict") or set(error.error_dict) <= set(form.fields)
        form.add_error(None, error if known else ValidationError(error.messages))
        return False
    return True


@keepers
@require_safe
def people(request: HttpRequest) -> HttpResponseBase:
    """The people."""
    listing = people_page(request, _actor(request))
    if listing.wants_export:
        return listing.export()
    return render(request, "accounts/people.html", {"listing": listing})


@keepers
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Add a person with the first role."""
    form = PersonForm(request.POST or None, by=_actor(request), initial={"role": request.GET.get("role", "")})
    made: list[User] = []
    if request.method == "POST" and _saves(form, lambda: made.append(_add(request, form))):
        if not form.cleaned_data["has_account"]:
            _send_link(request, made[0])
        messages.success(request, _("%(name)s has the role.") % {"name": made[0]})
        return redirect("accounts:person", made[0].uuid)
    return render(request, "accounts/add.html", {"form": form}, status=422 if form.is_bound else 200)


def _add(request: HttpRequest, form: PersonForm) -> User:
    by, now, data = _actor(request), timezone.now(), form.cleaned_data
    if data["has_account"]:
        assert form.known is not None
        return services.give_role(person=form.known, **form.place, by=by, now=now).user
    facts = {key: data[key] for key in ("name", "email", "phone", "language")}
    return services.add_person(**facts, **form.place, by=by, now=now)


def _send_link(request: HttpRequest, person: User) -> None:
    """Send the link; a mail server that fails is told, the account stays."""
    try:
        mailing.send_password_link(person)
    except OSError:
        logger.exception("The link to set a password could not be sent")
        messages.error(
            request,
            _("The mail to %(email)s could not be sent. Send the link again from the person's page.")
            % {"email": person.email},
        )
    else:
        messages.success(request, _("A link to set a password was sent to %(email)s.") % {"email": person.email})


@keepers
@require_safe
def person(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One person with all roles, and what was done to the account."""
    found = _person(request, uuid)
    return render(request, "accounts/person.html", _shown(request, found, RoleForm(by=_actor(request))))


def _shown(request: HttpRequest, found: User, form: RoleForm) -> dict[str, Any]:
    by = _actor(request)
    memberships = found.memberships.select_related("authority", "laboratory").order_by("ended_at", "pk")
    verb = "deactivate" if found.is_active else "reactivate"
    return {
        "person": found,
        "memberships": [(m, _end_form(m) if m.ended_at is None and may(by, "end", m) else None) for m in memberships],
        "form": form,
        "reason_form": ReasonForm(auto_id="id_account_%s"),
        "can_give": found.is_active and found.pk != by.pk,
        "can_invite": found.is_active and may(by, "invite", found),
        "can_switch": may(by, verb, found),
        "name_form": NameForm(initial={"name": found.name}, auto_id="id_name_%s") if may(by, "rename", found) else None,
        "history": _history(found),
    }


def _end_form(membership: Membership) -> ReasonForm:
    """The question of one role; its fields have ids of their own, for the page has several."""
    return ReasonForm(auto_id=f"id_role{membership.pk}_%s")


def _history(found: User) -> list[TransitionLog]:
    """What was done to the account, the roles in words."""
    labels = dict(Role.choices)
    rows = list(queries.history_of(found)[:HISTORY])
    for row in rows:
        row.role_label = labels.get(row.facts.get("role"), "")  # type: ignore[attr-defined]
    return rows


@keepers
@require_POST
def give(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give one more role."""
    found, form = _person(request, uuid), RoleForm(request.POST, by=_actor(request))
    if _saves(form, lambda: services.give_role(person=found, **form.place, by=_actor(request), now=timezone.now())):
        messages.success(request, _("%(name)s has the role.") % {"name": found})
        return redirect("accounts:person", uuid)
    return render(request, "accounts/person.html", _shown(request, found, form), status=422)


@keepers
@require_POST
def end(request: HttpRequest, uuid: UUID, pk: int) -> HttpResponse:
    """End a role."""
    found = _person(request, uuid)
    membership = get_object_or_404(Membership.objects.select_related("user"), user=found, pk=pk)
    return _with_reason(
        request, found, _("The role is ended."),
        lambda reason: services.end_role(membership=membership, reason=reason, by=_actor(request), now=timezone.now()),
    )  # fmt: skip


@keepers
@require_POST
def switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Close an account, or open it again."""
    found = _person(request, uuid)
    act = services.deactivate if request.POST.get("active") == "no" else services.reactivate
    says = _("The account is closed.") if act is services.deactivate else _("The account is open again.")
    return _with_reason(
        request, found, says, lambda reason: act(person=found, reason=reason, by=_actor(request), now=timezone.now())
    )


def _with_reason(request: HttpRequest, found: User, says: str, act: Callable[[str], None]) -> HttpResponse:
    form = ReasonForm(request.POST)
    if _saves(form, lambda: act(form.cleaned_data["reason"])):
        messages.success(request, says)
    else:
        messages.error(request, " ".join(str(text) for errors in form.errors.values() for text in errors))
    return redirect("accounts:person", found.uuid)


@keepers
@require_POST
def rename(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Correct a person's name."""
    found, form, by = _person(request, uuid), NameForm(request.POST), _actor(request)
    if _saves(form, lambda: services.rename(person=found, **form.cleaned_data, by=by, now=timezone.now())):
        messages.success(request, _("The name is changed. Papers that were made keep the old one."))
    else:
        messages.error(request, " ".join(str(text) for errors in form.errors.values() for text in errors))
    return redirect("accounts:person", uuid)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """One's own address, telephone and language."""
    me = _actor(request)
    kept = {"email": me.email, "phone": me.phone, "language": me.language}
    form = OwnForm(request.POST or None, initial=kept)
    if request.method == "POST" and _saves(
        form, lambda: services.change_own(person=me, **form.cleaned_data, now=timezone.now())
    ):
        messages.success(request, _("Saved."))
        return redirect("accounts:own")
    return render(request, "accounts/own.html", {"form": form, "me": me}, status=422 if form.errors else 200)


@keepers
@require_POST
def invite(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send the link to set a password again."""
    found = _person(request, uuid)
    if not found.is_active or not may(_actor(request), "invite", found):
        raise Refused(reasons.of("accounts.User.invite"))
    _send_link(request, found)
    return redirect("accounts:person", uuid)
