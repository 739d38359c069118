"""The door's clocks port: what a step does to the clocks, as the policy table says.

Runs inside the door's transaction, with the case's row locked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import IntegrityError
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext as _

from qualification import statements
from qualification.applications.enums import ApplicationState, Kind, Procedure
from qualification.applications.models import Application
from qualification.certificates.enums import CertificateState
from qualification.door import Event, Stale
from qualification.pages.dates import say_moment
from qualification.regions.limits import Limit
from qualification.statements import Statement
from workflows.clocks import counting, ledger
from workflows.clocks.counting import ImpossibleTerm, Term
from workflows.clocks.enums import ClockState, Unit
from workflows.clocks.models import Clock, ClockInterval, ClockQuerySet
from workflows.clocks.policy import (
    APPLICATION,
    BREACHES,
    BY_CODE,
    CERTIFICATE,
    EFFECTS,
    ClockPolicy,
    Effects,
    Only,
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
    _stop(event, effects.stops)
    _expire(event, effects.expires)
    _end(event, effects.ends, is_whole_case=effects.ends_case)
    for resumed, ground in effects.resumes:
        _resume(event, resumed, ground, _takes_effect_at(event, effects))
    for paused, ground in effects.pauses:
        _pause(event, paused, ground)
    for started, how in effects.starts:
        if CONDITIONS[how.only](event):
            _start(event, started, how)


def _case(event: Event) -> Application:
    if event.application is None:
        raise ClockError(f"{event.label}.{event.verb} belongs to no case.")
    return event.application


def _certificate_id(event: Event) -> int | None:
    """The certificate a step is about: itself, or the one that an application renews."""
    if event.label == CERTIFICATE:
        return int(event.subject.pk)
    if event.label == APPLICATION and Kind.RENEWAL in _case(event).kinds:
        return _case(event).certificate_id
    return None


def _may_still_renew(event: Event) -> bool:
    """Whether a renewal that has ended without one leaves a valid certificate that nobody else renews."""
    case = _case(event)
    if Kind.RENEWAL not in case.kinds or case.certificate is None or case.certificate.state != CertificateState.VALID:
        return False
    others = Application.objects.filter(
        certificate_id=case.certificate_id, kinds__contains=[Kind.RENEWAL], state__in=ApplicationState.open()
    )
    return case.certificate.deemed_renewed_on is None and not others.exclude(pk=case.pk).exists()


CONDITIONS: Mapping[Only, Callable[[Event], bool]] = {
    Only.ALWAYS: lambda event: True,
    Only.GENERAL: lambda event: _case(event).procedure != Procedure.COMMITMENT,
    Only.COMMITMENT: lambda event: _case(event).procedure == Procedure.COMMITMENT,
    Only.CHECK_LATER: lambda event: not event.subject.is_at_once,  # type: ignore[attr-defined]
    Only.CHECK_AT_ONCE: lambda event: bool(event.subject.is_at_once),  # type: ignore[attr-defined]
    Only.MAY_STILL_RENEW: _may_still_renew,
}


def _open(event: Event, policies: Sequence[ClockPolicy]) -> ClockQuerySet:
    found = Clock.objects.none()
    if of_case := _of_case(policies):
        found = _open_of(event.label, of_case, event.subject.pk, _case(event).pk)
    certificate = _certificate_id(event)
    if certificate is not None and (of_certificate := _of_certificate(policies)):
        found = found | _open_of_certificate([policy.code for policy in of_certificate], certificate)
    return found


def _of_case(policies: Sequence[ClockPolicy]) -> list[ClockPolicy]:
    return [policy for policy in policies if policy.subject != CERTIFICATE]


def _of_certificate(policies: Sequence[ClockPolicy]) -> list[ClockPolicy]:
    return [policy for policy in policies if policy.subject == CERTIFICATE]


def _open_of(label: str, policies: Sequence[ClockPolicy], subject: int, case: int) -> ClockQuerySet:
    scope = Q()
    for policy in policies:
        scope |= Q(code=policy.code, **_subject(label, policy, subject, case))
    return Clock.objects.open().filter(scope, application_id=case)


def _open_of_certificate(codes: Sequence[str], certificate: int) -> ClockQuerySet:
    return Clock.objects.open().filter(code__in=codes, subject_type=CERTIFICATE, subject_id=certificate)


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


def _values(at: dt.datetime, log: int, state: str) -> dict[str, Any]:
    """What closing writes; a limit of the law that has passed is recorded as missed."""
    missed = When(breached_at=None, state=ClockState.RUNNING, due_at__lte=at, code__in=BREACHES, then=F("due_at"))
    return {
        "state": state, "stopped_at": at, "stop_log_id": log, "next_rung_at": None,
        "breached_at": Case(missed, default=F("breached_at")),
    }  # fmt: skip


@cache
def _closing(label: str, codes: tuple[str, ...], narrowing: Narrowing) -> Statement:
    """The UPDATE that closes the open clocks of these codes, or of the whole case when none is named."""
    policies = [BY_CODE[code] for code in codes]

    def build(
        case: int, at: dt.datetime, log: int, state: str, subject: int = 0
    ) -> tuple[ClockQuerySet, dict[str, Any]]:
        clocks = _open_of(label, policies, subject, case).filter(narrowing(policies, at))
        return clocks, _values(at, log, state)

    own = {"subject": int} if any(policy.subject == label for policy in policies) else {}
    return Statement(build, case=int, at=dt.datetime, log=int, state=str, **own)


@cache
def _closing_of_certificate(codes: tuple[str, ...], narrowing: Narrowing) -> Statement:
    """The UPDATE that closes the open clocks of these codes about one certificate."""
    policies = [BY_CODE[code] for code in codes]

    def build(certificate: int, at: dt.datetime, log: int, state: str) -> tuple[ClockQuerySet, dict[str, Any]]:
        clocks = _open_of_certificate(codes, certificate).filter(narrowing(policies, at))
        return clocks, _values(at, log, state)

    return Statement(build, certificate=int, at=dt.datetime, log=int, state=str)


def _close(event: Event, policies: Sequence[ClockPolicy], state: ClockState, narrowing: Narrowing = _all) -> int:
    """Close clocks in one UPDATE for the case and one for its certificate; how many."""
    what = {"at": event.at, "log": event.log.pk, "state": state.value}
    closed = 0
    if codes := tuple(policy.code for policy in _of_case(policies)):
        closing = _closing(event.label, codes, narrowing)
        closed += closing.count(subject=event.subject.pk, case=_case(event).pk, **what)
    certificate = _certificate_id(event)
    if certificate is not None and (codes := tuple(policy.code for policy in _of_certificate(policies))):
        closed += _closing_of_certificate(codes, narrowing).count(certificate=certificate, **what)
    return closed


def _stop(event: Event, policies: list[ClockPolicy]) -> None:
    if not policies or _close(event, policies, ClockState.STOPPED, _not_decided_by_law):
        return
    refusing = [policy for policy in policies if policy.refuses_late]
    late = _open(event, refusing).filter(~_not_decided_by_law(refusing, event.at)).first() if refusing else None
    if late is not None:
        raise TooLate(_late_message(late))


def _late_message(clock: Clock) -> str:
    return _(
        "The time limit “%(limit)s” ended on %(due)s (exclusive). "
        "The system records what the law says of it. Reload the page in a few minutes."
    ) % {"limit": clock.policy.label, "due": say_moment(clock.due_at)}


def _expire(event: Event, policies: list[ClockPolicy]) -> None:
    if not policies or _close(event, policies, ClockState.EXPIRED, _due):
        return
    early = _open(event, policies).first()
    if early is not None:
        raise ClockError(f"{early} runs until {early.due_at}; it cannot expire at {event.at}.")


def _end(event: Event, policies: list[ClockPolicy], *, is_whole_case: bool) -> None:
    if is_whole_case:
        closing = _closing(event.label, (), _all)
        state = ClockState.STOPPED.value
        closing.count(subject=event.subject.pk, case=_case(event).pk, at=event.at, log=event.log.pk, state=state)
    elif policies:
        _close(event, policies, ClockState.STOPPED)


def _pause(event: Event, policy: ClockPolicy, ground: PauseGround) -> None:
    clock = _open(event, [policy]).prefetch_related("rungs").select_related("extension").first()
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


def _takes_effect_at(event: Event, effects: Effects) -> dt.datetime:
    """The moment of the step; of an outcome of the law the end of its limit, however late the sweep comes by."""
    if not effects.expires:
        return event.at
    expired = Clock.objects.filter(stop_log=event.log, state=ClockState.EXPIRED).order_by("pk")
    return expired.values_list("due_at", flat=True).first() or event.at


def _resume(event: Event, policy: ClockPolicy, ground: PauseGround, at: dt.datetime) -> None:
    """End the pause of just this ground; where nothing of it is paused, nothing happens."""
    clocks = _open(event, [policy]).filter(state=ClockState.PAUSED)
    clock = clocks.prefetch_related("rungs").select_related("extension").first()
    if clock is None:
        return
    paused = clock.intervals.filter(cause=cause_of(ground.step), resumed_at=None, superseded_at=None)
    if paused.update(resumed_at=at, resumed_by=event.by):
        clock.state = ClockState.RUNNING
        ledger.work_out(clock, ledger.place_of(clock.authority_id))


def _start(event: Event, policy: ClockPolicy, how: Start) -> None:
    place = ledger.place_of(_authority_id(event, policy))
    started_on, started_at = _started(event, how)
    subject = _subject_of(event, policy)
    try:
        term, limit = _term(event, policy, place, subject, started_on)
    except ImpossibleTerm as error:
        raise ClockError(f"{policy.code} cannot start: {error}") from error
    case = event.application
    clock = Clock(
        application=case, authority=place.authority, code=policy.code, edition=limit.edition,
        limit_entry_id=limit.entry_id, subject_type=policy.subject, subject_id=subject.pk, budget=term.budget,
        unit=policy.unit, until=term.until, marks={name: day.isoformat() for name, day in term.marks.items()},
        started_at=started_at, started_on=started_on, start_log=event.log,
        kinds=",".join(sorted(case.kinds)) if case else "", is_trial=_is_trial(case, place),
    )  # fmt: skip
    if policy.subject == CERTIFICATE:
        clock.application, clock.kinds = None, ""
    ledger.project(clock, counting.count(term, place.calendar), place)
    is_over = how.only == Only.MAY_STILL_RENEW and clock.due_at is not None and clock.due_at <= event.at
    if not is_over:
        _insert(clock)


def _is_trial(case: Application | None, place: ledger.Place) -> bool:
    """Whether the case, or the authority that is asked, is only a trial."""
    if case is None or case.authority_id == place.authority.pk:
        return place.authority.is_trial
    return place.authority.is_trial or case.authority.is_trial


def _insert(clock: Clock) -> None:
    try:
        statements.insert([clock])
    except IntegrityError as error:
        raise ClockError(f"{clock} cannot start: {error}") from error


def _subject_of(event: Event, policy: ClockPolicy) -> Any:
    """The row a new clock is about: what the step happened to, the certificate it concerns, or the case."""
    if policy.subject == event.label:
        return event.subject
    case = _case(event)
    found = case.certificate if policy.subject == CERTIFICATE else case
    if found is None:
        raise ClockError(f"{policy.code} cannot start: {event.label}.{event.verb} names no certificate.")
    return found


def _authority_id(event: Event, policy: ClockPolicy) -> int:
    """Whose time it is: the subject's own authority where it has one (concurrence, certificate), else the lead's."""
    if policy.subject == CERTIFICATE:
        return int(_subject_of(event, policy).authority_id)
    own = getattr(event.subject, "authority_id", None) if policy.subject == event.label else None
    return int(own or _case(event).authority_id)


def _started(event: Event, how: Start) -> tuple[dt.date, dt.datetime]:
    """The day from which the law counts, and the moment: of the step, or 00:00 of the day it is dated back to."""
    if not how.dated_by:
        return counting.day_of(event.at), event.at
    day = getattr(event.subject, how.dated_by)
    if day is None:
        raise ClockError(f"{event.label}.{event.verb} has no {how.dated_by}.")
    return day, counting.start_of(day)


def _term(
    event: Event, policy: ClockPolicy, place: ledger.Place, subject: Any, started_on: dt.date
) -> tuple[Term, Limit]:
    """The term of a new clock and the limit it is started under: that of the day it starts, or validity began."""
    if policy.until:
        return _backward_term(event, policy, place, subject, started_on)
    limit = place.limit(policy.limit_key, started_on)
    return Term(started_on, _budget(event, policy, limit.value), policy.unit), limit


def _backward_term(
    event: Event, policy: ClockPolicy, place: ledger.Place, subject: Any, started_on: dt.date
) -> tuple[Term, Limit]:
    until, since = getattr(subject, policy.until), subject.valid_from
    limit = place.limit(policy.limit_key or "renewal_months", since)
    days = {
        rung.name.value: counting.backward(until, place.value(rung.before, since), Unit.MONTHS, place.calendar)
        for rung in policy.rungs if rung.before
    }  # fmt: skip
    marks = {
        name: day for name, day in days.items() if dt.datetime.combine(day, place.rungs_at, counting.ZONE) > event.at
    }
    budget = limit.value if policy.limit_key else 0
    return Term(started_on, budget, policy.unit, until=until, marks=marks), limit


def _budget(event: Event, policy: ClockPolicy, most: int) -> int:
    if not policy.budget_from:
        return most
    days = getattr(event.subject, policy.budget_from)
    if days is None or days > most:
        raise ClockError(f"{policy.code} cannot start: {days} days where at most {most} are allowed.")
    return int(days)
