"""What is done to notes on pages: pin, change, withdraw, settle. Each returns to the page the note is on."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from documents import access
from documents.looking import queries, rule, services, showing
from documents.looking.enums import NoteState
from documents.looking.forms import EditForm, NoteForm, WithdrawForm
from documents.looking.models import PageNote
from documents.looking.pages import CannotLook
from documents.looking.views import answer, tell_rule
from documents.models import Version

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_POST
def add(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Pin a note; the page comes back with what was typed when it was not taken (422)."""
    version = rule.find(user=request.user, version_id=version_id)
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            _demand_page(version, form.cleaned_data["page"])
            note = services.pin(
                version=version, page=form.cleaned_data["page"], place=form.place, text=form.cleaned_data["text"],
                by=request.user, now=timezone.now(),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The note is pinned. The laboratory does not see it until it is sent."))
            return redirect(_place_of(request, version, note.page, note))
    return answer(request, version, note_form=form)


def _demand_page(version: Version, page: int) -> None:
    """Raises ValidationError for a page that the file does not have; one that cannot be shown may be written of."""
    try:
        last = showing.sheet_of(version, page).pages
    except CannotLook:
        return
    if page > last:
        raise ValidationError(_("The file has %(pages)s pages.") % {"pages": last})


@login_required
@form_methods
def edit(request: HttpRequest, note_id: uuid.UUID) -> HttpResponse:
    """Change one's own note that was not sent."""
    note = _note(request, note_id)
    form = EditForm(request.POST or None, initial={"text": note.text})
    if _did(request, form, lambda: services.edit(
        note=note, text=form.cleaned_data["text"], by=request.user, now=timezone.now()
    )):  # fmt: skip
        messages.success(request, _("The note is changed."))
        return redirect(_place_of(request, note.version, note.page, note))
    return _form_page(request, note, form, "edit")


@login_required
@form_methods
def withdraw(request: HttpRequest, note_id: uuid.UUID) -> HttpResponse:
    """Ask first, then take a note back; a sent one with a reason."""
    note = _note(request, note_id)
    form = WithdrawForm(request.POST if request.method == "POST" else None, is_sent=note.sent_at is not None)
    if _did(request, form, lambda: services.withdraw(
        note=note, reason=form.cleaned_data.get("reason", ""), by=request.user, now=timezone.now()
    )):  # fmt: skip
        messages.success(request, _("The note is withdrawn."))
        return redirect(_place_of(request, note.version, note.page))
    return _form_page(request, note, form, "withdraw")


@login_required
@require_POST
def settle(request: HttpRequest, note_id: uuid.UUID) -> HttpResponse:
    """Mark a note settled, or (`open=1`) open again; `back` is the page of ours to return to, else the note's own."""
    note = _note(request, note_id)
    act = services.reopen if request.POST.get("open") == "1" else services.settle
    try:
        act(note=note, by=request.user, now=timezone.now())
    except services.NoteMovedOn as late:
        messages.warning(request, late.message)
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if is_ours else _place_of(request, note.version, note.page, note))


def _did(request: HttpRequest, form: Any, act: Callable[[], object]) -> bool:
    """Whether a form that was sent and is complete was carried out; else it says why not."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        act()
    except ValidationError as error:
        form.add_error(None, error)
        return False
    except services.NoteMovedOn as late:
        form.add_error(None, late.message)
        return False
    return True


def _note(request: HttpRequest, note_id: uuid.UUID) -> PageNote:
    """A note that the person may read."""
    found = get_object_or_404(PageNote.objects.select_related("version__document"), pk=note_id)
    document = found.version.document
    if not access.may_read(request.user, document.owner_kind, document.owner_id):
        raise Http404
    return get_object_or_404(queries.visible_notes(request.user, document.owner_kind, document.owner_id), pk=note_id)


def _form_page(request: HttpRequest, note: PageNote, form: Any, act: str) -> HttpResponse:
    line = queries.read(request.user, [note])[0]
    if not (line.can_edit if act == "edit" else line.can_withdraw) and request.method != "POST":
        messages.info(request, _("The note stands as “%(state)s” by now.") % {"state": note.standing.label})
        return redirect(_place_of(request, note.version, note.page, note))
    is_inside = request.GET.get("inside") == "1"
    shown = {
        "note": note, "form": form, "act": act, "is_sent": note.standing == NoteState.SENT, "is_inside": is_inside,
        "layout": "documents/looking/inside.html" if is_inside else "base.html",
        "back": _place_of(request, note.version, note.page, note),
    }  # fmt: skip
    return render(request, "documents/looking/note.html", shown, status=422 if form.errors else 200)


def _place_of(request: HttpRequest, version: Version, page: int, note: PageNote | None = None) -> str:
    """The page in the viewer, at the note."""
    inside = "&inside=1" if request.GET.get("inside") == "1" else ""
    anchor = f"#note-{note.pk}" if note is not None else "#notes"
    return f"{reverse('documents:look', args=[version.pk])}?page={page}{inside}{anchor}"


tell_rule(
    "the owner's predicates: documents.access.may_read, documents.looking.desks.desk_of", add, edit, withdraw, settle
)
