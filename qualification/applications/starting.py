"""Before a draft is made: which kinds of application are open to a laboratory, and what each will want."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from qualification.applications import bars
from qualification.applications.beside import first_in_way, open_first, says
from qualification.applications.enums import OPEN_KINDS, STAND_ALONE_KINDS, Kind, Level, Procedure
from qualification.applications.models import Application, MaterialType
from qualification.applications.queries import materials_wanted
from qualification.certificates.models import Certificate
from qualification.certificates.queries import in_status
from qualification.certificates.renewals import last_day_to_renew
from qualification.regions.settings import setting

if TYPE_CHECKING:
    from qualification.laboratories.models import Laboratory

NEEDS_CERTIFICATE = frozenset(Kind) - {Kind.FIRST, Kind.MANAGER}

# What a laboratory says of itself, instead of the law's word for it.
QUESTIONS: dict[Kind, str | Promise] = {
    Kind.FIRST: gettext_lazy("We hold no certificate and want to be qualified for the first time."),
    Kind.RENEWAL: gettext_lazy("Our certificate is going to end, and we want to keep our qualification."),
    Kind.EXTENSION: gettext_lazy("We want to add abilities or a site to our certificate."),
    Kind.ADDRESS: gettext_lazy("We really move to another place."),
    Kind.STANDARD: gettext_lazy("A standard by which we test was replaced or changed."),
    Kind.SIGNATORY: gettext_lazy("An authorised signatory comes, goes or gets other fields."),
    Kind.MANAGER: gettext_lazy("Our top manager or technical manager changes; the change is filed at once."),
    Kind.OTHER: gettext_lazy("Our name, the name of our address, our legal status changes, or we give up abilities."),
    Kind.CANCELLATION: gettext_lazy("We give our certificate back."),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind (or procedure) on the page of questions; `why_not` says why it cannot be chosen."""

    value: str
    label: str
    says: str
    why_not: str
    is_alone: bool = False
    case: Application | None = None


def valid_certificates(laboratory: Laboratory, today: dt.date) -> QuerySet[Certificate]:
    """The certificates that an application may build on, the one that ends last first."""
    found = in_status(Certificate.objects.filter(laboratory=laboratory), "valid", today)
    return found.order_by("-valid_until", "-pk")


def kinds_for(laboratory: Laboratory, today: dt.date) -> list[Choice]:
    """Every kind of application, the ones not open to this laboratory with the reason."""
    holds = valid_certificates(laboratory, today).exists()
    bar = bars.bar_of(laboratory, today)
    first = open_first(laboratory)
    return [_choice(kind, holds=holds, first=first if kind == Kind.FIRST else None, bar=bar) for kind in Kind]


def _choice(kind: Kind, *, holds: bool, first: Application | None, bar: bars.Bar | None) -> Choice:
    why_not = _why_not(kind, holds=holds, first=first) or bars.barred([kind], bar)
    return Choice(kind.value, str(kind.label), str(QUESTIONS[kind]), why_not, kind in STAND_ALONE_KINDS, first)


def _why_not(kind: Kind, *, holds: bool, first: Application | None) -> str:
    if kind not in OPEN_KINDS:
        return _("Not yet open here.")
    if kind == Kind.FIRST and holds:
        return _("The laboratory holds a valid certificate; apply for a renewal or an extension.")
    if first is not None:
        return says(first)
    if kind in NEEDS_CERTIFICATE and not holds:
        return _("The laboratory holds no valid certificate on which this could build.")
    return ""


def procedures(laboratory: Laboratory) -> list[Choice]:
    """The procedures, one that is closed to this laboratory with the reason."""
    says = {
        Procedure.GENERAL: _("Examination, technical review with a visit, decision, certificate."),
        Procedure.COMMITMENT: _("Certificate on a written commitment, checked on site afterwards. For first applications, renewals and extensions; not for special food or medical devices."),
    }  # fmt: skip
    closed = {Procedure.COMMITMENT: bars.commitment_proved_false(laboratory)}
    return [Choice(p.value, str(p.label), says[p], closed.get(p, "")) for p in Procedure]


@dataclass(frozen=True, slots=True)
class Need:
    """One material that an application will want."""

    material: MaterialType
    is_required: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """What follows from the answers: the materials, what should be known first, and a draft that exists already."""

    needs: list[Need]
    warnings: list[str]
    drafts: list[Application]


def outlook(
    *, laboratory: Laboratory, kinds: Iterable[str], procedure: str, certificate: Certificate | None, today: dt.date
) -> Outlook:
    """What the laboratory is told before its draft is made."""
    chosen = sorted(kinds)
    needs = [Need(material, level == Level.REQUIRED) for material, level in materials_wanted(chosen, procedure)]
    drafts = Application.objects.filter(laboratory=laboratory, state="draft", kinds=chosen).order_by("-pk")
    warnings = _warnings(laboratory, set(chosen), certificate, today)
    if procedure == Procedure.COMMITMENT:
        warnings.append(after_commitment())
    return Outlook(needs, warnings, list(drafts))


def after_commitment() -> str:
    """What a laboratory that commits itself must know."""
    return _(
        "What you commit yourself to is checked on site after the decision. If it is seriously untrue, the certificate is"
        " revoked, you may not apply for three years, and the commitment procedure stays closed to you."
    )


def _warnings(laboratory: Laboratory, kinds: set[str], certificate: Certificate | None, today: dt.date) -> list[str]:
    found = []
    other = first_in_way(kinds, certificate.applications.order_by("pk")) if certificate is not None else None
    if other is not None:
        found.append(says(other))
    if Kind.RENEWAL in kinds and certificate is not None and today > last_day_to_renew(certificate):
        found.append(late_renewal(certificate))
    if Kind.FIRST in kinds:
        months = setting(laboratory.authority, "system_run_months")
        found.append(
            _("The management system must have run for %(months)s months when you hand in.") % {"months": months}
        )
    if not kinds & {Kind.MANAGER} and not laboratory.sites.filter(is_active=True).exists():
        found.append(_("The laboratory has no site yet. Enter its sites first: certificates are granted by site."))
    return found


def late_renewal(certificate: Certificate) -> str:
    """What a laboratory that renews late must know."""
    from qualification.pages.dates import say_date

    text = _(
        "A renewal was to be applied for by %(last)s. It is still taken, but the certificate ends on %(end)s even if the"
        " authority has not decided by then."
    )
    return text % {"last": say_date(last_day_to_renew(certificate)), "end": say_date(certificate.valid_until)}
