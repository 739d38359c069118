"""Concurrence of the other regions, the decision, and its release."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications import notices
from qualification.applications.enums import ConcurrenceState, Outcome
from qualification.applications.models import Application, Concurrence, Decision
from qualification.assessments.services import checking
from qualification.scope import services as scope

if TYPE_CHECKING:
    from qualification.accounts.models import User


def agree(*, concurrence: Concurrence, opinion: str, by: User, now: dt.datetime) -> Concurrence:
    """The other authority agrees for its sites (会签)."""
    door.perform(concurrence, "agree", by=by, now=now, reason=opinion, before=lambda c: _keep_opinion(c, opinion))
    return concurrence


def object_to(*, concurrence: Concurrence, opinion: str, by: User, now: dt.datetime) -> Concurrence:
    """The other authority objects, with a reason; its sites cannot be granted."""
    if not opinion.strip():
        raise ValidationError(_("Give the reason for the objection."))
    door.perform(concurrence, "object", by=by, now=now, reason=opinion, before=lambda c: _keep_opinion(c, opinion))
    return concurrence


def _keep_opinion(concurrence: Concurrence, opinion: str) -> None:
    concurrence.opinion = opinion.strip()


def decide(
    *,
    application: Application,
    outcome: str,
    reasons: str = "",
    article: str = "",
    excluded_sites: Iterable[int] = (),
    is_false_material: bool = False,
    by: User,
    now: dt.datetime,
) -> Decision:
    """Decide; the decision is pending and shown to nobody outside until it is released.

    `is_false_material`: refused for concealment or false material, which bars the laboratory for a year (Licensing
    Law 78).

    Raises ValidationError when the outcome does not fit the conclusion, the concurrences or the reasons.
    """
    excluded = set(excluded_sites)

    def record(fresh: Application) -> None:
        _check(fresh, outcome, reasons, article, excluded)
        if outcome != Outcome.REFUSE and (ended := _nothing_to_grant_upon(fresh, now)):
            raise ValidationError(ended)
        if is_false_material and outcome != Outcome.REFUSE:
            raise ValidationError(_("Only a refusal can rest on concealment or false material."))
        fresh.has_false_material = is_false_material
        decision = Decision.objects.create(
            application=fresh,
            outcome=outcome,
            reasons=reasons.strip(),
            article=article.strip(),
            decided_by=by,
            decided_at=now,
        )
        decision.excluded_sites.set(excluded)

    door.perform(
        application,
        "decide",
        by=by,
        now=now,
        reason=reasons,
        article=article,
        before=record,
        facts={"outcome": outcome},
    )
    return current_decision(application)


def current_decision(application: Application) -> Decision:
    """The decision in force. Raises Decision.DoesNotExist before there is one."""
    return Decision.objects.get(application=application, retracted_at__isnull=True)


def _check(application: Application, outcome: str, reasons: str, article: str, excluded: set[int]) -> None:
    if outcome not in Outcome.values:
        raise ValidationError(_("Choose to grant, to grant in part, or to refuse."))
    if outcome != Outcome.GRANT and not (reasons.strip() and article.strip()):
        raise ValidationError(_("A refusal, whole or in part, needs reasons and the article."))
    _check_concurrences(application, outcome, excluded)
    if outcome != Outcome.REFUSE:
        _check_grantable(application, outcome, excluded)


def _nothing_to_grant_upon(application: Application, now: dt.datetime) -> str:
    from qualification.certificates.services import issuing

    return issuing.nothing_to_grant_upon(application, application.certificate, timezone.localdate(now))


def _check_concurrences(application: Application, outcome: str, excluded: set[int]) -> None:
    answers = Concurrence.objects.filter(application=application).select_related("authority")
    for concurrence in answers:
        if concurrence.state == ConcurrenceState.REQUESTED:
            raise ValidationError(_("%s has not answered yet.") % concurrence.authority.name)
        if concurrence.state == ConcurrenceState.OBJECTED and outcome != Outcome.REFUSE:
            sites = set(application.sites.filter(authority=concurrence.authority).values_list("pk", flat=True))
            if not sites <= excluded:
                raise ValidationError(
                    _("%s objects; leave its sites out (grant in part), or refuse.") % concurrence.authority.name
                )


def _check_grantable(application: Application, outcome: str, excluded: set[int]) -> None:
    if not application.is_by_commitment and application.assessment.conclusion == "not":
        raise ValidationError(_("The assessment concluded “does not conform”; this cannot be granted."))
    if outcome == Outcome.GRANT and excluded:
        raise ValidationError(_("Sites are left out: choose “grant in part”, with reasons."))
    if not application.sites.filter(authority_id=application.authority_id).exclude(pk__in=excluded).exists():
        raise ValidationError(_("One site in the region of the lead authority must stay; otherwise refuse."))
    if not scope.has_recommended_rows(application, without_sites=excluded):
        raise ValidationError(_("Nothing is left that could be granted; refuse instead."))


def retract(*, application: Application, reason: str, by: User, now: dt.datetime) -> Application:
    """Take back a decision that is still pending."""
    if not reason.strip():
        raise ValidationError(_("Say why the decision is taken back."))

    def close(fresh: Application) -> None:
        fresh.has_false_material = False
        Decision.objects.filter(application=fresh, retracted_at__isnull=True).update(retracted_at=now, retracted_by=by)

    door.perform(application, "retract_decision", by=by, now=now, reason=reason, before=close)
    return application


def release(*, application: Application, by: User, now: dt.datetime) -> Application:
    """Release the pending decision: from here on it counts, and the laboratory is told."""
    decision = Decision.objects.filter(application=application, retracted_at__isnull=True).first()
    if decision is None:
        raise door.Stale(door.stale_message(application))
    verb = "refuse" if decision.outcome == Outcome.REFUSE else "grant"
    with transaction.atomic():
        door.perform(application, verb, by=by, now=now, before=lambda a: _stamp(a, decision, by, now))
        notices.decision(application, decision, now=now)
        if verb == "refuse":
            _refused(application, now)
        elif application.is_by_commitment:
            checking.order(application=application, now=now)
    return application


def _refused(application: Application, now: dt.datetime) -> None:
    from qualification.certificates.services import issuing

    issuing.refusal_released(application, now=now)


def _stamp(application: Application, decision: Decision, by: User, now: dt.datetime) -> None:
    changed = Decision.objects.filter(pk=decision.pk, retracted_at__isnull=True, released_at__isnull=True)
    if not changed.update(released_at=now, released_by=by):
        raise door.Stale(door.stale_message(application))
    excluded = set(decision.excluded_sites.values_list("pk", flat=True))
    if decision.outcome != Outcome.REFUSE:
        if ended := _nothing_to_grant_upon(application, now):
            raise door.Stale(ended)
        scope.approve_recommended(application, without_sites=excluded)
        if application.is_by_commitment:
            checking.prepare(application)
