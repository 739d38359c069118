"""Bars to applying, and what closes the commitment procedure: each worked out from the facts of earlier cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from dateutil.relativedelta import relativedelta
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification.applications.enums import COMMITMENT_KINDS, Kind, Procedure
from qualification.applications.enums import ApplicationState as State
from qualification.applications.models import Application
from qualification.assessments.enums import CheckConclusion, CheckState
from qualification.assessments.models import CommitmentCheck
from qualification.certificates.enums import CertificateState
from qualification.certificates.models import Certificate
from qualification.pages.dates import say_date
from qualification.regions.models import DictionaryEntry
from qualification.scope.models import CapabilityRow

if TYPE_CHECKING:
    from qualification.laboratories.models import Laboratory

# Licensing Law 78 and 79.
YEARS_AFTER_FALSE_MATERIAL = 1
YEARS_AFTER_FRAUD = 3
# A filing is no application for a licence, and who gives a certificate back asks for none.
NEVER_BARRED = frozenset({Kind.MANAGER, Kind.CANCELLATION})
# Special food and medical devices are decided after a technical review only.
FIELD_OF_DEVICES = "15"
WORDS_OF_SPECIAL_FOOD_AND_DEVICES = ("特殊食品", "保健食品", "特殊医学用途", "婴幼儿配方", "医疗器械")


@dataclass(frozen=True, slots=True)
class Bar:
    """Why a laboratory may not apply, and until the end of which day."""

    text: str
    until: dt.date


def bar_of(laboratory: Laboratory, today: dt.date) -> Bar | None:
    """The bar that lasts longest, if one is in force."""
    found = [bar for bar in (_after_false_material(laboratory), _after_fraud(laboratory)) if bar and today <= bar.until]
    return max(found, key=lambda bar: bar.until) if found else None


def _after_false_material(laboratory: Laboratory) -> Bar | None:
    refused = Application.objects.filter(
        laboratory=laboratory, has_false_material=True, state__in=[State.NOT_ACCEPTED, State.REFUSED]
    )
    last = refused.order_by("-closed_at").first()
    if last is None or last.closed_at is None:
        return None
    until = timezone.localdate(last.closed_at) + relativedelta(years=YEARS_AFTER_FALSE_MATERIAL)
    text = _("The application %(case)s was refused for concealment or false material: no application until %(day)s.")
    return Bar(text % {"case": last.reference, "day": say_date(until)}, until)


def _after_fraud(laboratory: Laboratory) -> Bar | None:
    certificates = Certificate.objects.filter(laboratory=laboratory, state=CertificateState.REVOKED)
    checks = CommitmentCheck.objects.filter(application__laboratory=laboratory, state=CheckState.SETTLED)
    moments = [
        *certificates.order_by("-ended_at").values_list("ended_at", flat=True)[:1],
        *checks.order_by("-settled_at").values_list("settled_at", flat=True)[:1],
    ]
    if not moments:
        return None
    until = timezone.localdate(max(moments)) + relativedelta(years=YEARS_AFTER_FRAUD)
    text = _("What was granted to the laboratory was revoked for fraud: no application until %(day)s.")
    return Bar(text % {"day": say_date(until)}, until)


def barred(kinds: Iterable[str], bar: Bar | None) -> str:
    """Why these kinds are barred where a bar is in force; empty when they are not."""
    return bar.text if bar and set(kinds) - NEVER_BARRED else ""


def commitment_proved_false(laboratory: Laboratory) -> str:
    """That the commitment procedure is closed to a laboratory for good; empty when it is not."""
    false = CommitmentCheck.objects.filter(application__laboratory=laboratory, conclusion=CheckConclusion.FALSE)
    check = false.select_related("application").order_by("-done_at").first()
    if check is None:
        return ""
    text = _("A commitment of the laboratory was found seriously untrue (%(case)s); apply by the general procedure.")
    return text % {"case": check.application.reference}


def commitment_closed(laboratory: Laboratory, kinds: Iterable[str], certificate: Certificate | None) -> str:
    """Why this matter cannot go by commitment; empty when it can."""
    chosen = set(kinds)
    if chosen - COMMITMENT_KINDS:
        labels = str(_(", ")).join(str(Kind(kind).label) for kind in sorted(chosen - COMMITMENT_KINDS))
        return _("The commitment procedure is not for: %s. Choose the general procedure.") % labels
    return commitment_proved_false(laboratory) or _withdrawn(laboratory, chosen, certificate)


def _withdrawn(laboratory: Laboratory, kinds: set[str], certificate: Certificate | None) -> str:
    """A matter: a first application, or a kind on one certificate."""
    same = Application.objects.filter(
        laboratory=laboratory, procedure=Procedure.COMMITMENT, state=State.WITHDRAWN, kinds__overlap=sorted(kinds)
    )
    same = same.filter(certificate=certificate) if certificate else same.filter(certificate__isnull=True)
    last = same.order_by("-closed_at").first()
    if last is None:
        return ""
    text = _("The application by commitment in this matter (%(case)s) was withdrawn; apply by the general procedure.")
    return text % {"case": last.reference}


def not_by_commitment(application: Application) -> str:
    """What of the abilities applied for cannot be committed to; empty when all can."""
    if FIELD_OF_DEVICES in application.field_codes:
        field = DictionaryEntry.objects.filter(kind=DictionaryEntry.Kind.FIELD, code=FIELD_OF_DEVICES).first()
        what = field.name if field else FIELD_OF_DEVICES
    else:
        what = str(_special_row(application) or "")
    text = _("Special food and medical devices cannot go by commitment: “%s”. Choose the general procedure.")
    return text % what if what else ""


def _special_row(application: Application) -> CapabilityRow | None:
    words = [
        Q(name__contains=word) | Q(category__contains=word) | Q(standard_text__contains=word)
        for word in WORDS_OF_SPECIAL_FOOD_AND_DEVICES
    ]
    rows = CapabilityRow.objects.filter(reduce(or_, words), table__application=application)
    return rows.order_by("table_id", "position").first()
