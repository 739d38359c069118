"""The door's clocks port: what a step does to the clocks, as the policy table says.

Runs inside the door's transaction, with the case's row locked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db import IntegrityError
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext as _

from qualification import statements
from qualification.applications.models import Application
from qualification.door import Event, Stale
from qualification.pages.dates import say_moment
from qualification.regions.settings import setting
from qualification.statements import Statement
from workflows.clocks import counting, ledger
from workflows.clocks.counting import ImpossibleTerm, Term
from workflows.clocks.enums import ClockState
from workflows.clocks.models import Clock, ClockInterval, ClockQuerySet
from workflows.clocks.policy import (
    APPLICATION,
    BREACHES,
    BY_CODE,
    EDITION,
    EFFECTS,
    ClockPolicy,
    PauseGround,
    Start,
    cause_of,
)


class ClockError(RuntimeError):
    """A clock cannot do what the policy table asks of it; the whole step is undone."""


class TooLate(Stale):
    """The limit for this act has run out; the law's consequence follows by itself."""


def on_event(event: Event) -> None:
    """Stop, resume, pause and start clocks after one change of state. A step of no policy costs no query.

    Raises TooLate for an act after its limit where the law itself puts an outcome in its place, and ClockError when a
    clock cannot start, is paused twice, or is expired before its time.
    """
    effects = EFFECTS.get((event.label, event.verb))
    if effects is None:
        return
    case = _case(event)
    _stop(event, case, effects.stops)
    _expire(event, case, effects.expires)
    _end(event, case, effects.ends, is_whole_case=effects.ends_case)
    for resumed, ground in effects.resumes:
        _resume(event, case, resumed, ground)
    for paused, ground in effects.pauses:
        _pause(event, case, paused, ground)
    for started, how in effects.starts:
        _start(event, case, started, how)


def _case(event: Event) -> Application:
    if event.application is None:
        raise ClockError(f"{event.label}.{event.verb} belongs to no case.")
    return event.application


def _open(event: Event, case: Application, policies: Sequence[ClockPolicy]) -> ClockQuerySet:
    return _open_of(event.label, policies, event.subject.pk, case.pk)


def _open_of(label: str, policies: Sequence[ClockPolicy], subject: int, case: int) -> ClockQuerySet:
    scope = Q()
    for policy in policies:
        scope |= Q(code=policy.code, **_subject(label, policy, subject, case))
    return Clock.objects.open().filter(scope, application_id=case)


def _subject(label: str, policy: ClockPolicy, subject: int, case: int) -> dict[str, object]:
    if policy.subject == label:
        return {"subject_type": policy.subject, "subject_id": subject}
    # A step of the case itself speaks for every row of it that has such a clock.
    return {"subject_type": policy.subject, "subject_id": case} if policy.subject == APPLICATION else {}


Narrowing = Callable[[Sequence[ClockPolicy], dt.datetime], Q]


def _not_decided_by_law(policies: Sequence[ClockPolicy], at: dt.datetime) -> Q:
    return ~Q(code__in=[policy.code for policy in policies if policy.executor], due_at__lte=at)


def _due(policies: Sequence[ClockPolicy], at: dt.datetime) -> Q:
    return Q(due_at__lte=at)


def _all(policies: Sequence[ClockPolicy], at: dt.datetime) -> Q:
    return Q()


@cache
def _closing(label: str, codes: tuple[str, ...], narrowing: Narrowing) -> Statement:
    """The UPDATE that closes the open clocks of these codes, or of the whole case when none is named."""
    policies = [BY_CODE[code] for code in codes]

    def build(
        case: int, at: dt.datetime, log: int, state: str, subject: int = 0
    ) -> tuple[ClockQuerySet, dict[str, Any]]:
        clocks = _open_of(label, policies, subject, case).filter(narrowing(policies, at))
        missed = When(breached_at=None, state=ClockState.RUNNING, due_at__lte=at, code__in=BREACHES, then=F("due_at"))
        return clocks, {
            "state": state, "stopped_at": at, "stop_log_id": log, "next_rung_at": None,
            "breached_at": Case(missed, default=F("breached_at")),
        }  # fmt: skip

    own = {"subject": int} if any(policy.subject == label for policy in policies) else {}
    return Statement(build, case=int, at=dt.datetime, log=int, state=str, **own)


def _close(
    event: Event, case: Application, policies: Sequence[ClockPolicy], state: ClockState, narrowing: Narrowing = _all
) -> int:
    """Close clocks in one UPDATE; a limit of the law that has passed is recorded as missed."""
    closing = _closing(event.label, tuple(policy.code for policy in policies), narrowing)
    return closing.count(subject=event.subject.pk, case=case.pk, at=event.at, log=event.log.pk, state=state.value)


def _stop(event: Event, case: Application, policies: list[ClockPolicy]) -> None:
    if not policies:
        return
    if _close(event, case, policies, ClockState.STOPPED, _not_decided_by_law):
        return
    late = _open(event, case, policies).filter(~_not_decided_by_law(policies, event.at)).first()
    if late is not None:
        raise TooLate(_late_message(late))


def _late_message(clock: Clock) -> str:
    return _(
        "The time limit “%(limit)s” ended on %(due)s (exclusive). "
        "The system records what the law says of it. Reload the page in a few minutes."
    ) % {"limit": clock.policy.label, "due": say_moment(clock.due_at)}


def _expire(event: Event, case: Application, policies: list[ClockPolicy]) -> None:
    if not policies:
        return
    if _close(event, case, policies, ClockState.EXPIRED, _due):
        return
    early = _open(event, case, policies).first()
    if early is not None:
        raise ClockError(f"{early} runs until {early.due_at}; it cannot expire at {event.at}.")


def _end(event: Event, case: Application, policies: list[ClockPolicy], *, is_whole_case: bool) -> None:
    if is_whole_case:
        _close(event, case, (), ClockState.STOPPED)
    elif policies:
        _close(event, case, policies, ClockState.STOPPED)


def _pause(event: Event, case: Application, policy: ClockPolicy, ground: PauseGround) -> None:
    clock = _open(event, case, [policy]).prefetch_related("rungs").select_related("extension").first()
    if clock is None:
        return
    if clock.state == ClockState.PAUSED:
        raise ClockError(f"{clock} is paused already; {cause_of(ground.step)} cannot pause it again.")
    ClockInterval.objects.create(
        clock=clock, cause=cause_of(ground.step), reason=event.log.reason, article=event.log.article,
        paused_at=event.at, paused_by=event.by,
    )  # fmt: skip
    clock.state = ClockState.PAUSED
    ledger.work_out(clock, ledger.place_of(clock.authority_id))


def _resume(event: Event, case: Application, policy: ClockPolicy, ground: PauseGround) -> None:
    """End the pause of just this ground; where nothing of it is paused, nothing happens."""
    clocks = _open(event, case, [policy]).filter(state=ClockState.PAUSED)
    clock = clocks.prefetch_related("rungs").select_related("extension").first()
    if clock is None:
        return
    paused = clock.intervals.filter(cause=cause_of(ground.step), resumed_at=None)
    if paused.update(resumed_at=event.at, resumed_by=event.by):
        clock.state = ClockState.RUNNING
        ledger.work_out(clock, ledger.place_of(clock.authority_id))


def _start(event: Event, case: Application, policy: ClockPolicy, how: Start) -> None:
    place = ledger.place_of(_authority_id(event, case, policy))
    started_on, started_at = _started(event, how)
    try:
        term = Term(started_on, _budget(event, policy, place), policy.unit)
    except ImpossibleTerm as error:
        raise ClockError(f"{policy.code} cannot start: {error}") from error
    clock = Clock(
        application=case, authority=place.authority, code=policy.code, edition=EDITION,
        subject_type=policy.subject, subject_id=event.subject.pk if policy.subject == event.label else case.pk,
        budget=term.budget, unit=policy.unit, started_at=started_at, started_on=started_on, start_log=event.log,
        kinds=",".join(sorted(case.kinds)), is_trial=_is_trial(case, place),
    )  # fmt: skip
    ledger.project(clock, counting.count(term, place.calendar), place)
    _insert(clock)


def _is_trial(case: Application, place: ledger.Place) -> bool:
    """Whether the case, or the authority that is asked, is only a trial."""
    return place.authority.is_trial or (case.authority_id != place.authority.pk and case.authority.is_trial)


def _insert(clock: Clock) -> None:
    try:
        statements.insert([clock])
    except IntegrityError as error:
        raise ClockError(f"{clock} cannot start: {error}") from error


def _authority_id(event: Event, case: Application, policy: ClockPolicy) -> int:
    """Whose time it is: the subject's own authority where it has one (concurrence), else the lead authority."""
    own = getattr(event.subject, "authority_id", None) if policy.subject == event.label else None
    return int(own or case.authority_id)


def _started(event: Event, how: Start) -> tuple[dt.date, dt.datetime]:
    """The day from which the law counts, and the moment: of the step, or 00:00 of the day it is dated back to."""
    if not how.dated_by:
        return counting.day_of(event.at), event.at
    day = getattr(event.subject, how.dated_by)
    if day is None:
        raise ClockError(f"{event.label}.{event.verb} has no {how.dated_by}.")
    return day, counting.start_of(day)


def _budget(event: Event, policy: ClockPolicy, place: ledger.Place) -> int:
    most = int(setting(place.authority, policy.limit_key))
    if not policy.budget_from:
        return most
    days = getattr(event.subject, policy.budget_from)
    if days is None or days > most:
        raise ClockError(f"{policy.code} cannot start: {days} days where at most {most} are allowed.")
    return int(days)
