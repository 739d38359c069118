"""The coordinator's pages: form the team of a case, and the record of a draw for everybody who may see the case."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qualification.access import roles
from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.accounts.models import User
from qualification.assessments.models import Assessment
from qualification.assessments.queries import visible_to
from qualification.assessors import pictures, services
from qualification.assessors.forms import DrawForm
from qualification.assessors.models import Draw
from qualification.regions.settings import setting

staff = roles(*sorted(STAFF_ROLES | NATIONAL_ROLES))
coordinators = roles(Role.COORDINATOR)


def _assessment(request: HttpRequest, application: UUID) -> Assessment:
    """The technical review of a case the person sees as staff, or 404: a laboratory's people learn of no candidate."""
    user = cast(User, request.user)
    seen = visible_to(user).exclude(application__laboratory_id__in=user.laboratory_ids())
    related = ("application__laboratory", "application__authority__profile")
    return get_object_or_404(seen.select_related(*related), application__uuid=application)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Needs, pool, seats and offers; POST draws the whole team."""
    assessment, user, now = _assessment(request, uuid), cast(User, request.user), timezone.now()
    least = setting(assessment.application.authority, "team_min")
    form = DrawForm(request.POST if request.method == "POST" else None, least=least)
    if request.method == "POST" and form.is_valid():
        services.draw_team(assessment=assessment, by=user, now=now, size=form.cleaned_data["size"])
        messages.success(request, _("The team is drawn and the offers are out."))
        return redirect("assessors:team", uuid)
    context = pictures.team_page(assessment, user, now, request.GET.get("reason", ""))
    return render(request, "assessors/team.html", {**context, "form": form}, status=422 if form.is_bound else 200)


@coordinators
@require_POST
def draw_again(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Draw for the seats that are still empty."""
    assessment = _assessment(request, uuid)
    records = services.draw_again(assessment=assessment, by=cast(User, request.user), now=timezone.now())
    if any(record.shortage for record in records):
        messages.warning(request, _("Nobody is fit for some of the seats; they stay empty."))
    else:
        messages.success(request, _("Drawn again; the offers are out."))
    return redirect("assessors:team", uuid)


def _record(request: HttpRequest, uuid: UUID) -> Draw:
    user = cast(User, request.user)
    seen = visible_to(user).exclude(application__laboratory_id__in=user.laboratory_ids())
    records = Draw.objects.filter(assessment__in=seen).select_related("assessment__application__laboratory", "drawn_by")
    return get_object_or_404(records, uuid=uuid)


@staff
@require_safe
def draw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The record of one draw."""
    return render(request, "assessors/draw.html", pictures.draw_page(_record(request, uuid)))


@staff
@require_safe
def draw_json(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The record as a file of data."""
    record = _record(request, uuid)
    answer = JsonResponse(pictures.export(record), json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="draw-{record.uuid}.json"'
    return answer
