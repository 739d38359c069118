"""Intake: accept, ask once for everything missing, refuse; and what the law does when nobody does."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rules
from dateutil.relativedelta import relativedelta
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications import notices, pagenotes
from qualification.applications.files import freeze_files
from qualification.applications.models import Application, SupplementItem, SupplementRequest
from qualification.applications.services import commitments
from qualification.applications.services.endings import close_side_rows
from qualification.assessments.services import opening
from qualification.regions.settings import setting

if TYPE_CHECKING:
    from qualification.accounts.models import User

DEEMED_ARTICLE = "《行政许可法》第三十二条"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to supplement: where it lies, and what is wrong and to do."""

    text: str
    slot_code: str = ""
    slot_label: str = ""


def accept(*, application: Application, by: User, now: dt.datetime) -> Application:
    """Accept (受理) and open the technical review; a commitment goes to the decision at once."""
    with transaction.atomic():
        door.perform(application, "accept", by=by, now=now, before=_examined)
        _void_unsent(application, by, now)
        _accepted(application, now)
    return application


def _examined(application: Application) -> None:
    _before_acceptance(application)
    special = _not_by_commitment(application)
    if special:
        raise door.Stale(special)


def _not_by_commitment(application: Application) -> str:
    """The abilities may have changed with a supplement; by law a case is deemed accepted all the same."""
    from qualification.applications import bars

    return bars.not_by_commitment(application) if application.is_by_commitment else ""


def _before_acceptance(application: Application) -> None:
    _no_supplement_out(application)
    if application.is_by_commitment:
        commitments.prepare_concurrences(application)


def _accepted(application: Application, now: dt.datetime) -> None:
    if application.is_by_commitment:
        commitments.pass_on(application=application, now=now)
    else:
        opening.open_assessment(application=application, now=now)
    notices.acceptance(application, now=now)


def _void_unsent(application: Application, by: User, now: dt.datetime) -> None:
    unsent = SupplementRequest.objects.filter(application=application, state="draft").first()
    if unsent is not None:
        door.perform(unsent, "void", by=by, now=now)


def deem_accepted(*, application: Application, now: dt.datetime) -> Application:
    """The limit ran out: accepted by law, dated the day of receipt; the review starts from that date."""
    received_on = timezone.localdate(application.submitted_at)
    with transaction.atomic():
        door.perform(
            application, "deem_accepted", by=None, now=now, article=DEEMED_ARTICLE, before=_before_acceptance,
            facts={"effective_on": received_on.isoformat()},
        )  # fmt: skip
        _accepted(application, now)
    return application


def _no_supplement_out(application: Application) -> None:
    supplement = getattr(application, "supplement", None)
    if supplement is not None and supplement.state == "sent":
        raise door.Stale(_("A supplement is outstanding; the laboratory must hand it in first."))


def refuse_acceptance(
    *, application: Application, reasons: str, article: str, is_false_material: bool = False, by: User, now: dt.datetime
) -> Application:  # fmt: skip
    """Refuse to accept (不予受理), with reasons and the article.

    `is_false_material`: for concealment or false material, which bars the laboratory for a year (Licensing Law 78).
    """
    _demand_text(reasons, _("Give the reasons for the refusal."))
    _demand_text(article, _("Name the article the refusal rests on."))

    def mark(fresh: Application) -> None:
        _no_supplement_out(fresh)
        fresh.has_false_material = is_false_material

    with transaction.atomic():
        door.perform(application, "refuse_acceptance", by=by, now=now, reason=reasons, article=article, before=mark)
        close_side_rows(application=application, by=by, now=now)
        notices.not_accepted(application, reasons=reasons, article=article, now=now)
    return application


def _demand_text(text: str, sentence: str) -> None:
    if not text.strip():
        raise ValidationError(sentence)


def keep_findings(
    *, application: Application, findings: Sequence[Finding], by: User, now: dt.datetime
) -> SupplementRequest:
    """Keep the officer's list while the file is being examined; nothing goes out yet."""
    with transaction.atomic():
        fresh: Any = door.lock(application)
        if not rules.has_perm("applications.Application.accept", by, fresh):
            raise door.Refused(door.reasons.of("applications.SupplementRequest.send"))
        if fresh.state != "submitted":
            raise door.Stale(door.stale_message(fresh))
        request: SupplementRequest = SupplementRequest.objects.get_or_create(application=fresh)[0]
        if request.state != "draft":
            raise door.Stale(_("The one notice to supplement was already sent; everything had to be in it."))
        request.items.all().delete()
        SupplementItem.objects.bulk_create(
            SupplementItem(supplement=request, text=f.text.strip(), slot_code=f.slot_code, slot_label=f.slot_label, position=i)
            for i, f in enumerate(findings) if f.text.strip()
        )  # fmt: skip
    return request


def ask_supplement(
    *, application: Application, findings: Sequence[Finding], notes: Sequence[uuid.UUID] = (), by: User, now: dt.datetime
) -> SupplementRequest:  # fmt: skip
    """Send the one notice that lists everything to supplement; chosen notes on pages become points of it.

    Raises ValidationError for an empty list.
    """
    with transaction.atomic():
        written = [finding for finding in findings if finding.text.strip()]
        points = dict(enumerate(pagenotes.taken(application, pagenotes.INTAKE, notes), start=len(written) + 1))
        written += [Finding(point.text, point.code, point.label) for point in points.values()]
        request = keep_findings(application=application, findings=written, by=by, now=now)
        if not request.items.exists():
            raise ValidationError(_("List at least one thing to supplement: what is wrong and what to do."))
        door.perform(request, "send", by=by, now=now)
        pagenotes.send(points, pagenotes.slots_of_supplement(points), request_id=request.uuid, by=by, now=now)
        notices.supplement(request, due_on=_supplement_due(application, now), now=now)
    return request


def _supplement_due(application: Application, now: dt.datetime) -> str:
    return due_text(application, "supplement", now, setting(application.authority, "supplement_days"))


def due_text(application: Application, code: str, now: dt.datetime, days: int) -> str:
    """The last day of a clock that has just started, for a paper; the clocks layer knows it, and if it is provisional."""
    known = due_day.ask(application, code) if due_day.ask else None
    day, is_provisional = known or (timezone.localdate(now) + relativedelta(days=days), False)
    return notices.provisional(day) if is_provisional else notices.zh_date(day)


class _DueDay:
    """Filled by the clocks layer at start-up: the last day of an open clock of a case, and whether it is provisional."""

    ask: Any = None


due_day = _DueDay()


def hand_in_supplement(*, request: SupplementRequest, answer: str, by: User, now: dt.datetime) -> SupplementRequest:
    """The laboratory hands its supplement in; the files stand as they are then."""

    def keep(fresh: SupplementRequest) -> None:
        special = _not_by_commitment(fresh.application)
        if special:
            raise ValidationError(special)
        fresh.answer = answer.strip()
        freeze_files(fresh.application, now)

    with transaction.atomic():
        door.perform(request, "hand_in", by=by, now=now, before=keep)
        notices.receipt(request.application, now=now)
    return request


def lapse(
    *, request: SupplementRequest, now: dt.datetime, article: str = "", as_of: dt.datetime | None = None
) -> Application:
    """The supplement did not come in time: the application lapses, as of the end of the limit where that is known."""
    application = request.application
    facts = {"as_of": (as_of or now).isoformat()}
    with transaction.atomic():
        door.perform(request, "lapse", by=None, now=now, article=article)
        door.perform(application, "lapse", by=None, now=now, article=article, facts=facts)
        notices.lapse(application, article=article, now=now)
    return application
