"""The register as files for machines: the whole of it, made while it is sent."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Prefetch

from qualification.certificates import queries
from qualification.certificates.models import Certificate, Grant, ScopeLine
from qualification.certificates.services.issuing import DEEMED_RENEWAL_ARTICLE
from qualification.regions.models import Authority

CHUNK = 500
SCOPE_HEADS = (
    "number", "laboratory", "credit_code", "site", "site_address", "authority", "is_food", "category", "parameter",
    "standard", "restriction", "note",
)  # fmt: skip


def as_json(today: dt.date) -> Iterator[str]:
    """One JSON document; a certificate a line."""
    yield f'{{"made_on":{json.dumps(today.isoformat())},"certificates":[\n'
    for index, certificate in enumerate(_rows().iterator(chunk_size=CHUNK)):
        yield (",\n" if index else "") + json.dumps(describe(certificate, today), ensure_ascii=False)
    yield "\n]}\n"


def _rows() -> Any:
    grants = Grant.objects.filter(edition__in=queries.current_editions().values("pk")).select_related(
        "authority", "edition"
    )
    return queries.register().order_by("pk").prefetch_related(
        Prefetch("editions", queries.current_editions().order_by("pk"), to_attr="current"),
        Prefetch("current__grants", grants.prefetch_related("sites").order_by("-is_lead", "authority__code"), to_attr="shown"),
    )  # fmt: skip


def _deemed(certificate: Certificate, today: dt.date) -> dict[str, str] | None:
    """That it is valid beyond its end by law, and on which article; None where it is not."""
    day = certificate.deemed_renewed_on or certificate.deemed_on(today)
    return {"on": day.isoformat(), "article": DEEMED_RENEWAL_ARTICLE} if day else None


def describe(certificate: Certificate, today: dt.date) -> dict[str, Any]:
    """What the register says of a certificate."""
    laboratory = certificate.laboratory
    return {
        "number": certificate.number,
        "status": certificate.state_on(today).value,
        "valid_from": certificate.valid_from.isoformat(),
        "valid_until": certificate.valid_until.isoformat(),
        "deemed_renewed": _deemed(certificate, today),
        "laboratory": {"name": laboratory.name, "credit_code": laboratory.credit_code, "address": laboratory.address},
        "authority": _authority(certificate.authority),
        "grants": [_grant(grant) for edition in certificate.current for grant in edition.shown],  # type: ignore[attr-defined]
        "edition": next((edition.number for edition in certificate.current), None),  # type: ignore[attr-defined]
        "url": settings.PUBLIC_URL + certificate.get_absolute_url(),
    }


def _authority(authority: Authority) -> dict[str, str]:
    return {"code": authority.code, "name_zh": authority.name_zh, "name_en": authority.name_en}


def _grant(grant: Grant) -> dict[str, Any]:
    sites = sorted(grant.sites.all(), key=lambda site: site.pk)
    return {**_authority(grant.authority), "sites": [{"name": s.name, "address": s.address} for s in sites]}


def scope_lines() -> Iterator[list[Any]]:
    """Every ability of the certificates in the register, as rows under SCOPE_HEADS."""
    editions = queries.current_editions().filter(certificate__in=queries.register().values("pk"))
    rows = ScopeLine.objects.filter(edition__in=editions.values("pk"), level="parameter").order_by(
        "edition_id", "position"
    )
    related = ("edition__certificate__laboratory", "site", "grant__authority")
    for line in rows.select_related(*related).iterator(chunk_size=2000):
        yield _scope_line(line)


def _scope_line(line: ScopeLine) -> list[Any]:
    certificate = line.edition.certificate
    return [
        certificate.number, certificate.laboratory.name, certificate.laboratory.credit_code, line.site.name,
        line.site.address, line.grant.authority.code, line.is_food, line.category, line.name, line.standard_text,
        line.restriction, line.note,
    ]  # fmt: skip
