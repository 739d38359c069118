"""What every page of a laboratory about its own cases needs: the case or 404, the verb or 403 or 409."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from qualification import door
from qualification.access import roles
from qualification.accounts.enums import LABORATORY_ROLES
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.applications.queries import visible_to

form_methods = require_http_methods(["GET", "HEAD", "POST"])
members = roles(*sorted(LABORATORY_ROLES))
RELATED = ("laboratory", "authority__profile", "certificate", "supplement", "saved_by", "created_by")


def actor(request: HttpRequest) -> User:
    """The person who has signed in."""
    return cast(User, request.user)


def own_cases(user: User) -> QuerySet[Application]:
    """The cases of the laboratories for which the person acts; whatever else they may read is not answered here."""
    return visible_to(user).filter(laboratory_id__in=user.laboratory_ids()).select_related(*RELATED)


def own_case(request: HttpRequest, uuid: UUID) -> Application:
    """The laboratory's own case, or 404."""
    return get_object_or_404(own_cases(actor(request)), uuid=uuid)


def demand(user: User, verb: str, subject: Any) -> None:
    """The page of a verb is for whoever may do it now. Raises Refused or, when the case has moved on, Stale."""
    if not door.may(user, verb, subject):
        raise door.Refused(door.reasons.of(door.permission_of(subject, verb)))
    if not door.can(user, verb, subject):
        raise door.Stale(door.stale_message(subject))


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when it is nothing; None for a page that is only read."""
    return request.POST if request.method == "POST" else None


def is_confirmed(request: HttpRequest) -> bool:
    """Whether what cannot be undone was asked and answered with yes; says so where it was not."""
    if request.POST.get("confirm") == "yes":
        return True
    messages.warning(request, _("Nothing was done yet: answer the question first."))
    return False


def to_case(application: Application) -> HttpResponse:
    """The way to the page of a case."""
    return redirect("inbox:case", application.uuid)


def sentences(error: Any) -> list[str]:
    """What an error says, whether it is a ValidationError or one of ours with a message."""
    return list(getattr(error, "messages", None) or [error.message])
