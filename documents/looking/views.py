"""The viewer: one page of a version at a time, two versions side by side, and the pictures of their pages."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from documents.looking import desks, pages, queries, rule, showing
from documents.looking.forms import NoteForm
from documents.models import Version
from documents.serving import SANDBOX, NotServable


@login_required
@require_GET
def look(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """A page of a version (`page`), with a text marked in it (`find`), enlarged (`zoom`), inside another page (`inside`)."""
    return answer(request, rule.find(user=request.user, version_id=version_id))


def answer(request: HttpRequest, version: Version, note_form: NoteForm | None = None) -> HttpResponse:
    """A page of the viewer; with a note that was not taken it says why (422). The look is written down first."""
    find = showing.find_from(request)
    number = showing.number_from(request)
    if note_form is not None:
        number = note_form.cleaned_data.get("page") or number
    shown: dict[str, Any] = {"says": "", "sheet": None, "find": find, "zoom": showing.zoom_from(request)}
    status = 422 if note_form is not None else 200
    try:
        note_look(request, version)
        sheet = showing.sheet_of(version, number, find)
        shown |= {"sheet": sheet, **_of_sheet(sheet, find), **_notes(request, sheet, note_form)}
    except (NotServable, pages.CannotLook) as refusal:
        shown["says"] = refusal.message
        status = 409 if isinstance(refusal, NotServable) else status
    return render(request, "documents/looking/look.html", {**shown, **_frame(request, version)}, status=status)


def _of_sheet(sheet: showing.Sheet, find: str) -> dict[str, Any]:
    return {
        "thumbnails": showing.thumbnails(sheet),
        "excerpts": showing.excerpts(sheet.facts["text"], find),
        "zooms": showing.ZOOMS if sheet.is_picture else (),
        "back": sheet.number - 1,
        "on": sheet.number + 1 if sheet.number < sheet.pages else 0,
    }


def _notes(request: HttpRequest, sheet: showing.Sheet, form: NoteForm | None) -> dict[str, Any]:
    document = sheet.version.document
    lines = queries.notes_on(request.user, sheet.version)
    may_pin = bool(desks.desk_of(request.user, document.owner_kind, document.owner_id))
    return {
        "notes": [line for line in lines if line.note.page == sheet.number],
        "noted_pages": sorted({line.note.page for line in lines}),
        "earlier": queries.open_before(request.user, sheet.version),
        "note_form": (form or NoteForm(initial={"page": sheet.number})) if may_pin else None,
    }


def _frame(request: HttpRequest, version: Version) -> dict[str, Any]:
    is_inside = request.GET.get("inside") == "1"
    document = version.document
    return {
        "version": version,
        "title": showing.title_of(version),
        "versions": showing.versions_beside(version),
        "home": desks.home_of(document.owner_kind, document.owner_id),
        "layout": showing.INSIDE if is_inside else "base.html",
        "is_inside": is_inside,
        "is_staff": desks.sees_drafts(request.user, document.owner_kind, document.owner_id),
        "sizes": showing.sizes_of(showing.zoom_from(request), is_inside=is_inside),
    }


def note_look(request: HttpRequest, version: Version) -> None:
    """Write the look down. Raises NotServable."""
    ip = request.META.get("REMOTE_ADDR") or None
    rule.note_look(version=version, user=request.user, ip=ip, now=timezone.now())


@login_required
@require_GET
def picture(request: HttpRequest, version_id: uuid.UUID, page: int, width: int) -> HttpResponse:
    """The picture of a page in one of the widths; 404 for others, 409 for what is not handed out or cannot be drawn."""
    version = rule.find(user=request.user, version_id=version_id)
    if width not in pages.WIDTHS:
        raise Http404
    try:
        note_look(request, version)
        data = pages.picture(version.file, page, width)
    except pages.NoSuchPage:
        raise Http404 from None
    except (NotServable, pages.CannotLook) as refusal:
        return HttpResponse(refusal.message, status=409, content_type="text/plain; charset=utf-8")
    response = HttpResponse(data, content_type="image/webp")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = SANDBOX
    return response


@login_required
@require_GET
def compare(request: HttpRequest, version_id: uuid.UUID, other_id: uuid.UUID) -> HttpResponse:
    """A page of an older version beside one of a newer, with what differs in their text.

    Both belong to one owner. Which is the older, their moments say, not the order of the address.
    """
    first, second = (rule.find(user=request.user, version_id=found) for found in (version_id, other_id))
    if not showing.are_of_one_owner(first, second) or first == second:
        raise Http404
    old, new = sorted((first, second), key=lambda version: (version.uploaded_at, version.number))
    if old != first:
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return redirect(reverse("documents:compare", args=[old.pk, new.pk]) + query)
    shown: dict[str, Any] = {"says": "", "old": None, "new": None, "zoom": showing.zoom_from(request)}
    status = 200
    try:
        for version in (old, new):
            note_look(request, version)
        shown |= _beside(request, old, new)
    except (NotServable, pages.CannotLook) as refusal:
        shown["says"] = refusal.message
        status = 409 if isinstance(refusal, NotServable) else 200
    frame = {**_frame(request, new), "older": old, "newer": new}
    return render(request, "documents/looking/compare.html", {**shown, **frame}, status=status)


def _beside(request: HttpRequest, old: Version, new: Version) -> dict[str, Any]:
    number = showing.number_from(request)
    before = showing.sheet_of(old, number)
    after = showing.sheet_of(new, showing.number_from(request, "other") if "other" in request.GET else number)
    return {
        "old": before,
        "new": after,
        "zooms": showing.ZOOMS if before.is_picture or after.is_picture else (),
        **showing.difference(before, after),
        "steps": showing.steps(before, after),
        "old_notes": queries.notes_on(request.user, old, before.number),
        "new_notes": queries.notes_on(request.user, new, after.number),
    }


@login_required
@require_GET
def changes(request: HttpRequest, version_id: uuid.UUID, other_id: uuid.UUID) -> HttpResponse:
    """Which pages of two versions differ in their text; a part of the page that compares them."""
    old, new = (rule.find(user=request.user, version_id=found) for found in (version_id, other_id))
    if not showing.are_of_one_owner(old, new):
        raise Http404
    shown: dict[str, Any] = {"older": old, "newer": new, "found": None, "says": ""}
    try:
        for version in (old, new):
            note_look(request, version)
        shown["found"] = pages.changed(old.file, new.file)
    except (NotServable, pages.CannotLook) as refusal:
        shown["says"] = refusal.message
    is_part = "HX-Request" in request.headers
    shown |= {
        "is_inside": request.GET.get("inside") == "1",
        "layout": "documents/looking/part.html" if is_part else "base.html",
    }
    return render(request, "documents/looking/changes.html", shown)


def tell_rule(words: str, *views: Any) -> None:
    """Write down, for the walk over all addresses, which rule views ask."""
    for view in views:
        view.access_rule = words


tell_rule("the owner's predicate: documents.access.may_read", look, picture, compare, changes)
