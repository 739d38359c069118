"""Editing and confirming rows: with scripts in the grid, without them on a page of their own."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from qualification.access import person, signed_in
from qualification.scope import grids, queries, services
from qualification.scope.enums import Level, Mode
from qualification.scope.forms import RowForm, VerdictForm
from qualification.scope.models import CapabilityRow, CapabilityTable
from qualification.scope.views import _row, _table, _under_lock, _wants_json, _with_mode


def _saved(request: HttpRequest, row: CapabilityRow, mode: Mode) -> HttpResponse:
    if not _wants_json(request):
        return _with_mode(row.table, mode)
    counts = queries.progress(row.table.rows.all())
    return JsonResponse({"html": grids.render_rows([row], mode.value), "progress": counts.as_json()})


def _form_page(request: HttpRequest, form: forms.BaseForm, **context: Any) -> HttpResponse:
    name = "scope/row_form.html" if _wants_json(request) else "scope/row_page.html"
    return render(request, name, {"form": form, **context}, status=422 if form.is_bound else 200)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def row_edit(request: HttpRequest, row: uuid.UUID) -> HttpResponse:
    """The words of one row."""
    found = _row(request, row, "edit")
    form = RowForm(request.POST or None, instance=found, level=found.level, prefix="row")
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                _under_lock(request, found.table, "edit")
                now = timezone.now()
                return _saved(
                    request, services.edit_row(row=found, by=person(request), now=now, **form.cleaned_data), Mode.EDIT
                )
        except ValidationError as refused:
            form.add_error(None, refused.messages)
    return _form_page(request, form, row=found, table=found.table, what="edit")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def row_add(request: HttpRequest, table: uuid.UUID) -> HttpResponse:
    """A new row after the one named by `after`, of the level named by `level`."""
    found = _table(request, table, "edit")
    level = request.GET.get("level", Level.PARAMETER)
    level = level if level in Level.values else Level.PARAMETER
    named = _uuid(request.GET.get("after", ""))
    after = found.rows.filter(uuid=named).first() if named else None
    form = RowForm(request.POST or None, level=level, prefix="row")
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            _under_lock(request, found, "edit")
            added = services.add_row(
                table=found, level=level, after=after, by=person(request), now=timezone.now(), **form.cleaned_data
            )
        return _saved(request, added, Mode.EDIT)
    return _form_page(request, form, table=found, after=after, level=Level(level), what="add")


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def row_delete(request: HttpRequest, row: uuid.UUID) -> HttpResponse:
    """Take a row out; the page asks first."""
    found = _row(request, row, "edit")
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            with transaction.atomic():
                _under_lock(request, found.table, "edit")
                services.delete_row(row=found, by=person(request), now=timezone.now())
            return JsonResponse({"html": ""}) if _wants_json(request) else _with_mode(found.table, Mode.EDIT)
        except ValidationError as refused:
            form.add_error(None, refused.messages)
    return _form_page(request, form, row=found, table=found.table, what="delete")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def row_confirm(request: HttpRequest, row: uuid.UUID) -> HttpResponse:
    """The team's word on one ability, saved at once."""
    found = _row(request, row, "confirm")
    form = VerdictForm(request.POST or None, initial=_verdict_of(found))
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                _under_lock(request, found.table, "confirm")
                services.confirm_row(row=found, by=person(request), now=timezone.now(), **form.cleaned_data)
            return _saved(request, found, Mode.CONFIRM)
        except ValidationError as refused:
            _show(form, refused)
    return _form_page(request, form, row=found, table=found.table, what="confirm")


def _verdict_of(row: CapabilityRow) -> dict[str, str]:
    return {
        "verdict": row.verdict, "means": row.confirmed_by_means, "note": row.verdict_note,
        "restriction": row.recommended_restriction or row.restriction,
    }  # fmt: skip


def _show(form: forms.Form, refused: ValidationError) -> None:
    if hasattr(refused, "error_dict"):
        for name, errors in refused.error_dict.items():
            form.add_error(name, errors)
    else:
        form.add_error(None, refused.messages)


@signed_in
@require_POST
def confirm_many(request: HttpRequest, table: uuid.UUID) -> HttpResponse:
    """One verdict on selected rows (`row`, repeated), on all under one heading (`under`), or on all shown (`all`)."""
    found = _table(request, table, "confirm")
    form = VerdictForm(request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                _under_lock(request, found, "confirm")
                chosen = _chosen(found, request.POST)
                count = services.confirm_many(rows=chosen, by=person(request), now=timezone.now(), **form.cleaned_data)
            counts = queries.progress(found.rows.all()).as_json()
            return JsonResponse({"count": count, "progress": counts})
        except ValidationError as refused:
            _show(form, refused)
    says = " ".join(str(error) for errors in form.errors.values() for error in errors)
    return JsonResponse({"message": says or _("Nothing was chosen.")}, status=422)


def _chosen(table: CapabilityTable, data: Any) -> QuerySet[CapabilityRow]:
    if data.get("all"):
        return queries.filtered(table, queries.Filter.of(data))
    if data.get("under"):
        return queries.under(table, _uuid(data["under"]))
    wanted = [found for text in data.getlist("row") if (found := _uuid(text))]
    if not wanted:
        raise ValidationError(_("Choose at least one row."))
    return table.rows.filter(uuid__in=wanted)
