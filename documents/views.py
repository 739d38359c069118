"""Pages of slots and the one download view. Each asks the rule of the file's owner; who may not read gets 404."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from documents import access, services, serving
from documents.enums import Purpose
from documents.forms import UploadForm
from documents.models import Version
from documents.panels import panel_of
from documents.upload import UploadRefused, add_version


@login_required
@require_GET
def slot(request: HttpRequest, owner_kind: str, owner_id: uuid.UUID, code: str) -> HttpResponse:
    """One slot: the part that changes for htmx, a page of its own otherwise."""
    _demand(access.may_read(request.user, owner_kind, owner_id))
    panel = panel_of(request, owner_kind, owner_id, code, request.GET.get("label", ""))
    template = "documents/slot_body.html" if request.headers.get("HX-Request") else "documents/slot_page.html"
    return render(request, template, panel)


@login_required
@require_POST
def upload(request: HttpRequest, owner_kind: str, owner_id: uuid.UUID, code: str) -> HttpResponse:
    """Take a file in. htmx and the upload script get the slot's part back (422 with the reason), a form a redirect."""
    _demand(access.may_write(request.user, owner_kind, owner_id))
    form = UploadForm(request.POST, request.FILES)
    label = str(form.data.get("label", ""))
    error = _take_in(request, form, owner_kind, owner_id, code)
    if request.headers.get("HX-Request"):
        panel = panel_of(request, owner_kind, owner_id, code, label)
        status = 422 if error else 200
        return render(request, "documents/slot_body.html", {**panel, "error": error}, status=status)
    _say(request, error)
    return redirect(_back(request, reverse("documents:slot", args=[owner_kind, owner_id, code])))


def _take_in(request: HttpRequest, form: UploadForm, owner_kind: str, owner_id: uuid.UUID, code: str) -> str:
    if not form.is_valid():
        return " ".join(str(error) for errors in form.errors.values() for error in errors)
    data = form.cleaned_data
    try:
        add_version(
            owner_kind=owner_kind, owner_id=owner_id, code=code, label=data["label"], upload=data["file"],
            note=data["note"], by=request.user, now=timezone.now(),
        )  # fmt: skip
    except UploadRefused as refusal:
        return refusal.message
    return ""


def _say(request: HttpRequest, error: str) -> None:
    if error:
        messages.error(request, error)
    else:
        messages.success(request, _("The file was taken in."))


@login_required
@require_POST
def remove(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Remove a version that was not handed in yet; the question was asked on the page before."""
    version = get_object_or_404(Version.objects.select_related("document"), pk=version_id)
    document = version.document
    _demand(access.may_write(request.user, document.owner_kind, document.owner_id))
    if request.POST.get("confirm") == "yes":
        _withdraw(request, version)
    else:
        messages.warning(request, _("Nothing was removed, because the question was not answered."))
    return redirect(
        _back(request, reverse("documents:slot", args=[document.owner_kind, document.owner_id, document.code]))
    )


def _withdraw(request: HttpRequest, version: Version) -> None:
    try:
        services.withdraw(version=version, by=request.user, now=timezone.now())
    except services.CannotWithdraw as refusal:
        messages.error(request, refusal.message)
    except PermissionDenied:
        raise Http404 from None
    else:
        messages.success(request, _("Version %(number)s was removed.") % {"number": version.number})


@login_required
@require_GET
def download(request: HttpRequest, file_id: uuid.UUID) -> HttpResponseBase:
    """Hand out a file, to keep or (`?view=1`) to look at; why not, when it is not handed out."""
    file, version = serving.find(user=request.user, file_id=file_id)
    purpose = Purpose.VIEW if request.GET.get("view") == "1" else Purpose.DOWNLOAD
    ip = request.META.get("REMOTE_ADDR") or None
    try:
        return serving.hand_out(
            file=file, version=version, user=request.user, purpose=purpose, ip=ip, now=timezone.now()
        )
    except serving.NotServable as refusal:
        return render(request, "documents/not_servable.html", {"file": file, "says": refusal.message}, status=409)


@login_required
@require_GET
def download_all(
    request: HttpRequest, owner_kind: str, owner_id: uuid.UUID, code: str = "", snapshot: uuid.UUID | None = None
) -> HttpResponseBase:
    """All files of an owner, of one kind of slot, or as handed in at one moment, as a ZIP with an index of hashes."""
    ip = request.META.get("REMOTE_ADDR") or None
    try:
        return serving.hand_out_all(
            owner_kind=owner_kind, owner_id=owner_id, code=code, snapshot=snapshot, user=request.user, ip=ip,
            now=timezone.now(),
        )  # fmt: skip
    except serving.NotServable as refusal:
        return render(request, "documents/not_servable.html", {"file": None, "says": refusal.message}, status=409)


def _demand(is_allowed: bool) -> None:
    if not is_allowed:
        raise Http404


def _back(request: HttpRequest, otherwise: str) -> str:
    for target in (request.POST.get("next"), request.headers.get("Referer")):
        if target and url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
            return target
    return otherwise


def _tell_rule(rule: str, *views: Any) -> None:
    for view in views:
        view.access_rule = rule


_tell_rule("the owner's predicate: documents.access.may_read", slot, download, download_all)
_tell_rule("the owner's predicate: documents.access.may_write", upload, remove)
