"""Pages and endpoints of the capability table. Each asks `access` first; not readable is 404, not allowed 403."""

from __future__ import annotations

import csv
import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents.upload import UploadRefused
from qualification import door
from qualification.access import person, signed_in
from qualification.applications.models import Application
from qualification.pages.exports import text_of
from qualification.scope import access, exporting, grids, queries, services, uploading
from qualification.scope.enums import Mode
from qualification.scope.forms import UploadForm
from qualification.scope.messages import tell_all
from qualification.scope.models import CapabilityRow, CapabilityTable

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ACT_OF = {Mode.READ: "read", Mode.EDIT: "edit", Mode.CONFIRM: "confirm", Mode.COMPARE: "read"}


def _demand(request: HttpRequest, table: CapabilityTable, act: str) -> CapabilityTable:
    if not access.may(request.user, table, "read"):
        raise Http404
    if not access.may(request.user, table, act):
        raise PermissionDenied(_("You may not do this with the table now. Reload the page to see how the case stands."))
    return table


def _table(request: HttpRequest, table: uuid.UUID, act: str) -> CapabilityTable:
    found = get_object_or_404(CapabilityTable.objects.select_related("application", "site", "source"), uuid=table)
    return _demand(request, found, act)


def _row(request: HttpRequest, row: uuid.UUID, act: str) -> CapabilityRow:
    found = get_object_or_404(CapabilityRow.objects.select_related("table__application", "table__site"), uuid=row)
    _demand(request, found.table, act)
    return found


def _under_lock(request: HttpRequest, table: CapabilityTable, act: str) -> None:
    # The case may have moved on since the page was shown: ask again with its row locked.
    door.lock(table.application)
    table.application.refresh_from_db()
    _demand(request, table, act)


def _mode(request: HttpRequest) -> Mode:
    asked = request.GET.get("mode", Mode.READ)
    return Mode(asked) if asked in Mode.values else Mode.READ


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _table_url(table: CapabilityTable, mode: str) -> Any:
    return redirect("scope:table", table=table.uuid, permanent=False) if mode == Mode.READ else _with_mode(table, mode)


def _with_mode(table: CapabilityTable, mode: str) -> HttpResponse:
    answer = redirect("scope:table", table=table.uuid)
    answer["Location"] += f"?mode={mode}"
    return answer


# -- reading


@signed_in
@require_safe
def table_page(request: HttpRequest, table: uuid.UUID) -> HttpResponse:
    """One table in one mode of the grid."""
    mode = _mode(request)
    found = _table(request, table, ACT_OF[mode])
    may = {act: access.may(request.user, found, act) for act in ("edit", "confirm")}
    return render(request, "scope/table.html", {"table": found, "mode": mode.value, "may": may})


@signed_in
@require_safe
def rows(request: HttpRequest, table: uuid.UUID) -> HttpResponse:
    """A chunk of rows: `{"total", "offset", "html"}`; `offset` counts from 0."""
    mode = _mode(request)
    found = _table(request, table, ACT_OF[mode])
    wanted = queries.Filter.of(request.GET)
    asked = request.GET.get("offset", "0")
    offset = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
    html = grids.render_rows(queries.chunk(found, wanted, offset=offset), mode.value, offset)
    return JsonResponse({"total": queries.filtered(found, wanted).count(), "offset": offset, "html": html})


@signed_in
@require_safe
def print_page(request: HttpRequest, table: uuid.UUID) -> HttpResponse:
    """The whole table on one page, for paper."""
    mode = _mode(request)
    found = _table(request, table, "read")
    mode = mode if mode in (Mode.READ, Mode.COMPARE) else Mode.READ
    html = grids.render_rows(found.rows.select_related("verdict_by").iterator(chunk_size=2000), mode.value)
    return render(request, "scope/print.html", {"table": found, "mode": mode.value, "html": html})


@signed_in
@require_safe
def problems(request: HttpRequest, table: uuid.UUID) -> HttpResponse:
    """Everything the reader had to say, by cell."""
    found = _table(request, table, "read")
    told = tell_all(queries.problems_of(found))
    may_edit = access.may(request.user, found, "edit")
    return render(request, "scope/problems.html", {"table": found, "told": told, "may_edit": may_edit})


@signed_in
@require_safe
def problems_csv(request: HttpRequest, table: uuid.UUID) -> HttpResponse:
    """The same as a file that a spreadsheet opens."""
    found = _table(request, table, "read")
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="findings-{found.uuid}.csv"'
    writer = csv.writer(answer)
    writer.writerow([_("Sheet"), _("Cell"), _("Text read"), _("What is wrong"), _("What to do")])
    for told in tell_all(queries.problems_of(found)):
        writer.writerow([text_of(v) for v in (told.sheet, told.cell, told.read, told.wrong, told.advice)])
    return answer


@signed_in
@require_safe
def export(request: HttpRequest, table: uuid.UUID) -> HttpResponse:
    """The table as .xlsx in the layout of the form; `stage` is applied, recommended or approved."""
    found = _table(request, table, "read")
    stage = request.GET.get("stage", "applied")
    if stage not in exporting.STAGES:
        raise Http404
    answer = HttpResponse(exporting.workbook(found, stage=stage), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="capability-{stage}-{found.uuid}.xlsx"'
    return answer


# -- upload


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, application: uuid.UUID) -> HttpResponse:
    """Choose site and kind, hand in the sheet, see what was read; JSON for a page that sends many files."""
    found = get_object_or_404(Application, uuid=application)
    _demand(request, CapabilityTable(application=found), "edit")
    form = UploadForm(request.POST or None, request.FILES or None, application=found)
    if request.method != "POST":
        return _upload_page(request, found, form, 200)
    table = _take(request, found, form) if form.is_valid() else None
    if table is None:
        return _refused(request, found, form)
    return JsonResponse({"table": str(table.uuid)}) if _wants_json(request) else _uploaded(request, table)


def _refused(request: HttpRequest, application: Application, form: UploadForm) -> HttpResponse:
    if not _wants_json(request):
        return _upload_page(request, application, form, 422)
    says = " ".join(str(error) for errors in form.errors.values() for error in errors)
    return JsonResponse({"message": says}, status=422)


def _take(request: HttpRequest, application: Application, form: UploadForm) -> CapabilityTable | None:
    """The table of a sheet that was taken; None leaves the reason on the form."""
    data = form.cleaned_data
    try:
        return uploading.upload_table(
            application=application, site=data["site"], is_food=form.is_food, upload=data["file"],
            by=person(request), now=timezone.now(),
        )  # fmt: skip
    except (UploadRefused, ValidationError) as refused:
        form.add_error("file", getattr(refused, "message", str(refused)))
        return None


def _upload_page(request: HttpRequest, application: Application, form: UploadForm, status: int) -> HttpResponse:
    name = "scope/upload_panel.html" if request.headers.get("HX-Request") else "scope/upload.html"
    context = {"application": application, "form": form, "tables": queries.tables_of(application)}
    return render(request, name, context, status=status)


def _uploaded(request: HttpRequest, table: CapabilityTable) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "scope/upload_done.html", {"table": table})
    if table.import_state == "failed":
        return redirect("scope:problems", table=table.uuid)
    messages.success(request, _("The table was read: %(count)d abilities.") % {"count": _abilities(table)})
    return _with_mode(table, Mode.EDIT)


def _abilities(table: CapabilityTable) -> int:
    return queries.parameters(table.rows.all()).count()


@signed_in
@require_POST
def table_delete(request: HttpRequest, table: uuid.UUID) -> HttpResponse:
    """Remove a table from a draft."""
    found = _table(request, table, "edit")
    application = found.application
    with transaction.atomic():
        _under_lock(request, found, "edit")
        services.delete_table(table=found, by=person(request), now=timezone.now())
    messages.success(request, _("The table was removed."))
    return redirect("scope:upload", application=application.uuid)
