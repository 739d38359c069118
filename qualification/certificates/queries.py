"""The public register, and who sees which certificate."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber

from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES
from qualification.certificates.enums import CertificateState, EditionState
from qualification.certificates.models import Certificate, Edition, Grant, ScopeLine
from qualification.certificates.renewals import with_renewals
from qualification.laboratories.models import Laboratory
from qualification.search import bigrams, fold

if TYPE_CHECKING:
    from collections.abc import Collection

    from qualification.accounts.models import User

NUMBER_DIGITS = 12
BODY = "body"
SCOPE = "scope"


def visible_to(user: User) -> QuerySet[Certificate]:
    """Certificates the person may read in full; the same rule as `certificates.Certificate.see`."""
    if not user.is_authenticated or not user.is_active:
        return Certificate.objects.none()
    seen = Q(laboratory_id__in=user.laboratory_ids())
    seen |= Q(authority__is_trial=True, authority_id__in=user.authority_ids(STAFF_ROLES))
    if user.has_role(*STAFF_ROLES, *NATIONAL_ROLES):
        seen |= Q(authority__is_trial=False)
    return Certificate.objects.filter(seen)


def reachable() -> QuerySet[Certificate]:
    """Certificates whose own address answers: every one whose signed paper was stored, trial ones too."""
    return Certificate.objects.filter(state__in=CertificateState.public()).select_related("laboratory", "authority")


def register() -> QuerySet[Certificate]:
    """The public register: no trial authority appears in it."""
    return with_renewals(reachable().filter(authority__is_trial=False))


def in_status(rows: QuerySet[Certificate], status: str, today: dt.date) -> QuerySet[Certificate]:
    """Certificates that the register shows in a status on a day; past its last day a valid one is expired or deemed
    renewed. Those of which neither is recorded yet are read at once: few, and none while the worker runs."""
    ran_out = Q(state=CertificateState.VALID, valid_until__lt=today, deemed_renewed_on=None)
    if status == CertificateState.VALID:
        standing = Q(deemed_renewed_on__isnull=False) | Q(valid_until__gte=today)
        standing |= Q(pk__in=_deemed_unrecorded(ran_out, today))
        return rows.filter(standing, state=CertificateState.VALID)
    if status == CertificateState.EXPIRED:
        ended = ran_out & ~Q(pk__in=_deemed_unrecorded(ran_out, today))
        return rows.filter(ended | Q(state=CertificateState.EXPIRED))
    return rows.filter(state=status)


def _deemed_unrecorded(ran_out: Q, today: dt.date) -> list[int]:
    """Certificates renewed by law at an end that the system has not come by to record."""
    rows = with_renewals(Certificate.objects.filter(ran_out).order_by("pk"))
    return [row.pk for row in rows if row.state_on(today) == CertificateState.VALID]


def current_editions() -> QuerySet[Edition]:
    """The edition that counts of each certificate: the last whose signed paper is stored."""
    later = Edition.objects.filter(
        certificate=OuterRef("certificate"), state=EditionState.STORED, number__gt=OuterRef("number")
    )
    return Edition.objects.filter(~Exists(later), state=EditionState.STORED)


def granted_in(rows: QuerySet[Certificate], code: str) -> QuerySet[Certificate]:
    """Certificates in which the authority of a code has a grant: one certificate stands in several registers."""
    grants = Grant.objects.filter(authority__code=code, edition__in=current_editions().values("pk"))
    return rows.filter(pk__in=grants.values("edition__certificate_id"))


def of_field(rows: QuerySet[Certificate], code: str) -> QuerySet[Certificate]:
    """Certificates of a field: its code stands in the number, or the field was applied for with an edition in force."""
    applied = current_editions().filter(application__field_codes__contains=[code])
    return rows.filter(Q(number__regex=rf"^\d{{4}}{code}") | Q(pk__in=applied.values("certificate_id")))


def lines_with(words: str) -> QuerySet[ScopeLine]:
    """Abilities in force, of any certificate, in which every pair of characters of the words is found."""
    terms = bigrams(words)
    if not terms:
        return ScopeLine.objects.none()
    return ScopeLine.objects.filter(
        search_terms__contains=terms, level="parameter", edition__in=current_editions().values("pk")
    )


def search(rows: QuerySet[Certificate], words: str, where: str = "") -> QuerySet[Certificate]:
    """Certificates found by body or number, by standard or parameter, or (where is "") by any of them."""
    terms = bigrams(words)
    if not terms:
        return rows.none()
    number = "".join(fold(words).split())
    if len(number) == NUMBER_DIGITS and number.isascii() and number.isdigit():
        return rows.filter(number=number)
    found = Q(pk__in=[])
    if where != SCOPE:
        found |= Q(search_terms__contains=terms)
    if where != BODY:
        found |= Q(pk__in=lines_with(words).values("edition__certificate_id"))
    return rows.filter(found)


def who_can_test(words: str, today: dt.date, code: str = "") -> QuerySet[Certificate]:
    """Valid certificates of the register with an ability that fits, at a site of the region where one is given.

    Each carries `hits`, the number of fitting abilities.
    """
    lines = _fitting(words, code)
    own = lines.filter(edition__certificate=OuterRef("pk")).order_by().values("edition__certificate")
    hits = Subquery(own.annotate(number_of=Count("pk")).values("number_of"))
    rows = in_status(register(), CertificateState.VALID, today)
    return rows.filter(pk__in=lines.values("edition__certificate_id")).annotate(hits=Coalesce(hits, 0))


def examples(words: str, certificates: Collection[int], code: str = "", most: int = 3) -> dict[int, list[ScopeLine]]:
    """The first fitting abilities of each certificate, in one query."""
    lines = _fitting(words, code).filter(edition__certificate_id__in=certificates)
    ranked = lines.annotate(
        rank=Window(RowNumber(), partition_by="edition__certificate_id", order_by="position")
    ).filter(rank__lte=most)
    found: dict[int, list[ScopeLine]] = {pk: [] for pk in certificates}
    for line in ranked.select_related("edition", "site").order_by("edition_id", "position"):
        found[line.edition.certificate_id].append(line)
    return found


def _fitting(words: str, code: str) -> QuerySet[ScopeLine]:
    lines = lines_with(words)
    return lines.filter(grant__authority__code=code) if code else lines


def public_laboratories() -> QuerySet[Laboratory]:
    """Laboratories that have a page in the register: those with a certificate in it."""
    held = register().filter(laboratory=OuterRef("pk"))
    return Laboratory.objects.filter(Exists(held)).select_related("authority")


def editions_of(certificate: Certificate) -> QuerySet[Edition]:
    """The stored editions of a certificate, the newest first."""
    stored = certificate.editions.filter(state=EditionState.STORED)
    return stored.select_related("application", "paper__file").order_by("-number")


def edition_of_paper(sha256: str) -> Edition | None:
    """The issued edition whose signed paper has this hash."""
    found = Edition.objects.filter(paper__file__sha256=sha256, state=EditionState.STORED)
    return found.select_related("certificate__laboratory", "certificate__authority").order_by("pk").first()


def issued_editions() -> QuerySet[Edition]:
    """What the five authorities have issued: editions stored, none of a trial authority."""
    return Edition.objects.filter(
        state=EditionState.STORED, certificate__authority__is_trial=False,
        certificate__state__in=CertificateState.public(),
    ).select_related("certificate__laboratory", "certificate__authority", "application")  # fmt: skip
