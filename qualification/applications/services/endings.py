"""The endings before a decision: withdrawn by the laboratory, terminated with consent."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications import notices
from qualification.applications.models import Application, Concurrence, SupplementRequest, TerminationRequest
from qualification.assessments.enums import AssessmentState
from qualification.assessments.models import Assessment, Rectification, Visit
from qualification.assessors.models import Offer

if TYPE_CHECKING:
    from qualification.accounts.models import User


def withdraw(*, application: Application, reason: str, by: User, now: dt.datetime) -> Application:
    """The laboratory withdraws before the decision; everything open ends with it."""
    if not reason.strip():
        raise ValidationError(_("Say why the application is withdrawn."))
    with transaction.atomic():
        door.perform(application, "withdraw", by=by, now=now, reason=reason)
        close_side_rows(application=application, by=by, now=now)
        notices.withdrawal(application, reason=reason, now=now)
    return application


def close_side_rows(
    *, application: Application, by: User | None, now: dt.datetime, keep: TerminationRequest | None = None
) -> None:
    """Void every open side row of a case that has ended, and end its assessment."""
    for row in _open_rows(application):
        if row != keep:
            door.perform(row, "void", by=by, now=now)
    assessment = Assessment.objects.filter(application=application, state__in=AssessmentState.open()).first()
    if assessment is not None:
        door.perform(assessment, "terminate", by=by, now=now)


def _open_rows(
    application: Application,
) -> list[SupplementRequest | TerminationRequest | Concurrence | Offer | Visit | Rectification]:
    return [
        *SupplementRequest.objects.filter(application=application, state__in=["draft", "sent"]).order_by("pk"),
        *TerminationRequest.objects.filter(application=application, state__in=["draft", "asked"]).order_by("pk"),
        *Concurrence.objects.filter(application=application, state__in=["prepared", "requested"]).order_by("pk"),
        *Offer.objects.filter(application=application, state__in=["drawn", "sent"]).order_by("pk"),
        *Visit.objects.filter(application=application, state__in=["draft", "proposed"]).order_by("pk"),
        *Rectification.objects.filter(application=application, state__in=["draft", "open", "handed_in"]).order_by("pk"),
    ]


def ask_termination(*, application: Application, reason: str, by: User, now: dt.datetime) -> TerminationRequest:
    """Ask the authority to consent that the review ends."""
    if not reason.strip():
        raise ValidationError(_("Say why the review should end."))
    with transaction.atomic():
        fresh = door.lock(application)
        if fresh.state != "in_review":  # type: ignore[attr-defined]
            raise door.Stale(door.stale_message(fresh))
        if TerminationRequest.objects.filter(application=application, state__in=["draft", "asked"]).exists():
            raise door.Stale(_("There is already a request to terminate this review; wait for the answer."))
        request: TerminationRequest = TerminationRequest.objects.create(application=application, reason=reason.strip())
        door.perform(request, "ask", by=by, now=now)
    return request


def consent_termination(*, request: TerminationRequest, answer: str, by: User, now: dt.datetime) -> Application:
    """The authority consents: the review and the case end, with a notice."""
    application = request.application
    with transaction.atomic():
        door.perform(request, "consent", by=by, now=now, reason=answer, before=lambda r: _keep_answer(r, answer))
        door.perform(application, "terminate", by=by, now=now, reason=request.reason)
        close_side_rows(application=application, by=by, now=now, keep=request)
        notices.termination(application, reason=request.reason, now=now)
    return application


def deny_termination(*, request: TerminationRequest, answer: str, by: User, now: dt.datetime) -> TerminationRequest:
    """The authority does not consent; the review goes on. A reason is needed."""
    if not answer.strip():
        raise ValidationError(_("Say why the review goes on."))
    door.perform(request, "deny", by=by, now=now, reason=answer, before=lambda r: _keep_answer(r, answer))
    return request


def _keep_answer(request: TerminationRequest, answer: str) -> None:
    request.answer = answer.strip()
