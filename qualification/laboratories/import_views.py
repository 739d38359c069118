"""Pages of the import of a register sheet: choose, look, take over or discard."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from qualification.access import roles
from qualification.accounts.enums import LABORATORY_ROLES
from qualification.laboratories import importing, queries, registers, services, sheets
from qualification.laboratories.enums import Register
from qualification.laboratories.forms import ImportForm, saves
from qualification.laboratories.models import RegisterImport
from qualification.laboratories.plans import plan
from qualification.laboratories.views import actor, at, form_methods, posted, visible
from qualification.pages import exports

members = roles(*sorted(LABORATORY_ROLES))


def visible_import(request: HttpRequest, uuid: UUID) -> RegisterImport:
    """The import, or 404."""
    found = queries.imports_visible_to(request.user).select_related("laboratory__authority", "site")
    return get_object_or_404(found, uuid=uuid)


@members
@form_methods
def upload(request: HttpRequest, uuid: UUID, register: str) -> HttpResponse:
    """Choose a sheet; it is read and shown, and changes nothing yet."""
    laboratory, page = visible(request, uuid), registers.PAGES[register]
    services.demand(request.user, page.verb, laboratory)
    form = ImportForm(
        posted(request), request.FILES if request.method == "POST" else None, laboratory=laboratory, register=register
    )
    made: list[RegisterImport] = []
    if saves(form, lambda: made.append(importing.prepare_import(
        laboratory=laboratory, register=register, site=form.cleaned_data["site"], upload=form.cleaned_data["file"],
        by=actor(request), now=timezone.now(),
    ))):  # fmt: skip
        return redirect("laboratories:import", made[0].uuid)
    return render(request, "laboratories/upload.html", {"laboratory": laboratory, "page": page, "form": form})


@members
@require_safe
def preview(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What the sheet would do to the register, row by row."""
    imported = visible_import(request, uuid)
    context = {
        "imported": imported,
        "laboratory": imported.laboratory,
        "page": registers.PAGES[imported.register],
        "plan": plan(imported),
    }
    return render(request, "laboratories/preview.html", context)


@members
@require_POST
def take_over(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Write the rows without an error into the register."""
    imported = visible_import(request, uuid)
    counts = importing.take_over(imported=imported, by=actor(request), now=timezone.now()).counts
    says = _("%(file)s is taken over: %(add)s added, %(change)s changed, %(same)s as they were.")
    messages.success(request, says % {"file": imported, **counts})
    if counts["error"]:
        says = _("%(count)s rows with errors were left out. Correct them in the sheet and choose it again.")
        messages.warning(request, says % {"count": counts["error"]})
        return redirect("laboratories:import", imported.uuid)
    return at(imported.laboratory, "register", imported.register)


@members
@require_POST
def discard(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Leave the register as it is."""
    imported = visible_import(request, uuid)
    importing.discard(imported=imported, by=actor(request), now=timezone.now())
    messages.success(request, _("Nothing was taken over from %(file)s.") % {"file": imported})
    return at(imported.laboratory, "register", imported.register)


@members
@require_safe
def template(request: HttpRequest, register: str) -> HttpResponseBase:
    """An empty sheet with the heads that the import knows."""
    heads = [words[0] for words in sheets.COLUMNS[register].values()]
    answer = exports.WRITERS["xlsx"](heads, [])
    answer["Content-Disposition"] = f'attachment; filename="{Register(register).value}-template.xlsx"'
    return answer
