"""The visit: check-in, checklist, records, abilities, conclusion. Made for the phone, one page per part."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from qualification.assessments import pictures
from qualification.assessments.forms import AnswerForm, CheckInForm, ConcludeForm
from qualification.assessments.models import Assessment, Item, ItemAnswer
from qualification.assessments.queries import answer_choices, items_of
from qualification.assessments.services import concluding, findings, visits
from qualification.assessments.views.own import (
    actor,
    asked_by_script,
    assessors,
    form_methods,
    posted,
    readers,
    to,
    visible,
)
from qualification.laboratories.forms import saves
from qualification.pages.dates import say_moment
from qualification.scope.models import CapabilityTable


def _page(request: HttpRequest, assessment: Assessment, tab: str, *, status: int = 200, **more: Any) -> HttpResponse:
    frame = pictures.visit_frame(assessment, actor(request), tab)
    return render(request, f"assessments/visit/{tab}.html", {**frame, **more}, status=status)


# -- presence


@readers
@form_methods
def checkin(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Check in at a site, with the place or without."""
    assessment = visible(request, uuid)
    form = CheckInForm(posted(request), sites=assessment.application.sites.order_by("pk"))
    if saves(form, lambda: _check_in(request, assessment, form)):
        messages.success(request, _("Checked in."))
        return to("visit", assessment)
    lines = pictures.site_lines(assessment)
    return _page(request, assessment, "checkins", status=422 if form.is_bound else 200, form=form, lines=lines)


def _check_in(request: HttpRequest, assessment: Assessment, form: CheckInForm) -> None:
    device = request.headers.get("User-Agent", "")
    visits.check_in(assessment=assessment, device=device, by=actor(request), now=timezone.now(), **form.cleaned_data)


# -- checklist


@readers
@require_safe
def checklist(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The checklist by clause; `show=open` leaves only what is unanswered."""
    assessment = visible(request, uuid)
    shown = pictures.checklist(assessment, only_open=request.GET.get("show") == "open")
    return _page(request, assessment, "checklist", **shown)


@assessors
@require_POST
def answer(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """Answer one item; a script gets JSON, a form without one the page again."""
    assessment = visible(request, uuid)
    item = get_object_or_404(items_of(assessment), number=number)
    form = pictures.answer_form(item, None, answer_choices(assessment), request.POST)
    if not saves(form, lambda: _answer(request, assessment, item, form)):
        return _not_answered(request, assessment, item, form)
    if asked_by_script(request):
        return JsonResponse(_answered(request, assessment))
    return to("checklist", assessment, f"item-{number}")


def _answer(request: HttpRequest, assessment: Assessment, item: Item, form: AnswerForm) -> None:
    data = form.cleaned_data
    findings.answer_item(
        assessment=assessment,
        item=item,
        answer=data["answer"],
        note=data["note"],
        by=actor(request),
        now=timezone.now(),
    )


def _answered(request: HttpRequest, assessment: Assessment) -> dict[str, Any]:
    total = items_of(assessment).count()
    done = ItemAnswer.objects.filter(assessment=assessment).count()
    says = _("Saved: %(who)s, %(at)s") % {"who": actor(request), "at": say_moment(timezone.now())}
    return {"says": says, "done": done, "total": total}


def _not_answered(request: HttpRequest, assessment: Assessment, item: Item, form: AnswerForm) -> HttpResponse:
    if asked_by_script(request):
        says = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return JsonResponse({"message": says}, status=422)
    shown = pictures.checklist(assessment, only_open=False, bound={item.number: form})
    return _page(request, assessment, "checklist", status=422, **shown)


@assessors
@require_POST
def answer_rest(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Answer everything that is open with “conforms”."""
    assessment = visible(request, uuid)
    count = findings.answer_rest(assessment=assessment, by=actor(request), now=timezone.now())
    messages.success(request, ngettext("%(n)s item answered.", "%(n)s items answered.", count) % {"n": count})
    return to("checklist", assessment)


# -- records


@readers
@require_safe
def records(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Nonconformity records: written and still to be written."""
    assessment = visible(request, uuid)
    return _page(request, assessment, "nonconformities", lines=pictures.record_lines(assessment))


@assessors
@require_POST
def record(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """Write or rewrite the record of one item."""
    assessment = visible(request, uuid)
    answers = ItemAnswer.objects.filter(assessment=assessment).select_related("item")
    found = get_object_or_404(answers, item__number=number)
    form = pictures.record_form(found, None, request.POST)
    if saves(form, lambda: findings.record_nonconformity(
        assessment=assessment, item=found.item, by=actor(request), now=timezone.now(), **form.cleaned_data
    )):  # fmt: skip
        messages.success(request, _("The record of item %s is saved; the laboratory confirms it.") % number)
        return to("records", assessment, f"record-{number}")
    lines = pictures.record_lines(assessment, {number: form})
    return _page(request, assessment, "nonconformities", status=422, lines=lines)


# -- abilities


@readers
@require_safe
def capability(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """How far the confirmation of each table is."""
    assessment = visible(request, uuid)
    return _page(request, assessment, "capability", lines=pictures.table_lines(assessment), table=None)


@readers
@require_safe
def capability_table(request: HttpRequest, uuid: UUID, table: UUID) -> HttpResponse:
    """One table, to be confirmed row by row."""
    assessment = visible(request, uuid)
    tables = CapabilityTable.objects.filter(application=assessment.application).select_related("site", "application")
    found = get_object_or_404(tables, uuid=table)
    return _page(request, assessment, "capability", lines=pictures.table_lines(assessment), table=found)


# -- conclusion


@readers
@form_methods
def conclude(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What is missing, the conclusion that follows, and the end of the visit."""
    assessment, user = visible(request, uuid), actor(request)
    shown = pictures.conclusion(assessment, user)
    form = ConcludeForm(posted(request), limit=shown["limit"], rectify=shown["result"].rectify)
    if saves(form, lambda: _conclude(request, assessment, form)):
        messages.success(request, _("The visit is concluded."))
        assessment.refresh_from_db()
        return to("report" if assessment.state == "reporting" else "conclude", assessment)
    return _page(request, assessment, "conclude", status=422 if form.is_bound else 200, form=form, **shown)


def _conclude(request: HttpRequest, assessment: Assessment, form: ConcludeForm) -> None:
    try:
        concluding.conclude(assessment=assessment, days=form.limit, by=actor(request), now=timezone.now())
    except concluding.NotComplete as error:
        raise ValidationError(error.message) from error
