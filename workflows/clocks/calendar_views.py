"""Pages of the calendars: years, a year as a picture, reading in, editing, the difference, applying.

Staff read them; time-limit administrators change them. What a person may not see answers 404.
"""

from __future__ import annotations

import uuid as uuids

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qualification.access import person, roles
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.door import Stale
from qualification.regions import calendar_drafts, calendar_files, calendar_rules, calendars
from qualification.regions.calendar_difference import differences
from qualification.regions.calendar_entries import CalendarRefused, YearFile
from qualification.regions.models import NATION, Authority, CalendarDraft, CalendarYear
from workflows.clocks import calendar_impact, calendar_pages, calendar_services
from workflows.clocks.calendar_forms import ApplyForm, DayForm, ImportForm
from workflows.clocks.counting import day_of

readers = roles(*sorted(calendar_rules.READERS))
administrators = roles(Role.SLA_ADMIN)
form_methods = require_http_methods(["GET", "HEAD", "POST"])


def _place(request: HttpRequest, code: str) -> Authority | None:
    try:
        return calendar_pages.place_of(person(request), code)
    except Authority.DoesNotExist as error:
        raise Http404 from error


def _known_year(year: int) -> int:
    if not calendar_files.EARLIEST <= year <= calendar_files.LATEST:
        raise Http404
    return year


def _may_edit(user: User, authority: Authority | None) -> bool:
    if authority is None:
        return calendar_rules.edits_nation(user)
    return user.has_role(Role.SLA_ADMIN, authority_id=authority.pk)


def _open_draft(request: HttpRequest, uuid: uuids.UUID) -> CalendarDraft:
    return get_object_or_404(calendar_rules.drafts_visible_to(person(request)), uuid=uuid)


@readers
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Every year of the nation and of the regions, and the changes that wait to be applied."""
    user, today = person(request), day_of(timezone.now())
    drafts = calendar_rules.drafts_visible_to(user).filter(edition=None, discarded_at=None)
    context = {
        "years": calendar_pages.national_years(today),
        "regions": calendar_pages.regions(user),
        "drafts": [(draft, calendar_pages.label_of(draft.authority)) for draft in drafts],
        "can_import": user.has_role(Role.SLA_ADMIN),
        "nation": NATION,
        "this_year": today.year,
        "next_year": today.year + 1,
    }
    return render(request, "calendars/home.html", context)


@readers
@require_safe
def year(request: HttpRequest, place: str, year: int) -> HttpResponse:
    """One year of one place as it counts, with its editions."""
    authority, number = _place(request, place), _known_year(year)
    editions = calendar_pages.editions_of(number, authority)
    context = {
        "place": place,
        "place_label": calendar_pages.label_of(authority),
        "authority": authority,
        "year": number,
        "picture": calendar_pages.year_picture(number, authority),
        "standing": calendar_pages.standing_of(calendars.newest_of(number, None)),
        "provisional": not calendar_pages.is_official(number),
        "editions": editions,
        "newest": editions[0] if editions else None,
        "blocks": calendar_pages.blocks(calendar_pages.days_of(number, authority)),
        "can_edit": _may_edit(person(request), authority),
    }
    return render(request, "calendars/year.html", context)


@readers
@require_safe
def edition(request: HttpRequest, place: str, year: int, number: int) -> HttpResponse:
    """One edition, and what the one in force says otherwise."""
    authority = _place(request, place)
    shown = get_object_or_404(CalendarYear, year=year, authority=authority, edition=number)
    newest = calendars.newest_of(year, shown.authority_id)
    changes = differences(calendars.special_days(shown), calendars.special_days(newest)) if newest else []
    context = {
        "place": place,
        "place_label": calendar_pages.label_of(authority),
        "shown": shown,
        "newest": newest,
        "changes": [(change, "") for change in changes],
        "picture": calendar_pages.edition_picture(shown),
        "can_restore": newest != shown and _may_edit(person(request), authority),
    }
    return render(request, "calendars/edition.html", context)


@administrators
@require_POST
def restore(request: HttpRequest, place: str, year: int, number: int) -> HttpResponse:
    """Prepare an older edition to be applied again."""
    shown = get_object_or_404(CalendarYear, year=year, authority=_place(request, place), edition=number)
    try:
        draft = calendar_drafts.restore(edition=shown, by=person(request), now=timezone.now())
    except CalendarRefused as refused:
        messages.error(request, " ".join(refused.problems))
        return redirect("calendars:edition", place, year, number)
    return redirect(draft)


@administrators
@form_methods
def import_year(request: HttpRequest) -> HttpResponse:
    """Read a year in from a file or a pasted text; nothing is in force before its difference has been looked at."""
    given = {name: request.GET.get(name) for name in ("place", "year") if request.GET.get(name)}
    form = ImportForm(request.POST or None, request.FILES or None, user=person(request), initial=given)
    if request.method == "POST" and form.is_valid():
        draft = _prepared(request, form)
        if draft is not None:
            return redirect(draft)
    return render(request, "calendars/import.html", {"form": form}, status=422 if form.is_bound else 200)


def _prepared(request: HttpRequest, form: ImportForm) -> CalendarDraft | None:
    """The draft of what was read, or None with the form told why not."""
    assert form.read is not None
    file = YearFile(form.read.year, form.cleaned_data["source"] or form.read.source, form.read.days)
    try:
        return calendar_drafts.prepare(
            file=file, authority=form.authority, is_official=form.is_official, text=form.cleaned_data["text"],
            by=person(request), now=timezone.now(),
        )  # fmt: skip
    except CalendarRefused as refused:
        form.refuse(refused)
    return None


@administrators
@form_methods
def edit(request: HttpRequest, place: str, year: int) -> HttpResponse:
    """Change days of a year one after the other; they are collected and applied together."""
    authority, number, user = _place(request, place), _known_year(year), person(request)
    if not _may_edit(user, authority):
        raise Http404
    form = DayForm(request.POST or None, initial=_day_asked(request, number, authority))
    if request.method == "POST" and form.is_valid() and _edits(request, form, number, authority):
        return redirect(f"{reverse('calendars:edit', args=[place, number])}#day")
    draft = calendar_drafts.edit_of(number, authority, user)
    context = {
        "place": place,
        "place_label": calendar_pages.label_of(authority),
        "authority": authority,
        "chosen": request.GET.get("day", ""),
        "year": number,
        "form": form,
        "draft": draft,
        "changes": [(change, "") for change in calendar_pages.difference_of(draft)] if draft else [],
        "is_stale": draft is not None and calendar_drafts.is_stale(draft),
        "picture": calendar_pages.year_picture(number, authority, draft),
        "provisional": not calendar_pages.is_official(number),
    }
    return render(request, "calendars/edit.html", context, status=422 if form.is_bound else 200)


def _day_asked(request: HttpRequest, year: int, authority: Authority | None) -> dict[str, object]:
    """The day that was clicked, as it stands."""
    draft = calendar_drafts.edit_of(year, authority, person(request))
    days = calendar_drafts.file_of(draft).days if draft else calendar_pages.days_of(year, authority)
    asked = request.GET.get("day", "")
    named = next((day for day in days if day.date.isoformat() == asked), None)
    kind = {None: "plain", True: "off", False: "on"}[named.is_off if named else None]
    return {"first": asked, "kind": kind, "name": named.name if named else ""}


def _edits(request: HttpRequest, form: DayForm, year: int, authority: Authority | None) -> bool:
    try:
        calendar_drafts.edit(
            year=year, authority=authority, dates=form.cleaned_data["dates"], is_off=form.is_off,
            name=form.cleaned_data["name"], by=person(request), now=timezone.now(),
        )  # fmt: skip
    except CalendarRefused as refused:
        form.add_error("first", list(refused.problems))
        return False
    messages.success(request, _("Noted. It takes effect when the change is applied."))
    return True


@administrators
@form_methods
def change(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """What a change would do; applying it; and, once applied, how far the open clocks are."""
    draft = _open_draft(request, uuid)
    if draft.edition is not None and request.method != "POST":
        return _result(request, draft)
    form = ApplyForm(request.POST or None, initial={"seen": calendars.newest_edition()})
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        try:
            calendar_services.apply(
                draft=draft, reason=form.cleaned_data["reason"], seen=form.cleaned_data["seen"], by=person(request),
                now=timezone.now(),
            )  # fmt: skip
        except (CalendarRefused, ValidationError) as refused:
            form.add_error(None, ValidationError(list(getattr(refused, "problems", refused.args))))
        except Stale as stale:
            return _stale(request, draft, stale)
        else:
            return redirect(draft)
    return _difference(request, draft, form, status)


def _difference(request: HttpRequest, draft: CalendarDraft, form: ApplyForm, status: int) -> HttpResponse:
    now = timezone.now()
    impact = calendar_impact.of_draft(draft, now) if draft.is_open else calendar_impact.Impact()
    authorities = impact.authorities
    context = {
        **calendar_pages.change_context(draft, now),
        "form": form,
        "impact": impact,
        "authorities": authorities,
        "rows": [
            (label, list(zip(authorities, cells, strict=True)), total)
            for label, cells, total in impact.rows(authorities)
        ],
    }
    return render(request, "calendars/change.html", context, status=status)


def _stale(request: HttpRequest, draft: CalendarDraft, stale: Stale) -> HttpResponse:
    """The difference as it is now, with who was first, so that the person decides on what is true."""
    fresh = _open_draft(request, draft.uuid)
    messages.error(request, stale.message)
    if fresh.edition is not None:
        return redirect(fresh)
    return _difference(request, fresh, ApplyForm(initial={"seen": calendars.newest_edition()}), 409)


def _result(request: HttpRequest, draft: CalendarDraft) -> HttpResponse:
    assert draft.edition is not None
    changes = calendar_pages.difference_of(draft)
    context = {
        "draft": draft,
        "place_label": calendar_pages.label_of(draft.authority),
        "edition": draft.edition,
        "changes": [(one, "") for one in changes],
        "progress": calendar_pages.progress_of(draft.edition),
    }
    return render(request, "calendars/result.html", context)


@administrators
@require_safe
def progress(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """How far the open clocks are, as a part of the result's page."""
    draft = _open_draft(request, uuid)
    if draft.edition is None:
        raise Http404
    context = {"draft": draft, "progress": calendar_pages.progress_of(draft.edition)}
    return render(request, "calendars/_progress.html", context)


@administrators
@require_POST
def discard(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Throw a change away."""
    calendar_drafts.discard(draft=_open_draft(request, uuid), by=person(request), now=timezone.now())
    messages.success(request, _("The change is thrown away; nothing has changed."))
    return redirect("calendars:home")


@administrators
@require_POST
def again(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Prepare a change anew on the edition that is in force now."""
    draft = _open_draft(request, uuid)
    try:
        fresh = calendar_drafts.again(draft=draft, by=person(request), now=timezone.now())
    except CalendarRefused as refused:
        messages.error(request, " ".join(refused.problems))
        return redirect(draft)
    return redirect(fresh)
