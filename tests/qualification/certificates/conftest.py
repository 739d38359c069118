"""Certificates as they stand after issue, made without the walk there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from documents.papers.models import Paper
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.certificates.models import Certificate, Edition, Grant, ScopeLine
from qualification.laboratories.models import Laboratory, Site
from qualification.search import index_terms
from tests.factories.accounts import UserFactory
from tests.factories.cases import load_reference, stored_file
from tests.factories.laboratories import LaboratoryFactory, SiteFactory
from tests.factories.regions import authority

ABILITIES = (("氨氮", "水质 氨氮的测定 HJ 535-2009"), ("总磷", "水质 总磷的测定 GB 11893-1989"))


class Makes:
    """Makes certificates with editions, grants and scope."""

    def __init__(self) -> None:
        self.person: User = UserFactory.create()
        self.today = timezone.localdate()

    def laboratory(self, name: str, code: str = "03") -> Laboratory:
        """A laboratory of a region."""
        return LaboratoryFactory.create(name=name, authority=authority(code))

    def certificate(
        self, number: str, laboratory: Laboratory, *, state: str = "valid", until: dt.date | None = None, **more: Any
    ) -> Certificate:
        """A certificate of the laboratory's authority, in force since a year."""
        since = self.today - dt.timedelta(days=365)
        now = timezone.now()
        return Certificate.objects.create(
            number=number, laboratory=laboratory, authority=laboratory.authority, state=state, valid_from=since,
            valid_until=until or self.today + dt.timedelta(days=365), numbered_at=now,
            activated_at=None if state == "pending" else now, ended_at=None if state in {"pending", "valid"} else now,
            search_terms=index_terms(laboratory.name, number, laboratory.credit_code), **more,
        )  # fmt: skip

    def edition(
        self, certificate: Certificate, sites: list[Site], *abilities: tuple[str, str], content: bytes = b""
    ) -> Edition:
        """The next edition, stored, with the same abilities at each site; its paper is `content`."""
        now, laboratory = timezone.now(), certificate.laboratory
        application = Application.objects.create(
            laboratory=laboratory,
            authority=laboratory.authority,
            kinds=["first"],
            field_codes=["12"],
            created_by=self.person,
        )
        edition = Edition.objects.create(
            certificate=certificate, application=application, number=certificate.editions.count() + 1, state="stored",
            issued_on=self.today, requested_by=self.person, requested_at=now, stored_at=now,
            signatories=[{"name": "王签字", "title": "高级工程师", "fields": "全部", "site": None}],
            paper=self.paper(certificate, content or f"%PDF-1.7 {certificate.number} {now}".encode()),
        )  # fmt: skip
        for site in sites:
            grant, __ = Grant.objects.get_or_create(
                edition=edition, authority=site.authority, is_lead=site.authority == certificate.authority
            )
            grant.sites.add(site)
            self.lines(edition, grant, site, abilities or ABILITIES)
        return edition

    def lines(self, edition: Edition, grant: Grant, site: Site, abilities: tuple[tuple[str, str], ...]) -> None:
        """A heading and the abilities."""
        start = edition.lines.count()
        rows = [("category", "水和废水", ""), *(("parameter", *ability) for ability in abilities)]
        ScopeLine.objects.bulk_create(
            ScopeLine(
                edition=edition, grant=grant, site=site, is_food=False, position=start + n, level=level, number=str(n),
                category="水和废水", name=name, standard_text=standard, search_terms=index_terms("水和废水", name, standard),
            )
            for n, (level, name, standard) in enumerate(rows)
        )  # fmt: skip

    def paper(self, certificate: Certificate, content: bytes) -> Paper:
        """The stored paper of an edition."""
        now = timezone.now()
        return Paper.objects.create(
            kind="certificate", template="certificate", title="证书", dated_on=self.today, signers=["03"],
            owner_kind="certificate", owner_id=certificate.uuid, state="stored", file=stored_file(content=content),
            next_try_at=now, requested_at=now, stored_at=now,
        )  # fmt: skip

    def full(self, number: str, name: str, *codes: str, **more: Any) -> Certificate:
        """A certificate with one edition and a site in each region of the codes; the first is the lead's."""
        laboratory = self.laboratory(name, codes[0])
        certificate = self.certificate(number, laboratory, **more)
        sites = [
            SiteFactory.create(laboratory=laboratory, authority=authority(code), name=f"{code}号实验室")
            for code in codes
        ]
        self.edition(certificate, sites)
        return certificate


@pytest.fixture
def make(db: None) -> Makes:
    load_reference()
    return Makes()
