"""Forecast, hit rate, and what-if."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from qualification.access import roles
from qualification.accounts.enums import NATIONAL_ROLES
from qualification.accounts.models import User
from qualification.pages import exports
from workflows.board.enums import BOARD_ROLES
from workflows.clocks.counting import day_of
from workflows.foresight import absence, lists, pictures, queries, whatif
from workflows.foresight.answers import Moved, Slips
from workflows.foresight.enums import MIN_SAMPLES, MIN_SETTLED
from workflows.foresight.forms import AbsenceForm, HolidayForm, LimitsForm, Question

readers = roles(*sorted(BOARD_ROLES | NATIONAL_ROLES))


@readers
@require_safe
def forecasts(request: HttpRequest) -> HttpResponseBase:
    """Limits by the chance that they will be missed."""
    now = timezone.now()
    listing = lists.forecasts_page(request, cast(User, request.user), now)
    if listing.wants_export:
        return listing.export()
    shown = {"listing": lists.with_chips(listing, now), "fit": queries.newest_fit(), "least": MIN_SAMPLES}
    return render(request, "foresight/list.html", shown)


@readers
@require_safe
def hits(request: HttpRequest) -> HttpResponse:
    """How often the forecast was right."""
    rate = queries.hit_rate(cast(User, request.user))
    shown = {"rate": rate, "picture": pictures.calibration(rate.classes), "least": MIN_SETTLED}
    return render(request, "foresight/hits.html", shown)


@readers
@require_safe
def what_if(request: HttpRequest) -> HttpResponse:
    """The first of the questions."""
    return redirect("foresight:holiday")


@readers
@require_safe
def holiday(request: HttpRequest) -> HttpResponseBase:
    """If a day were off, or worked."""
    form = HolidayForm(cast(User, request.user), request.GET if _is_asked(request, "off", "working") else None)
    return _answer(request, form, "holiday", _of_holiday)


@readers
@require_safe
def limits(request: HttpRequest) -> HttpResponseBase:
    """If limits were longer."""
    form = LimitsForm(cast(User, request.user), request.GET if _is_asked(request, "days", "doubled") else None)
    return _answer(request, form, "limits", _of_limits)


@readers
@require_safe
def away(request: HttpRequest) -> HttpResponseBase:
    """If an assessor were away."""
    form = AbsenceForm(cast(User, request.user), request.GET if _is_asked(request, "assessor", "from_on") else None)
    return _answer(request, form, "away", _of_absence)


def _is_asked(request: HttpRequest, *names: str) -> bool:
    return any(name in request.GET for name in names)


def _of_holiday(form: HolidayForm, today: dt.date) -> Moved:
    data = form.cleaned_data
    off, working = ([day] if day else [] for day in (data["off"], data["working"]))
    effect = whatif.moved_holiday(whatif.load(form.own_ids), off=off, working=working, authority_ids=form.places)
    return Moved(effect, today)


def _of_limits(form: LimitsForm, today: dt.date) -> Moved:
    data, clocks = form.cleaned_data, whatif.load(form.own_ids)
    if data["doubled"]:
        return Moved(whatif.doubled(clocks), today)
    codes = [data["stage"]] if data["stage"] else None
    return Moved(whatif.extended(clocks, days=data["days"], codes=codes), today)


def _of_absence(form: AbsenceForm, today: dt.date) -> Slips:
    data = form.cleaned_data
    gone = absence.Away(data["assessor"], data["from_on"], data["to_on"], today)
    return Slips(absence.affected(gone, form.own_ids, queries.newest_history()), today)


def _answer(request: HttpRequest, form: Question, question: str, ask: Any) -> HttpResponseBase:
    """The form, and below it the answer; or the answer's rows as a file."""
    answer = ask(form, day_of(timezone.now())) if form.is_bound and form.is_valid() else None
    kind = request.GET.get("export", "")
    if answer is not None and kind in exports.WRITERS:
        found = exports.WRITERS[kind]([str(head) for head in answer.heads], answer.rows())
        found["Content-Disposition"] = f'attachment; filename="what-if-{question}.{kind}"'
        return found
    shown = {"form": form, "question": question, "answer": answer}
    if answer is not None:
        shown["picture"] = pictures.weeks(answer.weeks)
    return render(request, f"foresight/what_if_{question}.html", shown)
