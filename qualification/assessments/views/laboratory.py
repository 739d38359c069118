"""What a laboratory answers in its assessment: material asked for, dates, records, rectification."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications import pagenotes
from qualification.applications.views.own import (
    actor,
    demand,
    form_methods,
    is_confirmed,
    members,
    own_cases,
    posted,
    sentences,
    to_case,
)
from qualification.assessments import answering
from qualification.assessments.forms_lab import HoldForm, OtherDatesForm
from qualification.assessments.models import Assessment, Visit
from qualification.assessments.services import concluding, file_review, findings, visits

RELATED = ("application__laboratory", "application__authority__profile")
# The laboratory learns of records while they can still be confirmed, and keeps reading them afterwards.
RECORDED = frozenset({"visiting", "rectifying", "reporting", "reported"})


def own_assessment(request: HttpRequest, uuid: UUID) -> Assessment:
    """The assessment of one of the laboratory's own cases, or 404."""
    own = Assessment.objects.filter(application__in=own_cases(actor(request))).select_related(*RELATED, "rectification")
    return get_object_or_404(own, uuid=uuid)


# -- material the leader asks for


@members
@form_methods
def hold(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The leader's list with a slot per point, and handing the material in."""
    assessment = own_assessment(request, uuid)
    demand(actor(request), "resume_file", assessment)
    form = HoldForm(posted(request))
    if request.method == "POST" and form.is_valid() and is_confirmed(request) and _supply(request, assessment, form):
        messages.success(request, _("The material is handed in; the leader goes on with the review of the file."))
        return to_case(assessment.application)
    wishes = answering.wishes_of(assessment)
    turn = answering.hold_id(assessment, answering.hold_turn(assessment))
    notes = pagenotes.by_point(actor(request), assessment.application, turn)
    context = {
        "assessment": assessment, "application": assessment.application, "form": form, "wishes": wishes, "notes": notes,
    }  # fmt: skip
    return render(request, "assessments/lab/hold.html", context, status=422 if form.errors else 200)


def _supply(request: HttpRequest, assessment: Assessment, form: HoldForm) -> bool:
    empty = [str(wish.number) for wish in answering.wishes_of(assessment) if not wish.is_answered]
    if empty:
        text = _("Hand in a file for each point. None is there yet for: %(points)s.")
        form.add_error(None, text % {"points": _(", ").join(empty)})
        return False
    try:
        file_review.resume_file(
            assessment=assessment, answer=form.cleaned_data["answer"], by=actor(request), now=timezone.now()
        )
    except ValidationError as error:
        return _keep_errors(form, error)
    return True


def _keep_errors(form: Any, error: ValidationError) -> bool:
    for sentence in sentences(error):
        form.add_error(None, sentence)
    return False


# -- the date of the visit


@members
@form_methods
def answer_visit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The dates, the timetable and the team; agree, or ask for other dates with a reason."""
    own = Visit.objects.filter(application__in=own_cases(actor(request))).exclude(state="draft")
    visit = get_object_or_404(own.select_related(*RELATED, "assessment", "proposed_by"), uuid=uuid)
    demand(actor(request), "agree", visit)
    is_other = request.POST.get("answer") == "other"
    form = OtherDatesForm(request.POST if is_other else None)
    if request.method == "POST" and is_confirmed(request) and _answered(request, visit, form, is_other=is_other):
        return to_case(visit.application)
    context = {"visit": visit, "application": visit.application, "form": form, "team": answering.team_of(visit)}
    return render(request, "assessments/lab/answer_visit.html", context, status=422 if form.errors else 200)


def _answered(request: HttpRequest, visit: Visit, form: OtherDatesForm, *, is_other: bool) -> bool:
    if is_other:
        return form.is_valid() and _ask_other(request, visit, form.cleaned_data["reason"])
    visits.agree(visit=visit, by=actor(request), now=timezone.now())
    messages.success(request, _("The dates are agreed. The notice of the visit is among the papers of the case."))
    return True


def _ask_other(request: HttpRequest, visit: Visit, reason: str) -> bool:
    visits.ask_other(visit=visit, reason=reason, by=actor(request), now=timezone.now())
    messages.success(
        request, _("The leader is asked for other dates. The technical review pauses until new ones are proposed.")
    )
    return True


# -- nonconformity records


@members
@form_methods
def confirm_record(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The nonconformity records; the laboratory confirms that it has seen them, one or all."""
    assessment = own_assessment(request, uuid)
    if assessment.state not in RECORDED:
        raise door.Stale(door.stale_message(assessment))
    if request.method == "POST":
        _confirm(request, assessment)
        return redirect("assessments:confirm_record", assessment.uuid)
    records = answering.records_of(assessment)
    can_confirm = assessment.state in {"visiting", "rectifying", "reporting"}
    context = {
        "assessment": assessment,
        "application": assessment.application,
        "records": records,
        "can_confirm": can_confirm,
    }
    return render(request, "assessments/lab/records.html", context)


def _confirm(request: HttpRequest, assessment: Assessment) -> None:
    asked = request.POST.get("record", "")
    chosen = [r for r in answering.records_of(assessment) if asked in {"all", str(r.uuid)}]
    for record in chosen:
        findings.confirm_nonconformity(record=record, by=actor(request), now=timezone.now())
    if chosen:
        messages.success(request, _("Confirmed: the laboratory has seen the record."))


# -- rectification


@members
@form_methods
def rectification(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Cause, correction and evidence of each nonconformity; texts are kept as one types, handing in is asked first."""
    assessment = own_assessment(request, uuid)
    found = getattr(assessment, "rectification", None)
    if found is None:
        raise door.Stale(door.stale_message(assessment))
    demand(actor(request), "hand_in", found)
    if request.method == "POST":
        return _write(request, assessment)
    return _rectification_page(request, assessment)


def _rectification_page(
    request: HttpRequest, assessment: Assessment, errors: list[str] | None = None, status: int = 200
) -> HttpResponse:
    typed = answering.typed_corrections(request.POST) if request.method == "POST" else None
    context = {**answering.rectification_page(assessment, typed), "errors": errors or []}
    return render(request, "assessments/lab/rectification.html", context, status=status)


def _write(request: HttpRequest, assessment: Assessment) -> HttpResponse:
    is_typing = request.POST.get("autosave") == "yes"
    is_end = request.POST.get("confirm") == "yes" and not is_typing
    act = concluding.hand_in_rectification if is_end else concluding.keep_corrections
    try:
        act(
            rectification=assessment.rectification, corrections=answering.typed_corrections(request.POST),
            version=request.POST.get("version", ""), by=actor(request), now=timezone.now(),
        )  # fmt: skip
    except (concluding.CorrectionsMovedOn, ValidationError) as error:
        return _not_written(request, assessment, error, is_typing=is_typing)
    return _kept(assessment) if is_typing else _written(request, assessment, is_end=is_end)


def _not_written(request: HttpRequest, assessment: Assessment, error: Any, *, is_typing: bool) -> HttpResponse:
    status = 409 if isinstance(error, concluding.CorrectionsMovedOn) else 422
    if is_typing:
        return JsonResponse({"message": " ".join(sentences(error))}, status=status)
    return _rectification_page(request, assessment, sentences(error), status)


def _kept(assessment: Assessment) -> HttpResponse:
    at = timezone.localtime().strftime("%H:%M:%S")
    return JsonResponse({"saved_at": at, "version": concluding.version_of_corrections(assessment)})


def _written(request: HttpRequest, assessment: Assessment, *, is_end: bool) -> HttpResponse:
    if not is_end:
        messages.success(request, _("What you wrote is kept. It is not handed in yet."))
        return redirect("assessments:rectification", assessment.uuid)
    messages.success(
        request, _("The rectification is handed in; the leader verifies it. The receipt is among the messages.")
    )
    return to_case(assessment.application)
