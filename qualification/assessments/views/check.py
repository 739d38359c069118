"""The page of a commitment's check: what was committed to, the evidence, the conclusion, and revoking what proved false."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification.assessments import pictures
from qualification.assessments.forms import CheckForm, RevokeForm
from qualification.assessments.models import CommitmentCheck
from qualification.assessments.queries import checks_visible_to
from qualification.assessments.services import checking
from qualification.assessments.views.own import actor, form_methods, posted, readers
from qualification.laboratories.forms import saves

RELATED = (
    "application__laboratory",
    "application__authority__profile",
    "application__assessment",
    "application__edition__certificate",
    "done_by",
    "settled_by",
)


def _record(check: CommitmentCheck, form: Any, request: HttpRequest) -> None:
    checking.record(check=check, by=actor(request), now=timezone.now(), **form.cleaned_data)
    messages.success(request, _("The check is recorded. The laboratory and the authority are told."))


def _revoke(check: CommitmentCheck, form: Any, request: HttpRequest) -> None:
    checking.revoke(check=check, by=actor(request), now=timezone.now(), **form.cleaned_data)
    messages.success(request, _("What was granted is revoked. The laboratory has been told."))


ACTS: dict[str, Callable[[CommitmentCheck, Any, HttpRequest], None]] = {"record": _record, "revoke": _revoke}


@readers
@form_methods
def check(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What was committed to and what was found; POST records the check, or revokes what proved false."""
    user = actor(request)
    found: CommitmentCheck = get_object_or_404(checks_visible_to(user).select_related(*RELATED), uuid=uuid)
    act = request.POST.get("act", "")
    forms = {
        "record": CheckForm(posted(request) if act == "record" else None),
        "revoke": RevokeForm(posted(request) if act == "revoke" else None),
    }
    if act in ACTS and saves(forms[act], lambda: ACTS[act](found, forms[act], request)):
        return redirect("assessments:check", uuid)
    context = {**pictures.check_page(found, user), "form": forms["record"], "revoke_form": forms["revoke"]}
    return render(request, "assessments/check.html", context, status=422 if act in ACTS else 200)
