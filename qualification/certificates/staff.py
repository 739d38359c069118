"""What staff see of certificates: what an issue will make, how far its paper is, and the list of the authority."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from qualification.accounts.enums import STAFF_ROLES
from qualification.applications.enums import ApplicationState, Kind
from qualification.applications.queries import concerned_authorities
from qualification.certificates import annexes, queries, renewals
from qualification.certificates.enums import CertificateState as State
from qualification.certificates.models import Certificate, Grant, NumberCounter
from qualification.certificates.services.issuing import extended_meanwhile, field_code_of, validity_end
from qualification.laboratories.models import Site
from qualification.models import TransitionLog
from qualification.pages.lists import Column, Filter, ListPage
from qualification.regions.models import Authority
from qualification.scope.queries import approved

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.models import Application

SOON = {"90": 90, "180": 180}


@dataclass(frozen=True, slots=True)
class Preview:
    """What an issue now would make. The number is taken only at the moment of the issue."""

    number: str
    is_new_number: bool
    edition: int
    valid_from: dt.date
    valid_until: dt.date
    grants: list[dict[str, Any]]


def preview(application: Application, *, now: dt.datetime) -> Preview:
    """The number, validity, grants and signatures of an issue at this moment; nothing is taken."""
    today = timezone.localdate(now)
    grants = _grants(application)
    if Kind.FIRST in application.kinds or Kind.RENEWAL in application.kinds:
        return Preview(_next_number(application, today), True, 1, today, validity_end(application, today), grants)
    certificate = application.certificate
    assert certificate is not None
    last = certificate.editions.order_by("-number").values_list("number", flat=True).first() or 0
    return Preview(certificate.number, False, last + 1, certificate.valid_from, certificate.valid_until, grants)


def _next_number(application: Application, today: dt.date) -> str:
    counter = NumberCounter.objects.filter(year=today.year, authority=application.authority).order_by("pk").first()
    serial = (counter.last_serial if counter else 0) + 1
    return f"{today.year % 100:02d}{application.authority.code}{field_code_of(application)}{application.ministry_code}{serial:04d}"


def _grants(application: Application) -> list[dict[str, Any]]:
    """Each authority that grants something new, with its sites and how many abilities; each signs its own grant.

    A renewal's abilities are counted with those it takes over from extensions, and `taken_over` says how many these are.
    """
    counts = approved(application).order_by("table__site_id").values("table__site_id").annotate(lines=Count("pk"))
    by_site = Counter({row["table__site_id"]: row["lines"] for row in counts})
    lines = annexes.taken_over(application, extended_meanwhile(application))
    over = Counter(line.site_id for line in lines if line.level == "parameter")
    by_site.update(over)
    sites = list(Site.objects.filter(pk__in=by_site).select_related("authority").order_by("pk"))
    found = []
    for authority in dict.fromkeys([*concerned_authorities(application), *(site.authority for site in sites)]):
        own = [site for site in sites if site.authority_id == authority.pk]
        if own:
            found.append({
                "authority": authority, "sites": [(site, by_site[site.pk]) for site in own],
                "taken_over": sum(over[site.pk] for site in own),
            })  # fmt: skip
    return found


def listed(user: User) -> QuerySet[Certificate]:
    """Certificates of the authorities of which the person is staff, or in which they grant; all for national roles."""
    ids = user.authority_ids(STAFF_ROLES)
    rows = queries.with_renewals(queries.visible_to(user).select_related("laboratory", "authority"))
    if not ids:
        return rows
    granted = Grant.objects.filter(authority_id__in=ids).values("edition__certificate_id")
    return rows.filter(Q(authority_id__in=ids) | Q(pk__in=granted))


def badge(certificate: Certificate, today: dt.date) -> dict[str, str]:
    """Label, icon and tone of the state the register shows."""
    state = certificate.state_on(today)
    return {"label": str(state.label), "icon": state.icon, "tone": state.tone}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the renewal of a certificate means for it past its end."""

    deemed_on: dt.date | None
    case: Application | None
    is_recorded: bool
    has_ended: bool
    granted: Application | None
    expired_with_its_day: bool


def standing(certificate: Certificate, today: dt.date) -> Standing:
    """Whether it is deemed renewed, by which renewal, and what has become of that; or that it was granted too late."""
    day = certificate.deemed_renewed_on or certificate.deemed_on(today)
    case = (certificate.deemed_by or renewals.undecided(certificate)) if day else None
    has_ended = case is not None and case.state in ApplicationState.final()
    granted = renewals.granted(certificate) if day is None and today > certificate.valid_until else None
    is_recorded = certificate.deemed_renewed_on is not None
    return Standing(day, case, is_recorded, has_ended, granted, _expired_with_its_day(certificate))


def _expired_with_its_day(certificate: Certificate) -> bool:
    """Whether the law ended it with its last day, which may have been recorded later; a deemed renewal ends otherwise."""
    logs = TransitionLog.objects.filter(subject_type=certificate._meta.label, subject_id=certificate.pk)
    return certificate.state == State.EXPIRED and logs.filter(verb="expire").exists()


def certificates_page(request: HttpRequest, user: User, today: dt.date) -> ListPage:
    """The list with search, filters and export."""
    return ListPage(
        request,
        listed(user),
        columns=(
            Column("number", _("Number"), sort=("number",), link=lambda c: reverse("certificates:detail", args=[c.uuid])),
            Column("laboratory", _("Laboratory"), value=lambda c: c.laboratory.name, sort=("laboratory__name",)),
            Column("state", _("State"), value=lambda c: badge(c, today)["label"], template="certificates/staff/_state.html"),
            Column("valid_from", _("Valid from"), sort=("valid_from",)),
            Column("valid_until", _("Valid until"), sort=("valid_until",)),
            Column("authority", _("Authority"), value=lambda c: c.authority.region, sort=("authority__code",)),
        ),
        search=("number", "laboratory__name", "laboratory__credit_code"),
        filters=(
            Filter("state", _("State"), State.choices, apply=lambda rows, value: _in_state(rows, value, today)),
            Filter("authority", _("Authority"), _authorities, lookup="authority__code"),
            Filter("ends", _("Ends within"), [("90", _("90 days")), ("180", _("180 days"))],
                   apply=lambda rows, value: _ending(rows, SOON[value], today)),
        ),
        default_sort="-valid_from",
        file_name="certificates",
    )  # fmt: skip


def _authorities() -> list[tuple[str, str]]:
    return [(a.code, a.region) for a in Authority.objects.real().order_by("code")]


def _in_state(rows: QuerySet[Certificate], value: str, today: dt.date) -> QuerySet[Certificate]:
    """As the register shows it: past its last day a certificate is expired at once."""
    if value == State.VALID:
        return queries.in_status(rows, State.VALID, today)
    if value == State.EXPIRED:
        return queries.in_status(rows, State.EXPIRED, today)
    return rows.filter(state=value)


def _ending(rows: QuerySet[Certificate], days: int, today: dt.date) -> QuerySet[Certificate]:
    return rows.filter(state=State.VALID, valid_until__range=(today, today + dt.timedelta(days=days)))
