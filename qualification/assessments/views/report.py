"""The leader's follow-up verification, and the report."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification.applications.pagenotes import unsettled
from qualification.assessments import pictures
from qualification.assessments.answering import records_of
from qualification.assessments.forms import ReportForm, VerificationForm
from qualification.assessments.models import Assessment
from qualification.assessments.services import concluding
from qualification.assessments.views.own import actor, form_methods, posted, readers, to, visible
from qualification.laboratories.forms import saves


@readers
@form_methods
def verification(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Correction and evidence of each nonconformity, and the leader's word on each."""
    assessment = visible(request, uuid)
    if not hasattr(assessment, "rectification"):
        raise Http404
    form = VerificationForm(posted(request), records=list(records_of(assessment)))
    if saves(form, lambda: _verify(request, assessment, form)):
        messages.success(request, _("The verification is concluded. Hand the report in next."))
        return to("report", assessment)
    context = pictures.verification_page(assessment, actor(request), form)
    return render(request, "assessments/verification.html", context, status=422 if form.is_bound else 200)


def _verify(request: HttpRequest, assessment: Assessment, form: VerificationForm) -> None:
    concluding.verify(
        rectification=assessment.rectification, findings=form.findings, opinion=form.cleaned_data["opinion"],
        by=actor(request), now=timezone.now(),
    )  # fmt: skip


@readers
@form_methods
def report(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What the report says, and handing it in."""
    assessment = visible(request, uuid)
    form = ReportForm(posted(request), initial={"summary": assessment.summary})
    if saves(form, lambda: concluding.hand_in_report(
        assessment=assessment, summary=form.cleaned_data["summary"], by=actor(request), now=timezone.now()
    )):  # fmt: skip
        messages.success(request, _("The report is handed in. The paper is made and sealed in a few moments."))
        return to("report", assessment)
    context = {
        **pictures.report_page(assessment, actor(request)), "form": form,
        "unsettled": unsettled(actor(request), assessment.application),
    }  # fmt: skip
    return render(request, "assessments/report.html", context, status=422 if form.is_bound else 200)
