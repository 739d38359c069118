"""The list of the pool: columns, filters, export."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from qualification.applications.queries import field_choices
from qualification.assessors.enums import Grade, Standing
from qualification.assessors.models import Assessor
from qualification.assessors.pictures import SOON_DAYS
from qualification.pages.lists import Column, Filter, ListPage
from qualification.regions.models import Authority

VALIDITY = [("valid", _("valid")), ("soon", _("valid, ends within 90 days")), ("not", _("not valid"))]


def listing(request: HttpRequest, rows: QuerySet[Assessor]) -> ListPage:
    """The entries a person may see, as a list page."""
    return ListPage(
        request,
        rows.select_related("user", "home"),
        columns=(
            Column("name", _("Name"), value=lambda a: a.user.name, sort=("user__name",), link=_address),
            Column("home", _("Region"), value=lambda a: a.home.region, sort=("home__code",)),
            Column("grade", _("Grade"), value=lambda a: a.get_grade_display(), sort=("grade",)),
            Column("field_codes", _("Fields"), value=lambda a: " ".join(a.field_codes), template="assessors/_fields.html"),
            Column("certificate_number", _("Certificate"), sort=("certificate_number",)),
            Column("certified_until", _("Certified until"), sort=("certified_until",)),
            Column("standing", _("Standing"), value=lambda a: a.get_standing_display(), sort=("standing",),
                   template="assessors/_standing.html"),
            Column("employer", _("Employer"), sort=("employer",)),
        ),
        search=("user__name", "certificate_number", "employer"),
        filters=(
            Filter("home", _("Region"), _regions, lookup="home__code"),
            Filter("field", _("Field"), field_choices, apply=lambda rows, code: rows.filter(field_codes__contains=[code])),
            Filter("grade", _("Grade"), Grade.choices),
            Filter("standing", _("Standing"), Standing.choices),
            Filter("validity", _("Certificate"), VALIDITY, apply=_of_validity),
        ),
        default_sort="name",
        file_name="assessors",
    )  # fmt: skip


def _address(assessor: Assessor) -> str:
    return reverse("assessors:assessor", args=[assessor.uuid])


def _regions() -> list[tuple[str, str]]:
    return [(a.code, a.region) for a in Authority.objects.real().order_by("code")]


def _of_validity(rows: QuerySet[Assessor], value: str) -> QuerySet[Assessor]:
    today = timezone.localdate()
    valid = Q(certified_on__lte=today, certified_until__gte=today)
    if value == "not":
        return rows.exclude(valid)
    soon = today + dt.timedelta(days=SOON_DAYS)
    return rows.filter(valid, certified_until__lte=soon) if value == "soon" else rows.filter(valid)
