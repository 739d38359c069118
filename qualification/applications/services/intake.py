"""Intake: accept, ask once for everything missing, refuse; and what the law does when nobody does."""

from __future__ import annotations

import datetime as dt
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
from qualification.applications import notices
from qualification.applications.files import freeze_files
from qualification.applications.models import Application, SupplementItem, SupplementRequest
from qualification.applications.services.endings import close_side_rows
from qualification.assessments.services import opening
from qualification.regions.settings import setting

if TYPE_CHECKING:
    from qualification.accounts.models import User

DEEMED_ARTICLE = "行政许可法第三十二条"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to supplement: where it lies, and what is wrong and to do."""

    text: str
    slot_code: str = ""
    slot_label: str = ""


def accept(*, application: Application, by: User, now: dt.datetime) -> Application:
    """Accept (受理) and open the technical review."""
    with transaction.atomic():
        door.perform(application, "accept", by=by, now=now, before=_no_supplement_out)
        _void_unsent(application, by, now)
        opening.open_assessment(application=application, now=now)
        notices.acceptance(application, now=now)
    return application


def _void_unsent(application: Application, by: User, now: dt.datetime) -> None:
    unsent = SupplementRequest.objects.filter(application=application, state="draft").first()
    if unsent is not None:
        door.perform(unsent, "void", by=by, now=now)


def deem_accepted(*, application: Application, now: dt.datetime) -> Application:
    """The limit ran out: accepted by law, dated the day of receipt; the review starts from that date."""
    received_on = timezone.localdate(application.submitted_at)
    with transaction.atomic():
        door.perform(
            application, "deem_accepted", by=None, now=now, article=DEEMED_ARTICLE, before=_no_supplement_out,
            facts={"effective_on": received_on.isoformat()},
        )  # fmt: skip
        opening.open_assessment(application=application, now=now)
        notices.acceptance(application, now=now)
    return application


def _no_supplement_out(application: Application) -> None:
    supplement = getattr(application, "supplement", None)
    if supplement is not None and supplement.state == "sent":
        raise door.Stale(_("A supplement is outstanding; the laboratory must hand it in first."))


def refuse_acceptance(
    *, application: Application, reasons: str, article: str, by: User, now: dt.datetime
) -> Application:
    """Refuse to accept (不予受理), with reasons and the article."""
    _demand_text(reasons, _("Give the reasons for the refusal."))
    _demand_text(article, _("Name the article the refusal rests on."))
    with transaction.atomic():
        door.perform(
            application, "refuse_acceptance", by=by, now=now, reason=reasons, article=article, before=_no_supplement_out
        )
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
    *, application: Application, findings: Sequence[Finding], by: User, now: dt.datetime
) -> SupplementRequest:
    """Send the one notice that lists everything to supplement. Raises ValidationError for an empty list."""
    with transaction.atomic():
        request = keep_findings(application=application, findings=findings, by=by, now=now)
        if not request.items.exists():
            raise ValidationError(_("List at least one thing to supplement: what is wrong and what to do."))
        door.perform(request, "send", by=by, now=now)
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
        fresh.answer = answer.strip()
        freeze_files(fresh.application, now)

    with transaction.atomic():
        door.perform(request, "hand_in", by=by, now=now, before=keep)
        notices.receipt(request.application, now=now)
    return request


def lapse(*, request: SupplementRequest, now: dt.datetime, article: str = "") -> Application:
    """The supplement did not come in time: the application lapses."""
    application = request.application
    with transaction.atomic():
        door.perform(request, "lapse", by=None, now=now, article=article)
        door.perform(application, "lapse", by=None, now=now, article=article)
        notices.lapse(application, article=article, now=now)
    return application
