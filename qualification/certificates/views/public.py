"""What the public sees of certificates."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from qualification.access import public
from qualification.certificates import guide, open_data, published_draws, queries, verifying
from qualification.certificates.forms import NumberForm, PaperForm
from qualification.certificates.listing import RegisterPage, WhoPage, results_page
from qualification.certificates.public_page import PublicCertificate
from qualification.pages.exports import WRITERS


@public
@require_safe
def register(request: HttpRequest) -> HttpResponseBase:
    """The register, searched and narrowed."""
    listing = RegisterPage(request, timezone.localdate())
    if listing.wants_export:
        return listing.export()
    return render(request, "certificates/public/register.html", {"listing": listing})


@public
@require_safe
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """The page the QR code opens: status, holder, scope and validity. An unknown number is told what to check."""
    found = queries.with_renewals(queries.reachable()).select_related("replaces").filter(number=number).first()
    if found is None:
        asked = verifying.normalise(number)
        context = {"number": number, "wrong": verifying.problem(asked), "form": NumberForm(initial={"number": number})}
        return render(request, "certificates/public/unknown.html", context, status=404)
    shown = PublicCertificate(found, timezone.localdate(), request.GET)
    return render(request, "certificates/public/certificate.html", {"shown": shown, "certificate": found})


@public
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Check a certificate by its number, its code or its file."""
    if request.method == "POST":
        return _verify_file(request)
    form = NumberForm(request.GET if "number" in request.GET else None)
    if form.is_valid():
        return redirect("certificates:public", form.cleaned_data["number"])
    return _verify_page(request, form, PaperForm(), status=404 if form.is_bound else 200)


def _verify_file(request: HttpRequest) -> HttpResponse:
    form = PaperForm(request.POST, request.FILES)
    if not form.is_valid():
        return _verify_page(request, NumberForm(), form, status=422)
    verdict = verifying.judge_file(form.cleaned_data["file"])
    state = verdict.edition.certificate.state_on(timezone.localdate()) if verdict.edition else None
    context = {"verdict": verdict, "state": state}
    return render(request, "certificates/public/verdict.html", context)


def _verify_page(request: HttpRequest, number: NumberForm, paper: PaperForm, *, status: int) -> HttpResponse:
    context = {"form": number, "paper_form": paper, "page_url": reverse("certificates:public", args=["000000000000"])}
    return render(request, "certificates/public/verify.html", context, status=status)


@public
@require_safe
def laboratory(request: HttpRequest, uuid: uuid.UUID) -> HttpResponse:
    """A laboratory of the register, with its certificates."""
    found = get_object_or_404(queries.public_laboratories(), uuid=uuid)
    certificates = queries.register().filter(laboratory=found).order_by("-valid_from", "-pk")
    return render(request, "certificates/public/laboratory.html", {"laboratory": found, "certificates": certificates})


@public
@require_safe
def who_can_test(request: HttpRequest) -> HttpResponseBase:
    """Laboratories that can test something now."""
    listing = WhoPage(request, timezone.localdate())
    if listing.wants_export:
        return listing.export()
    return render(request, "certificates/public/who.html", {"listing": listing.with_examples()})


@public
@require_safe
def how_to_apply(request: HttpRequest) -> HttpResponse:
    """Steps, materials and time limits."""
    context = {
        "steps": guide.steps(),
        "by_commitment": guide.by_commitment(),
        "kinds": guide.kinds(),
        "limits": guide.limits(),
        "renewal": guide.renewal(),
    }
    return render(request, "certificates/public/how_to_apply.html", context)


@public
@require_safe
def draws(request: HttpRequest) -> HttpResponseBase:
    """The draws of teams."""
    listing = published_draws.draws_page(request)
    if listing.wants_export:
        return listing.export()
    return render(request, "certificates/public/draws.html", {"listing": published_draws.finish(listing)})


@public
@require_safe
def results(request: HttpRequest) -> HttpResponseBase:
    """Certificates issued lately."""
    listing = results_page(request)
    if listing.wants_export:
        return listing.export()
    return render(request, "certificates/public/results.html", {"listing": listing})


@public
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """What can be downloaded, and what the files hold."""
    return render(request, "certificates/public/data.html", {"heads": open_data.SCOPE_HEADS})


@public
@require_safe
def data_json(request: HttpRequest) -> HttpResponseBase:
    """The whole register as JSON."""
    lines = open_data.as_json(timezone.localdate())
    answer = StreamingHttpResponse(lines, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="register.json"'
    return answer


@public
@require_safe
def scope_csv(request: HttpRequest) -> HttpResponseBase:
    """Every ability in the register as CSV."""
    answer = WRITERS["csv"](list(open_data.SCOPE_HEADS), open_data.scope_lines())
    answer["Content-Disposition"] = 'attachment; filename="scope.csv"'
    return answer
