"""The forms of a draft or a supplement, filled in with what is known."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from qualification.applications import filled, materials
from qualification.applications.models import MaterialType
from qualification.applications.views.own import members, own_case

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@members
@require_safe
def form(request: HttpRequest, uuid: UUID, code: str) -> HttpResponse:
    """The form of a material as .xlsx, `?label=` for the site it is for; 404 where the law has no form."""
    application = own_case(request, uuid)
    name = materials.form_of(code)
    material = MaterialType.objects.filter(code=code).first()
    if not name or material is None:
        raise Http404
    answer = HttpResponse(filled.workbook(application, name, request.GET.get("label", "")), content_type=XLSX)
    answer["Content-Disposition"] = str(content_disposition_header(True, f"{material.name_zh}.xlsx"))
    return answer
