"""The issuer's pages, and what staff see of certificates."""

from __future__ import annotations

import uuid as uuids
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents.papers import services as papers
from qualification import door
from qualification.access import roles
from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.applications.queries import visible_to as cases_visible_to
from qualification.certificates import staff
from qualification.certificates.forms_staff import END_ARTICLES, EndForm
from qualification.certificates.models import Certificate, Edition
from qualification.certificates.numbers import NumbersExhausted
from qualification.certificates.queries import visible_to
from qualification.certificates.services import issuing

MENDERS = (Role.ISSUER, Role.REGION_ADMIN)
AFTER_ISSUE = ("issuing", "issued")


def _case(request: HttpRequest, uuid: uuids.UUID) -> Application:
    """A case of the person's own authority; 403 for whoever sees it only because of a site."""
    related = ("laboratory", "authority__profile", "certificate", "decided_by")
    application = get_object_or_404(cases_visible_to(cast(User, request.user)).select_related(*related), uuid=uuid)
    if not cast(User, request.user).has_role(*MENDERS, authority_id=application.authority_id):
        raise PermissionDenied(door.reasons.of(door.permission_of(application, "issue")))
    return application


@roles(*MENDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def issue(request: HttpRequest, uuid: uuids.UUID) -> HttpResponseBase:
    """Ask first and issue; afterwards how far the paper is."""
    application = _case(request, uuid)
    if request.method == "POST":
        return _issue(request, application)
    if application.state in AFTER_ISSUE:
        return _status(request, application)
    if application.state != "granted":
        messages.info(request, door.stale_message(application))
        return redirect("inbox:case", uuid=uuid)
    return _question(request, application)


def _issue(request: HttpRequest, application: Application) -> HttpResponse:
    try:
        issuing.issue(application=application, by=cast(User, request.user), now=timezone.now())
    except ValidationError as refused:
        return _question(request, application, " ".join(refused.messages))
    except NumbersExhausted as exhausted:
        return _question(request, application, exhausted.message)
    messages.success(request, _("The number was taken. The certificate is being made and signed."))
    return redirect("certificates:issue", uuid=application.uuid)


def _question(request: HttpRequest, application: Application, error: str = "") -> HttpResponse:
    shown = {
        "application": application, "preview": staff.preview(application, now=timezone.now()), "error": error,
        "may_issue": door.can(cast(User, request.user), "issue", application),
        "why_not": door.reasons.of(door.permission_of(application, "issue")),
    }  # fmt: skip
    return render(request, "certificates/staff/issue.html", shown, status=422 if error else 200)


def _status(request: HttpRequest, application: Application) -> HttpResponse:
    edition = get_object_or_404(Edition.objects.select_related("certificate", "paper__file"), application=application)
    grants = list(edition.grants.select_related("authority").order_by("-is_lead", "authority__code"))
    shown = {"application": application, "edition": edition, "grants": grants}
    template = (
        "certificates/staff/_progress.html" if request.headers.get("HX-Request") else "certificates/staff/status.html"
    )
    return render(request, template, shown)


@roles(*MENDERS)
@require_POST
def retry(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Try to make the paper again at once."""
    application = _case(request, uuid)
    edition = get_object_or_404(Edition.objects.select_related("paper"), application=application)
    if edition.paper is None:
        raise Http404
    papers.retry(paper=edition.paper, now=timezone.now())
    messages.success(request, _("It is being tried again."))
    return redirect("certificates:issue", uuid=uuid)


@roles(*STAFF_ROLES, *NATIONAL_ROLES)
@require_safe
def listing(request: HttpRequest) -> HttpResponseBase:
    """Certificates of the authority."""
    today = timezone.localdate()
    page = staff.certificates_page(request, cast(User, request.user), today)
    if page.wants_export:
        return page.export()
    for certificate in page.page:
        certificate.badge = staff.badge(certificate, today)
    return render(request, "certificates/staff/list.html", {"listing": page})


def _certificate(request: HttpRequest, uuid: uuids.UUID) -> Certificate:
    rows = visible_to(cast(User, request.user)).select_related("laboratory", "authority", "replaces", "replaced_by")
    return get_object_or_404(rows, uuid=uuid)


@roles(*STAFF_ROLES, *NATIONAL_ROLES)
@require_safe
def detail(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """One certificate with its editions, grants and papers."""
    return _detail(request, _certificate(request, uuid), EndForm(auto_id="end_%s"))


def _detail(request: HttpRequest, certificate: Certificate, form: Any, status: int = 200) -> HttpResponse:
    editions = certificate.editions.select_related("paper__file", "application", "requested_by").order_by("-number")
    user = cast(User, request.user)
    seen = set(
        cases_visible_to(user).filter(edition__certificate=certificate).values_list("pk", flat=True).order_by("pk")
    )
    shown = {
        "certificate": certificate,
        "badge": staff.badge(certificate, timezone.localdate()),
        "standing": staff.standing(certificate, timezone.localdate()),
        "editions": editions.prefetch_related("grants__authority", "grants__sites"),
        "seen": seen,
        "end_form": form,
        "may_end": any(door.can(user, verb, certificate) for verb, __ in form.fields["verb"].choices),
        "articles": END_ARTICLES,
        "is_public": certificate.state != "pending",
    }
    return render(request, "certificates/staff/detail.html", shown, status=status)


@roles(Role.DECISION)
@require_POST
def end(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """End a certificate, with reason and article; the question was asked on the page before."""
    certificate = _certificate(request, uuid)
    form = EndForm(request.POST, auto_id="end_%s")
    if not form.is_valid():
        return _detail(request, certificate, form, status=422)
    data = form.cleaned_data
    try:
        issuing.end(certificate=certificate, by=cast(User, request.user), now=timezone.now(), **data)
    except ValidationError as refused:
        form.add_error(None, refused)
        return _detail(request, certificate, form, status=422)
    messages.success(
        request, _("Certificate %(number)s has ended; the register says so.") % {"number": certificate.number}
    )
    return redirect("certificates:detail", uuid=uuid)
