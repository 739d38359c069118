"""Contests of what the system did at the end of a limit, and what setting such an outcome aside does.

An outcome is set aside as a whole or stands; the remedy is carried out in the same transaction as the answer, or the
answer is not given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from qualification import door
from qualification.accounts.models import User
from qualification.applications import beside
from qualification.applications.enums import ApplicationState
from qualification.assessments.enums import AssessmentState, RectificationState
from qualification.certificates.models import Certificate
from workflows.clocks.enums import ClockState, ContestState
from workflows.clocks.models import Clock, Contest

OUTCOMES: dict[str, Promise] = {
    "deem_accepted": lazy("Deemed accepted by law"),
    "expire_offer": lazy("Offer expired"),
    "lapse": lazy("Application lapsed"),
    "expire_rectification": lazy("Rectification not handed in: the nonconformities count as not closed"),
    "end_validity": lazy("Deemed renewed"),
}


def outcome_of(clock: Clock) -> str:
    """What the system carried out at the end of the limit, in words."""
    return str(OUTCOMES.get(clock.policy.executor, ""))


def is_contestable(clock: Clock) -> bool:
    """Whether the law's outcome at the end of this limit was carried out, and can be set aside."""
    if clock.state != ClockState.EXPIRED or not clock.policy.remedy:
        return False
    # The plain end of a validity is no outcome that anybody could undo.
    return clock.code != "validity" or (clock.stop_log is not None and clock.stop_log.verb == "deem_renewed")


def contest(*, clock: Clock, reason: str, by: User, now: dt.datetime) -> Contest:
    """A supervisor contests an outcome, with a reason; the decision makers are asked.

    Raises Refused, Stale for an outcome that is contested or set aside already, ValidationError without a reason.
    """
    if not door.may(by, "ask", Contest(clock=clock)):
        raise door.Refused(door.reasons.of("clocks.Contest.ask"))
    if not reason.strip():
        raise ValidationError(_("Say why the outcome is contested."))
    if not is_contestable(clock):
        raise door.Stale(_("There is no outcome of this limit that could be contested."))
    with transaction.atomic():
        fresh = Clock.objects.select_for_update(of=("self",)).get(pk=clock.pk)
        _demand_new(fresh)
        made: Contest = Contest.objects.create(clock=fresh, application=fresh.application, reason=reason.strip())
        door.perform(made, "ask", by=by, now=now, reason=reason.strip(), facts={"code": fresh.code})
    return made


def _demand_new(clock: Clock) -> None:
    states = set(clock.contests.values_list("state", flat=True))
    if ContestState.ASKED in states:
        raise door.Stale(_("This outcome is being contested already; wait for the answer."))
    if ContestState.SET_ASIDE in states:
        raise door.Stale(_("This outcome has been set aside already."))


def answer(*, contest: Contest, sets_aside: bool, text: str, by: User, now: dt.datetime) -> Contest:
    """A decision maker answers: the outcome stands, or it is set aside and its remedy is carried out at once.

    Raises Refused, Stale when the case has moved too far for the remedy, ValidationError without a reason.
    """
    if not text.strip():
        raise ValidationError(_("Give the reasons of the answer."))
    clock = contest.clock

    def keep(fresh: Contest) -> None:
        fresh.answer = text.strip()
        fresh.remedy = str(clock.policy.remedy) if sets_aside else ""

    verb = "set_aside" if sets_aside else "uphold"
    with transaction.atomic():
        door.perform(
            contest, verb, by=by, now=now, reason=text.strip(), before=keep,
            facts={"code": clock.code},
        )  # fmt: skip
        if sets_aside:
            _excuse(clock, text, by, now)
            REMEDIES[clock.policy.executor](clock, text.strip(), by, now)
    return contest


def why_not(clock: Clock) -> str:
    """Why an outcome can no longer be set aside, in a sentence; empty where it can."""
    sentence = CLOSED.get(clock.policy.executor)
    return sentence(clock) if sentence else ""


def _excuse(clock: Clock, text: str, by: User, now: dt.datetime) -> None:
    """The limit is no longer held against anybody."""
    Clock.objects.filter(pk=clock.pk).update(excused_at=now, excused_by=by, excuse=text.strip())


def _subject(clock: Clock) -> Any:
    return apps.get_model(clock.subject_type)._base_manager.get(pk=clock.subject_id)


def _only_excused(clock: Clock, text: str, by: User, now: dt.datetime) -> None:
    """The review goes on, and the seat stays with whoever was asked next: there is nothing else to do."""


def _reinstate(clock: Clock, text: str, by: User, now: dt.datetime) -> None:
    """The lapsed application goes on at its supplement, for which the laboratory has the full time anew."""
    request = _subject(clock)
    door.perform(request, "reinstate", by=by, now=now, reason=text)
    door.perform(request.application, "reinstate", by=by, now=now, reason=text, before=beside.demand_way)


def _reopen(clock: Clock, text: str, by: User, now: dt.datetime) -> None:
    """The rectification is open again, while the leader has not handed the report in."""
    rectification = _subject(clock)
    if reason := why_not(clock):
        raise door.Stale(reason)
    door.perform(rectification, "reopen", by=by, now=now, reason=text)
    door.perform(rectification.assessment, "reopen_rectification", by=by, now=now, reason=text)


def _end_deemed_renewal(clock: Clock, text: str, by: User, now: dt.datetime) -> None:
    """The certificate falls back to its own end."""
    door.perform(_subject(clock), "end_deemed_renewal", by=by, now=now, reason=text)


def _not_lapsed(clock: Clock) -> str:
    case = clock.application
    if case is None or case.state != ApplicationState.LAPSED:
        return _("The application is no longer lapsed.")
    other = beside.in_the_way(case)
    return beside.says(other) if other else ""


def _report_in(clock: Clock) -> str:
    rectification = _subject(clock)
    is_open = rectification.assessment.state == AssessmentState.REPORTING
    if is_open and rectification.state == RectificationState.FAILED:
        return ""
    return _("The report has been handed in, or the review has ended: the rectification cannot be opened again.")


def _not_deemed(clock: Clock) -> str:
    found = Certificate.objects.filter(pk=clock.subject_id, state="valid", deemed_renewed_on__isnull=False)
    return "" if found.exists() else _("The certificate is no longer deemed renewed.")


Remedy = Callable[[Clock, str, User, dt.datetime], None]
REMEDIES: dict[str, Remedy] = {
    "deem_accepted": _only_excused,
    "expire_offer": _only_excused,
    "lapse": _reinstate,
    "expire_rectification": _reopen,
    "end_validity": _end_deemed_renewal,
}
CLOSED: dict[str, Callable[[Clock], str]] = {
    "lapse": _not_lapsed,
    "expire_rectification": _report_in,
    "end_validity": _not_deemed,
}
