"""What the team's views share: the assessment, the person, the decorators."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from qualification.access import roles
from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.accounts.models import User
from qualification.assessments.enums import Mode
from qualification.assessments.models import Assessment
from qualification.assessments.queries import visible_to

RELATED = ("application__laboratory", "application__authority__profile", "edition", "rectification")
assessors = roles(Role.ASSESSOR)
# The team works here; the authorities' staff look on.
readers = roles(Role.ASSESSOR, *sorted(STAFF_ROLES | NATIONAL_ROLES))
form_methods = require_http_methods(["GET", "HEAD", "POST"])


def actor(request: HttpRequest) -> User:
    """The person who has signed in."""
    return cast(User, request.user)


def visible(request: HttpRequest, uuid: UUID) -> Assessment:
    """The assessment for its team and for staff who see the case, or 404; a laboratory's people have pages of their own.

    A commitment's check has one page of its own instead.
    """
    user = actor(request)
    seen = visible_to(user).exclude(application__laboratory_id__in=user.laboratory_ids()).filter(mode=Mode.ON_SITE)
    return get_object_or_404(seen.select_related(*RELATED), uuid=uuid)


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when it is nothing; None for a page that is only read."""
    return request.POST if request.method == "POST" else None


def asked_by_script(request: HttpRequest) -> bool:
    """Whether a script of ours waits for JSON."""
    return request.headers.get("X-Requested-With") == "XMLHttpRequest"


def to(name: str, assessment: Assessment, anchor: str = "") -> HttpResponse:
    """The way to a page of the assessment."""
    answer = redirect(f"assessments:{name}", assessment.uuid)
    if anchor:
        answer["Location"] += f"#{anchor}"
    return answer
