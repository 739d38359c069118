"""The leader's review of the file, and the date of the visit."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification.applications import pagenotes
from qualification.assessments import pictures
from qualification.assessments.forms import FileReviewForm, ProposeForm
from qualification.assessments.models import Assessment
from qualification.assessments.services import file_review as services
from qualification.assessments.services import visits
from qualification.assessments.views.own import actor, form_methods, posted, readers, to, visible
from qualification.laboratories.forms import saves

Act = Callable[[Assessment, FileReviewForm, HttpRequest], None]


def _pass(assessment: Assessment, form: FileReviewForm, request: HttpRequest) -> None:
    services.pass_file(
        assessment=assessment, opinion=form.cleaned_data["opinion"], by=actor(request), now=timezone.now()
    )
    messages.success(request, _("The file stands. Propose the days of the visit next."))


def _hold(assessment: Assessment, form: FileReviewForm, request: HttpRequest) -> None:
    services.hold_file(
        assessment=assessment, items=form.points, notes=pagenotes.chosen(request.POST.getlist("note")), by=actor(request),
        now=timezone.now(),
    )  # fmt: skip
    messages.success(request, _("The laboratory is asked for the material. You are told when it is handed in."))


def _fail(assessment: Assessment, form: FileReviewForm, request: HttpRequest) -> None:
    services.fail_file(
        assessment=assessment, opinion=form.cleaned_data["opinion"], by=actor(request), now=timezone.now()
    )
    messages.success(request, _("The file does not stand; there is no visit. Write the report next."))


# What the buttons do, and the page that follows.
ACTS: dict[str, tuple[Act, str]] = {
    "pass": (_pass, "propose"), "hold": (_hold, "file_review"), "fail": (_fail, "report"),
}  # fmt: skip


@readers
@form_methods
def review(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Materials, viewer and opinion; POST passes, holds or fails the file."""
    assessment = visible(request, uuid)
    form = FileReviewForm(posted(request), initial={"opinion": assessment.file_opinion})
    act, following = ACTS.get(request.POST.get("act", ""), (None, ""))
    if act and saves(form, lambda: act(assessment, form, request)):
        return to(following, assessment)
    ticked = pagenotes.chosen(request.POST.getlist("note"))
    context = {**pictures.file_page(assessment, actor(request)), "form": form, "ticked": ticked}
    return render(request, "assessments/file_review.html", context, status=422 if form.is_bound else 200)


@readers
@form_methods
def propose(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Propose days and timetable; everybody of the team reads what became of them."""
    assessment = visible(request, uuid)
    form = ProposeForm(posted(request), initial={"timetable": _timetable()})
    if saves(form, lambda: visits.propose(
        assessment=assessment, **form.cleaned_data, by=actor(request), now=timezone.now()
    )):  # fmt: skip
        messages.success(request, _("The days are proposed; the laboratory answers."))
        return to("propose", assessment)
    context = {**pictures.propose_page(assessment, actor(request)), "form": form}
    return render(request, "assessments/propose.html", context, status=422 if form.is_bound else 200)


def _timetable() -> str:
    return _("09:00 opening meeting\n09:30 tour, tests, records\n16:30 closing meeting")
