"""The register's lists: what they show, how they are searched and narrowed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from qualification.applications.enums import Kind
from qualification.certificates import queries
from qualification.certificates.enums import CertificateState
from qualification.certificates.models import Certificate, Edition
from qualification.pages.lists import Column, Filter, ListPage
from qualification.regions.models import Authority, DictionaryEntry

WHERE = (
    (queries.BODY, _("body and number")),
    (queries.SCOPE, _("standard and parameter")),
)

NUMBER_CELL = "certificates/public/_number_cell.html"


def laboratory_url(row: Certificate | Edition) -> str:
    """The public page of the laboratory a row is about."""
    certificate: Any = row.certificate if isinstance(row, Edition) else row
    return reverse("certificates:laboratory", args=[certificate.laboratory.uuid])


def regions() -> list[tuple[str, str]]:
    """The five regions."""
    return [(a.code, a.region) for a in Authority.objects.real().order_by("code")]


def fields() -> list[tuple[str, str]]:
    """The fields (FF), those no longer given, too: old numbers carry them."""
    entries = DictionaryEntry.objects.filter(kind=DictionaryEntry.Kind.FIELD).order_by("code")
    return [(e.code, f"{e.code} {e.name}") for e in entries]


def statuses() -> list[tuple[str, str]]:
    """What the register can say of a certificate."""
    return [(s.value, str(s.label)) for s in CertificateState if s in CertificateState.public()]


class RegisterPage(ListPage):
    """The register, searched by body, number, standard and parameter."""

    def __init__(self, request: HttpRequest, today: dt.date) -> None:
        self.today = today
        super().__init__(
            request,
            queries.register(),
            columns=self._columns(),
            search=("search_terms",),
            filters=(
                Filter("where", _("Search in"), WHERE, apply=lambda rows, value: rows),
                Filter("region", _("Region"), regions, apply=queries.granted_in),
                Filter("field", _("Field"), fields, apply=queries.of_field),
                Filter("status", _("Status"), statuses, apply=self._in_status),
            ),
            default_sort="-from",
            file_name="register",
        )

    def _in_status(self, rows: QuerySet[Certificate], value: str) -> QuerySet[Certificate]:
        return queries.in_status(rows, value, self.today)

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column(
                "number", _("Number"), sort=("number",), link=lambda row: row.get_absolute_url(), template=NUMBER_CELL
            ),
            Column(
                "laboratory",
                _("Body"),
                value=lambda row: row.laboratory.name,
                sort=("laboratory__name",),
                link=laboratory_url,
            ),
            Column(
                "status",
                _("Status"),
                value=lambda row: str(row.state_on(self.today).label),
                template="certificates/public/_status_cell.html",
            ),
            Column("until", _("Valid until"), value=lambda row: row.valid_until, sort=("valid_until",)),
            Column("from", _("Valid from"), value=lambda row: row.valid_from, sort=("valid_from",)),
            Column("authority", _("Authority"), value=lambda row: row.authority.name, sort=("authority__code",)),
        )

    def searched(self, rows: QuerySet[Certificate]) -> QuerySet[Certificate]:
        """By pairs of characters, in the part of the certificate that was chosen."""
        where = self.request.GET.get("where", "")
        return queries.search(rows, self.query, where) if self.query else rows


class WhoPage(ListPage):
    """Laboratories that can test something now."""

    def __init__(self, request: HttpRequest, today: dt.date) -> None:
        self.today = today
        self._found: dict[int, list[Any]] = {}
        super().__init__(
            request,
            Certificate.objects.none(),
            columns=(
                Column("laboratory", _("Body"), value=lambda row: row.laboratory.name, sort=("laboratory__name",), link=laboratory_url),
                Column("examples", _("Abilities that fit"), value=self._example_text, template="certificates/public/_examples_cell.html"),
                Column("number", _("Certificate"), sort=("number",), link=self._certificate_url, template=NUMBER_CELL),
                Column("until", _("Valid until"), value=lambda row: row.valid_until, sort=("valid_until",)),
            ),
            search=("search_terms",),
            filters=(Filter("region", _("Region of the site"), regions, apply=lambda rows, value: rows),),
            default_sort="laboratory",
            file_name="who-can-test",
        )  # fmt: skip

    @property
    def region(self) -> str:
        """Code of the region chosen, or nothing."""
        return self.filters[0].value

    def searched(self, rows: QuerySet[Certificate]) -> QuerySet[Certificate]:
        """Valid certificates with a fitting ability; nothing before something is asked."""
        return queries.who_can_test(self.query, self.today, self.region) if self.query else rows

    def _certificate_url(self, row: Certificate) -> str:
        from urllib.parse import urlencode

        return f"{row.get_absolute_url()}?{urlencode({'q': self.query})}#scope"

    def _example_text(self, row: Certificate) -> str:
        found = queries.examples(self.query, [row.pk], self.region)[row.pk]
        return "; ".join(f"{line.name}: {line.standard_text}" for line in found)

    def with_examples(self) -> WhoPage:
        """Put the first fitting abilities on each row of the page: one query for the page."""
        rows = list(self.page)
        found = queries.examples(self.query, [row.pk for row in rows], self.region)
        for row in rows:
            row.examples = found[row.pk]
        self.page.object_list = rows
        return self


def results_page(request: HttpRequest) -> ListPage:
    """Certificates issued, the newest first."""
    return ListPage(
        request,
        queries.issued_editions(),
        columns=(
            Column("issued", _("Date of issue"), value=lambda row: row.issued_on, sort=("issued_on",)),
            Column("laboratory", _("Body"), value=lambda row: row.certificate.laboratory.name, sort=("certificate__laboratory__name",), link=laboratory_url),
            Column("kinds", _("What for"), value=lambda row: row.application.kind_labels),
            Column("number", _("Certificate"), value=lambda row: row.certificate.number, sort=("certificate__number",), link=lambda row: row.certificate.get_absolute_url(), template="certificates/public/_edition_number_cell.html"),
            Column("edition", _("Edition"), value=lambda row: row.number, is_number=True),
            Column("authority", _("Authority"), value=lambda row: row.certificate.authority.name, sort=("certificate__authority__code",)),
        ),
        search=("certificate__number", "certificate__laboratory__name"),
        filters=(
            Filter("region", _("Region"), regions, lookup="certificate__authority__code"),
            Filter("kind", _("What for"), _kinds, apply=lambda rows, value: rows.filter(application__kinds__contains=[value])),
        ),
        default_sort="-issued",
        file_name="results",
    )  # fmt: skip


def _kinds() -> Iterable[tuple[str, Any]]:
    return [(kind.value, kind.label) for kind in (Kind.FIRST, Kind.RENEWAL, Kind.EXTENSION)]
