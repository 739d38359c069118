"""The public page of one certificate: what it says, in the order in which a stranger asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet

from qualification.certificates import queries, renewals
from qualification.certificates.enums import CertificateState
from qualification.certificates.models import Certificate, Edition, Grant, ScopeLine
from qualification.laboratories.models import Site
from qualification.search import bigrams

if TYPE_CHECKING:
    from qualification.applications.models import Application

PAGE = 100


@dataclass(frozen=True, slots=True)
class ShownSite:
    """A site of a grant, and how many abilities are granted there."""

    site: Site
    abilities: int


@dataclass(frozen=True, slots=True)
class ShownGrant:
    """What one authority grants, at which sites."""

    grant: Grant
    sites: list[ShownSite]


@dataclass
class PublicCertificate:
    """A certificate as the register shows it on a day; `data` is the query string that narrows its scope."""

    certificate: Certificate
    today: dt.date
    data: Any

    @property
    def state(self) -> CertificateState:
        """The status on this day."""
        return self.certificate.state_on(self.today)

    @property
    def is_deemed(self) -> bool:
        """Whether it is valid beyond its end by law: a renewal received in time was not decided."""
        return self.certificate.deemed_on(self.today) is not None

    @property
    def granted(self) -> Application | None:
        """The renewal that was granted and not yet issued when the validity ended."""
        return renewals.granted(self.certificate) if self.state == CertificateState.EXPIRED else None

    @property
    def is_trial(self) -> bool:
        """Whether it comes from a trial authority and proves nothing."""
        return self.certificate.authority.is_trial

    @cached_property
    def editions(self) -> list[Edition]:
        """All stored editions, the newest first."""
        return list(queries.editions_of(self.certificate))

    @property
    def edition(self) -> Edition | None:
        """The edition that counts."""
        return self.editions[0] if self.editions else None

    @property
    def replaced_by(self) -> Certificate | None:
        """The certificate that took its place, once that is in force."""
        return queries.reachable().filter(replaces=self.certificate).first()

    @property
    def replaces(self) -> Certificate | None:
        """The certificate whose place it took."""
        return self.certificate.replaces

    @cached_property
    def grants(self) -> list[ShownGrant]:
        """The authorities with their sites, the lead first."""
        if self.edition is None:
            return []
        rows = (
            self.edition.grants.select_related("authority")
            .prefetch_related("sites")
            .order_by("-is_lead", "authority__code")
        )
        return [
            ShownGrant(g, [ShownSite(s, self._abilities[s.pk]) for s in sorted(g.sites.all(), key=_by_key)])
            for g in rows
        ]

    @cached_property
    def _abilities(self) -> dict[int, int]:
        parameters = Count("pk", filter=Q(level="parameter"))
        rows = ScopeLine.objects.filter(edition=self.edition).order_by("site_id").values_list("site_id")
        counted = dict(rows.annotate(abilities=parameters).values_list("site_id", "abilities"))
        return {
            site.pk: counted.get(site.pk, 0) for site in Site.objects.filter(grants__edition=self.edition).distinct()
        }

    @property
    def sites(self) -> list[ShownSite]:
        """All sites, in the order of the grants."""
        return [site for grant in self.grants for site in grant.sites]

    @property
    def signatories(self) -> Iterator[dict[str, Any]]:
        """Authorised signatories, with the site of those who sign at one only."""
        names = {shown.site.pk: shown.site.name for shown in self.sites}
        for entry in self.edition.signatories if self.edition else []:
            yield {**entry, "site_name": names.get(entry["site"], "") if entry["site"] else ""}

    # -- scope

    @property
    def words(self) -> str:
        """What is searched for in the scope."""
        return str(self.data.get("q", "")).replace("\x00", "").strip()[:200]

    @property
    def site(self) -> Site | None:
        """The site chosen; None is all."""
        return next((shown.site for shown in self.sites if str(shown.site.uuid) == self.data.get("site")), None)

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a site hides lines."""
        return bool(self.words) or self.site is not None

    @cached_property
    def lines(self) -> QuerySet[ScopeLine]:
        """The lines of the scope as narrowed, in printed order: all with their headings, or the abilities that fit."""
        rows = (
            ScopeLine.objects.filter(edition=self.edition)
            .select_related("site", "grant__authority")
            .order_by("position")
        )
        if self.site is not None:
            rows = rows.filter(site=self.site)
        if not self.words:
            return rows
        terms = bigrams(self.words)
        return rows.filter(level="parameter", search_terms__contains=terms) if terms else rows.none()

    @cached_property
    def page(self) -> Page[ScopeLine]:
        """The page of the scope asked for, or the nearest there is."""
        return Paginator(self.lines, PAGE).get_page(self.data.get("page"))

    @property
    def parts(self) -> list[tuple[ScopeLine, list[ScopeLine]]]:
        """The page's lines, a part for each site and kind of table."""
        parts: list[tuple[ScopeLine, list[ScopeLine]]] = []
        for line in self.page:
            if not parts or (parts[-1][0].site_id, parts[-1][0].is_food) != (line.site_id, line.is_food):
                parts.append((line, []))
            parts[-1][1].append(line)
        return parts

    @property
    def abilities(self) -> int:
        """How many abilities the narrowed scope has."""
        return self.lines.filter(level="parameter").count()

    def _query(self, page: int) -> str:
        kept = {"q": self.words, "site": str(self.site.uuid) if self.site else "", "page": page}
        return urlencode({key: value for key, value in kept.items() if value})

    @property
    def previous_query(self) -> str:
        """Query string of the page before, or nothing."""
        return self._query(self.page.number - 1) if self.page.has_previous() else ""

    @property
    def next_query(self) -> str:
        """Query string of the page after, or nothing."""
        return self._query(self.page.number + 1) if self.page.has_next() else ""


def _by_key(site: Site) -> int:
    return site.pk
