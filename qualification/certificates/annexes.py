"""What a certificate certifies: the approved rows and signatories, frozen, and the paper that prints them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.conf import settings

from documents.papers import services as papers
from qualification.applications.enums import Kind
from qualification.certificates.models import Edition, Grant, ScopeLine
from qualification.laboratories.models import Signatory, Site
from qualification.scope.models import CapabilityRow, CapabilityTable
from qualification.search import index_terms

if TYPE_CHECKING:
    from documents.papers.models import Paper
    from qualification.applications.models import Application
    from qualification.regions.models import Authority

PAPER_KIND = "certificate"
TITLE = "检验检测机构资质认定证书"
# Site, food or not, name and standard: by these two applications mean the same ability.
Key = tuple[int, bool, str, str]


def freeze_scope(
    edition: Edition, authorities: Iterable[Authority], kept: Edition | None, others: Sequence[Application] = ()
) -> None:
    """Copy what was approved into the edition, grouped by grant.

    An extension keeps the earlier edition's lines (`kept`). A renewal takes over what `others` were granted, unless it
    applied for the same ability itself: then what was judged in it counts; also where the extension is issued after it.
    """
    new = _new_lines(edition.application, _judged_in_renewal(edition, kept))
    lines = [*_kept_lines(kept), *new, *taken_over(edition.application, others)]
    sites = {line.site_id for line in lines}
    grants = _grants(edition, authorities, kept, sites)
    for position, line in enumerate(lines):
        line.pk = None
        line.edition, line.position = edition, position
        line.grant = grants[line.site_id]
    ScopeLine.objects.bulk_create(lines, batch_size=1000)
    edition.signatories = list(_signatories(edition, sites))
    edition.save(update_fields=["signatories"])


def taken_over(application: Application, others: Sequence[Application]) -> list[ScopeLine]:
    """The lines a renewal takes over from extensions; unsaved."""
    own = _keys(application) if others else set()
    return [line for case in others for line in _new_lines(case, own)]


def _judged_in_renewal(edition: Edition, kept: Edition | None) -> set[Key]:
    """What stands in a renewed certificate already that was issued while the extension was under way."""
    if kept is None:
        return set()
    first = edition.certificate.editions.select_related("application").order_by("number")[0]
    handed_in = edition.application.submitted_at
    if Kind.RENEWAL not in first.application.kinds or handed_in is None or first.requested_at < handed_in:
        return set()
    lines = kept.lines.filter(level="parameter").order_by("position")
    return set(lines.values_list("site_id", "is_food", "name", "standard_text"))


def _kept_lines(kept: Edition | None) -> list[ScopeLine]:
    return list(kept.lines.order_by("position")) if kept else []


def _keys(application: Application) -> set[Key]:
    rows = CapabilityRow.objects.filter(table__application=application, level="parameter")
    return set(rows.order_by("pk").values_list("table__site_id", "table__is_food", "name", "standard_text"))


def _new_lines(application: Application, known: Container[Key] = ()) -> Iterator[ScopeLine]:
    tables = CapabilityTable.objects.filter(application=application).order_by(
        "site__authority__code", "site_id", "is_food"
    )
    for table in tables:
        yield from _table_lines(table, known)


def _table_lines(table: CapabilityTable, known: Container[Key]) -> Iterator[ScopeLine]:
    headings: list[CapabilityRow] = []
    for row in table.rows.order_by("position"):
        if row.level != "parameter":
            headings = [h for h in headings if _outranks(h, row)] + [row]
        elif row.is_approved and (table.site_id, table.is_food, row.name, row.standard_text) not in known:
            yield from (_line(table, heading) for heading in headings)
            headings = []
            yield _line(table, row)


def _outranks(heading: CapabilityRow, row: CapabilityRow) -> bool:
    return heading.level == "main" and row.level == "category"


def _line(table: CapabilityTable, row: CapabilityRow) -> ScopeLine:
    return ScopeLine(
        site_id=table.site_id, is_food=table.is_food, level=row.level, number=row.number, category=row.category[:400],
        name=row.name, standards=row.standards, standard_text=row.standard_text, restriction=row.approved_restriction,
        note=row.note, position=0, search_terms=index_terms(row.category, row.name, row.standard_text),
    )  # fmt: skip


def _grants(
    edition: Edition, authorities: Iterable[Authority], kept: Edition | None, site_ids: set[int]
) -> dict[int, Grant]:
    """One grant per authority with a site in the edition, and always one of the lead, whose number it bears.

    A kept line may be of a site that has moved to an authority which had no part in the case: it signs, too.
    """
    lead = edition.certificate.authority
    sites = list(Site.objects.filter(pk__in=site_ids).select_related("authority").order_by("pk"))
    earlier = [grant.authority for grant in kept.grants.select_related("authority")] if kept else []
    known = {a.pk: a for a in [lead, *authorities, *earlier, *(site.authority for site in sites)]}
    by_site: dict[int, Grant] = {}
    for authority in known.values():
        own = [s for s in sites if s.authority_id == authority.pk]
        if not own and authority.pk != lead.pk:
            continue
        grant = Grant.objects.create(edition=edition, authority=authority, is_lead=authority.pk == lead.pk)
        grant.sites.set(own)
        by_site.update({s.pk: grant for s in own})
    return by_site


def _signatories(edition: Edition, site_ids: set[int]) -> Iterator[dict[str, Any]]:
    laboratory_id = edition.certificate.laboratory_id
    for s in Signatory.objects.filter(laboratory_id=laboratory_id, is_active=True).order_by("pk"):
        if s.site_id is None or s.site_id in site_ids:
            yield {"name": s.name, "title": s.title, "fields": s.fields_text, "site": s.site_id}


def request_paper(edition: Edition, *, now: dt.datetime) -> Paper:
    """Ask for the certificate with its annexes, to be signed by each grant's authority, the lead first."""
    grants = list(edition.grants.select_related("authority").order_by("-is_lead", "authority__code"))
    certificate = edition.certificate
    return papers.request(
        kind=PAPER_KIND, template="certificate", title=TITLE, context=_context(edition, grants),
        signers=[g.authority.code for g in grants], owner_kind=PAPER_KIND, owner_id=certificate.uuid,
        dated_on=edition.issued_on, document_number=certificate.number, now=now,
    )  # fmt: skip


def _context(edition: Edition, grants: list[Grant]) -> dict[str, Any]:
    certificate = edition.certificate
    laboratory = certificate.laboratory
    return {
        "is_trial": certificate.authority.is_trial,
        "lab_name": laboratory.name,
        "lab_address": laboratory.address,
        "number": certificate.number,
        "valid_from": certificate.valid_from.isoformat(),
        "valid_until": certificate.valid_until.isoformat(),
        "verify_url": settings.PUBLIC_URL + certificate.get_absolute_url(),
        "reason": "",
        "grants": [_grant(edition, grant) for grant in grants],
    }


def _grant(edition: Edition, grant: Grant) -> dict[str, Any]:
    sites = list(grant.sites.order_by("pk"))
    return {
        "authority": grant.authority.code,
        "authority_name": grant.authority.name_zh,
        "sites": [_site(edition, grant, site) for site in sites],
        "signatories": [_signatory(s) for s in edition.signatories if s["site"] is None],
    }


def _site(edition: Edition, grant: Grant, site: Site) -> dict[str, Any]:
    lines = grant.lines.filter(site=site).order_by("is_food", "position")
    return {
        "name": site.name,
        "address": site.address,
        "tables": [
            {"is_food": food, "rows": [_row(line) for line in rows]}
            for food, rows in groupby(lines, key=lambda x: x.is_food)
        ],
        "signatories": [_signatory(s) for s in edition.signatories if s["site"] == site.pk],
    }


def _row(line: ScopeLine) -> dict[str, Any]:
    return {
        "level": line.level, "number": line.number, "name": line.name, "category": line.category,
        "standards": [line.standard_text] if line.standard_text else [], "restriction": line.restriction, "note": line.note,
    }  # fmt: skip


def _signatory(entry: dict[str, Any]) -> dict[str, str]:
    return {"name": entry["name"], "title": entry["title"], "fields": entry["fields"], "note": ""}
