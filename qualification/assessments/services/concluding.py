"""Conclusion, rectification, verification, and the report."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications import notices
from qualification.applications.files import freeze_files
from qualification.applications.models import TerminationRequest
from qualification.applications.services import commitments
from qualification.assessments import reports
from qualification.assessments.enums import Conclusion, RectificationState
from qualification.assessments.models import Assessment, Nonconformity, Rectification
from qualification.assessments.outcomes import Result
from qualification.assessments.queries import missing_to_conclude, result_of
from qualification.regions.settings import setting

if TYPE_CHECKING:
    from qualification.accounts.models import User


class NotComplete(door.DoorError):
    """Something is left to do before the visit can be concluded; `open` says what."""

    def __init__(self, open_: list[Any]) -> None:
        self.open = open_
        super().__init__(_("Not concluded: %s") % " ".join(o.text for o in open_))


def conclude(*, assessment: Assessment, days: int | None = None, by: User, now: dt.datetime) -> Assessment:
    """End the visit: the conclusion follows from the answers; where it allows, the laboratory rectifies.

    `days` is the limit of the rectification in working days, at most the authority's setting.
    """
    result = result_of(assessment)
    if result.rectify:
        return _require_rectification(assessment, result, days, by, now)

    def keep(fresh: Assessment) -> None:
        _demand_complete(fresh, result)
        fresh.first_conclusion = fresh.conclusion = result.conclusion

    door.perform(assessment, "conclude", by=by, now=now, before=keep)
    return assessment


def _demand_complete(assessment: Assessment, result: Result) -> None:
    open_ = missing_to_conclude(assessment)
    if open_:
        raise NotComplete(open_)
    # A colleague may have changed an answer between the look and the lock.
    if result_of(assessment) != result:
        raise door.Stale(_("The answers have changed, and with them the conclusion. Look at it again."))


def _require_rectification(
    assessment: Assessment, result: Result, days: int | None, by: User, now: dt.datetime
) -> Assessment:
    limit = setting(assessment.application.authority, "rectification_max_days")
    if days is None or not 1 <= days <= limit:
        raise ValidationError(_("Set the limit of the rectification: from 1 to %s working days.") % limit)

    def keep(fresh: Assessment) -> None:
        _demand_complete(fresh, result)
        fresh.first_conclusion = result.conclusion
        fresh.conclusion = ""

    with transaction.atomic():
        door.perform(assessment, "require_rectification", by=by, now=now, before=keep)
        rectification = Rectification.objects.create(
            application_id=assessment.application_id, assessment=assessment, days=days
        )
        door.perform(rectification, "notify", by=by, now=now, facts={"days": days})
        _tell_rectification(assessment, rectification, now)
    return assessment


def _tell_rectification(assessment: Assessment, rectification: Rectification, now: dt.datetime) -> None:
    from qualification.applications.services.intake import due_text

    records = Nonconformity.objects.filter(assessment=assessment).select_related("item__clause")
    with translation.override(notices.PAPER_LANGUAGE):
        items = [_told_record(record) for record in records]
    due = due_text(assessment.application, "rectification", now, rectification.days)
    notices.rectification(assessment.application, items=items, days=rectification.days, due_on=due, now=now)


def _told_record(record: Nonconformity) -> dict[str, str]:
    told = _("%(fact)s (department: %(department)s; answer: %(degree)s)") % {
        "fact": record.fact, "department": record.department, "degree": record.get_degree_display(),
    }  # fmt: skip
    return {"text": told, "article": _("Assessment criteria, clause %s") % record.item.clause.code}


class CorrectionsMovedOn(door.DoorError):
    """Somebody, or another tab, has written other corrections since the page was shown; nothing was overwritten."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The corrections were changed elsewhere in the meantime. What you typed stands on this page; save it to see both and choose."
            )
        )


def version_of_corrections(assessment: Assessment) -> str:
    """What the corrections say now, as a short mark that changes with every word of them."""
    rows = Nonconformity.objects.filter(assessment=assessment).order_by("number").values_list("number", "correction")
    return hashlib.sha256(json.dumps(list(rows)).encode()).hexdigest()[:16]


def keep_corrections(
    *,
    rectification: Rectification,
    corrections: Mapping[int, str],
    version: str | None = None,
    by: User,
    now: dt.datetime,
) -> None:
    """Keep what the laboratory has written so far; nothing is handed in yet.

    `version` is the mark of the corrections that the writer had before them; raises CorrectionsMovedOn when they
    have changed since. None overwrites.
    """
    with transaction.atomic():
        fresh: Any = door.lock(rectification)
        if not door.may(by, "hand_in", fresh):
            raise door.Refused(door.reasons.of("assessments.Rectification.hand_in"))
        if fresh.state != RectificationState.OPEN:
            raise door.Stale(door.stale_message(fresh))
        if version is not None and version != version_of_corrections(fresh.assessment):
            raise CorrectionsMovedOn
        for record in Nonconformity.objects.filter(assessment=fresh.assessment, number__in=list(corrections)):
            record.correction = corrections[record.number].strip()
            record.corrected_at = now if record.correction else None
            record.save(update_fields=["correction", "corrected_at"])


def hand_in_rectification(
    *,
    rectification: Rectification,
    corrections: Mapping[int, str],
    version: str | None = None,
    by: User,
    now: dt.datetime,
) -> Rectification:
    """The laboratory hands its rectification in: cause and correction of every nonconformity."""
    with transaction.atomic():
        keep_corrections(rectification=rectification, corrections=corrections, version=version, by=by, now=now)
        door.perform(rectification, "hand_in", by=by, now=now, before=lambda r: _demand_corrections(r, now))
    return rectification


def _demand_corrections(rectification: Rectification, now: dt.datetime) -> None:
    records = Nonconformity.objects.filter(assessment=rectification.assessment, correction="")
    left = list(records.order_by("number").values_list("number", flat=True))
    if left:
        raise ValidationError(_("Write cause and correction of nonconformity %s.") % ", ".join(map(str, left)))
    freeze_files(rectification.application, now)


@dataclass(frozen=True, slots=True)
class Verified:
    """The verification of one nonconformity."""

    is_closed: bool
    text: str


def verify(
    *, rectification: Rectification, findings: Mapping[int, Verified], opinion: str, by: User, now: dt.datetime
) -> Rectification:
    """The leader verifies: all closed and the conclusion stays, marked rectified; else it becomes 不符合."""

    def keep(fresh: Rectification) -> None:
        fresh.opinion = opinion.strip()
        _keep_findings(fresh, findings)

    verb = "verify" if findings and all(f.is_closed for f in findings.values()) else "reject"
    with transaction.atomic():
        door.perform(rectification, verb, by=by, now=now, reason=opinion, before=keep)
        _close(rectification, is_rectified=verb == "verify", by=by, now=now)
    return rectification


def _keep_findings(rectification: Rectification, findings: Mapping[int, Verified]) -> None:
    for record in Nonconformity.objects.filter(assessment=rectification.assessment).order_by("number"):
        finding = findings.get(record.number)
        if finding is None or not finding.text.strip():
            raise ValidationError(_("Write down how nonconformity %s was verified.") % record.number)
        record.is_closed = finding.is_closed
        record.verification = finding.text.strip()
        record.save(update_fields=["is_closed", "verification"])


def expire_rectification(*, rectification: Rectification, now: dt.datetime, article: str = "") -> Rectification:
    """The time to rectify ran out: the items fail and the conclusion becomes 不符合."""
    with transaction.atomic():
        door.perform(rectification, "expire", by=None, now=now, article=article)
        Nonconformity.objects.filter(assessment=rectification.assessment).update(is_closed=False)
        _close(rectification, is_rectified=False, by=None, now=now)
    return rectification


def _close(rectification: Rectification, *, is_rectified: bool, by: User | None, now: dt.datetime) -> None:
    def keep(fresh: Assessment) -> None:
        fresh.is_rectified = is_rectified
        fresh.conclusion = fresh.first_conclusion if is_rectified else Conclusion.NOT

    door.perform(rectification.assessment, "close_rectification", by=by, now=now, before=keep)


def hand_in_report(*, assessment: Assessment, summary: str, by: User, now: dt.datetime) -> Assessment:
    """The leader hands the report in; the other authorities are asked, and the decision's clock begins."""
    if not summary.strip():
        raise ValidationError(_("Write the summary of the assessment."))
    application = assessment.application

    def keep(fresh: Assessment) -> None:
        fresh.summary = summary.strip()

    with transaction.atomic():
        door.perform(assessment, "hand_in_report", by=by, now=now, before=keep)
        commitments.prepare_concurrences(application)
        for request in TerminationRequest.objects.filter(application=application, state__in=["draft", "asked"]):
            door.perform(request, "void", by=by, now=now)
        door.perform(application, "conclude_review", by=by, now=now)
        commitments.request_concurrences(application, now=now)
        reports.request(assessment, now=now)
    return assessment
