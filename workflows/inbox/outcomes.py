"""What the law itself did in a case, who contested it, and with what answer: the notes on the stages of its way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from qualification.applications.enums import Kind
from qualification.applications.models import Application
from qualification.models import TransitionLog
from qualification.pages.dates import say_date
from workflows.clocks.models import Contest
from workflows.flows import APPLICATION, RECTIFICATION

if TYPE_CHECKING:
    from workflows.inbox.casefile import CaseFile

CERTIFICATE = "certificates.Certificate"
CONTEST = "clocks.Contest"
# The stage on which each outcome, and what is said about it, is shown.
STAGE_OF_CLOCK = {
    "acceptance": "acceptance", "supplement": "acceptance", "offer": "team", "rectification": "rectification",
    "validity": "validity",
}  # fmt: skip
STAGE_OF_OUTCOME = {
    (APPLICATION, "deem_accepted"): "acceptance", (APPLICATION, "lapse"): "acceptance",
    (RECTIFICATION, "expire"): "rectification", (CERTIFICATE, "deem_renewed"): "validity",
    (CERTIFICATE, "end_deemed_renewal"): "validity",
}  # fmt: skip


def of_renewed_certificate(application: Application) -> QuerySet[TransitionLog] | None:
    """What became by law of the certificate that a case renews, and contests of it; None where this case deemed nothing."""
    if Kind.RENEWAL not in application.kinds or application.certificate_id is None:
        return None
    own = Q(subject_type=CERTIFICATE, subject_id=application.certificate_id)
    deemed = TransitionLog.objects.filter(own, verb="deem_renewed").order_by("-pk").first()
    if deemed is None or deemed.facts.get("application") != application.reference:
        return None
    contests = Contest.objects.filter(
        clock__subject_type=CERTIFICATE, clock__subject_id=application.certificate_id, clock__code="validity"
    )
    about = Q(subject_type=CONTEST, subject_id__in=contests.values("pk"))
    return TransitionLog.objects.filter(own & Q(verb__in=["deem_renewed", "end_deemed_renewal"]) | about)


def notes_of(file: CaseFile) -> dict[str, list[str]]:
    """The notes of each stage in their order, as far as the reader may know them."""
    found: dict[str, list[str]] = {}
    for log in file.logs:
        if stage := _stage(log):
            for text in _text(file, log):
                found.setdefault(stage, []).append(text)
    return found


def _stage(log: TransitionLog) -> str:
    if log.subject_type == CONTEST:
        return STAGE_OF_CLOCK.get(str(log.facts.get("code")), "")
    return STAGE_OF_OUTCOME.get((log.subject_type, log.verb), "")


def _text(file: CaseFile, log: TransitionLog) -> Iterator[str]:
    if log.subject_type == CONTEST:
        yield from _contest(file, log)
        return
    day = say_date(legal_day(log, file.application))
    recorded = say_date(timezone.localdate(log.at))
    if log.verb == "deem_accepted":
        yield _("Deemed accepted by law, dated the day of receipt; recorded on %(day)s") % {"day": recorded}
    elif log.verb == "lapse":
        yield _("The supplement did not come in time: lapsed with the end of %(day)s") % {"day": day}
    elif log.subject_type == RECTIFICATION:
        yield _("The time to rectify ran out: the nonconformities count as not closed")
    elif log.verb == "deem_renewed":
        yield _("Not decided by the end of %(day)s: the certificate is deemed renewed by law") % {"day": day}
    else:
        yield _("The deemed renewal ended on %(day)s; the certificate is expired") % {"day": recorded}


def _contest(file: CaseFile, log: TransitionLog) -> Iterator[str]:
    """A contest is the authority's business until it is answered; what concerns offers stays it."""
    if not file.audience.sees_internal and (log.verb == "ask" or log.facts.get("code") == "offer"):
        return
    day = say_date(timezone.localdate(log.at))
    if log.facts.get("code") == "offer":
        yield _OFFER[log.verb]() % {"day": day}
    elif log.facts.get("code") == "acceptance" and log.verb == "set_aside":
        # What the law has accepted stays so: only the missed limit is no longer held against anybody.
        yield _(
            "Contested: the outcome was set aside on %(day)s. The application stays accepted, the missed limit is excused."
        ) % {"day": day}
    else:
        yield _OUTCOME[log.verb]() % {"day": day}


_OUTCOME = {
    "ask": lambda: _("The outcome was contested on %(day)s"),
    "uphold": lambda: _("Contested: the outcome stands, answered on %(day)s"),
    "set_aside": lambda: _("Contested: the outcome was set aside on %(day)s"),
}
_OFFER = {
    "ask": lambda: _("An expired offer was contested on %(day)s"),
    "uphold": lambda: _("Contested: the offer stays expired, answered on %(day)s"),
    "set_aside": lambda: _("Contested: the expired offer was excused on %(day)s"),
}


def legal_day(log: TransitionLog, application: Application) -> dt.date:
    """The day that the law gives an outcome: of receipt, or the last day of the limit; else that of the record."""
    if log.verb == "deem_accepted" and application.accepted_on is not None:
        return application.accepted_on
    as_of = parse_datetime(str(log.facts.get("as_of", "")))
    if log.verb == "lapse" and as_of is not None:
        return timezone.localdate(as_of - dt.timedelta(seconds=1))
    effective = str(log.facts.get("effective_on", ""))
    if log.verb == "deem_renewed" and effective:
        return dt.date.fromisoformat(effective)
    return timezone.localdate(log.at)
