"""The one door: every change of state of the domain goes through `perform`.

The order is fixed: lock the case's row, look again at the state and at the rule, run the transition's
body, save, log, then what the layers above have put into the ports: clocks, outbox, flow. One database
transaction, or nothing. An empty port fails: a change nobody follows must not happen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import rules
from django.db import models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django_fsm import ConcurrentTransition, TransitionNotAllowed, can_proceed

from qualification import statements
from qualification.accounts.enums import STAFF_ROLES
from qualification.models import TransitionLog
from qualification.pages.dates import say_moment

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.models import Application

STATE_FIELD = "state"
# What an authority has decided and not released is told to nobody outside its own staff.
PENDING_VERBS = ("decide", "retract_decision")


class DoorError(Exception):
    """A change of state did not happen. `message` is a sentence for the person who asked."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(str(message))
        self.message = str(message)


class Refused(DoorError):
    """The rule does not let this person do this to this subject."""


class Stale(DoorError):
    """The subject has moved on; the message says who moved it, and when."""


class PortNotFilled(RuntimeError):
    """No layer has filled a port: the start-up is incomplete."""


@dataclass(frozen=True, slots=True)
class Event:
    """What has just happened, as the ports see it."""

    subject: models.Model
    label: str
    verb: str
    source: str
    target: str
    by: User | None
    at: dt.datetime
    application: Application | None
    log: TransitionLog
    facts: dict[str, Any]


Port = Callable[[Event], None]


@dataclass(slots=True)
class Ports:
    """What the layers above have registered; all three must be filled before a change of state."""

    clocks: Port | None = None
    outbox: Port | None = None
    flow: Port | None = None

    def in_order(self) -> Iterator[Port]:
        """The filled ports; raises PortNotFilled for an empty one."""
        for name in ("clocks", "outbox", "flow"):
            port = getattr(self, name)
            if port is None:
                raise PortNotFilled(f"The port {name!r} of the door is empty.")
            yield port


ports = Ports()


@dataclass(slots=True)
class RefusalReasons:
    """Sentences that say why a rule refuses, by permission name."""

    sentences: dict[str, str | Promise] = field(default_factory=dict)

    def of(self, permission: str) -> str:
        """The sentence of one permission, or a general one."""
        return str(self.sentences.get(permission) or _("You may not do this. Ask the authority that handles the case."))


reasons = RefusalReasons()


def permission_of(subject: models.Model | type[models.Model], verb: str) -> str:
    """Name of the rule asked for a verb: `applications.Application.accept`."""
    return f"{subject._meta.label}.{verb}"


def may(user: User | None, verb: str, subject: models.Model) -> bool:
    """Whether the rule lets the person do it; None is the system. No rule is a no."""
    return bool(rules.has_perm(permission_of(subject, verb), user, subject))


def can(user: User | None, verb: str, subject: models.Model) -> bool:
    """Whether state and rule both allow the verb now; what buttons ask."""
    method = getattr(subject, verb, None)
    return method is not None and can_proceed(method) and may(user, verb, subject)


def lock(subject: models.Model) -> models.Model:
    """Lock the row that serialises the subject's case and return the subject as it is now.

    Everything that belongs to a case is serialised by the application's row, so two locks never
    cross. Must be called inside a transaction.
    """
    case = getattr(subject, "case_id", None)
    if case is None:
        return statements.lock(type(subject), subject.pk)
    from qualification.applications.models import Application

    application: Application = statements.lock(Application, case)
    if isinstance(subject, Application):
        return application
    fresh: models.Model = statements.fetch(type(subject), subject.pk)
    fresh.application_cache = application  # type: ignore[attr-defined]
    return fresh


def perform(
    subject: models.Model,
    verb: str,
    *,
    by: User | None,
    now: dt.datetime,
    reason: str = "",
    article: str = "",
    on_behalf_of: User | None = None,
    before: Callable[[Any], None] | None = None,
    facts: dict[str, Any] | None = None,
) -> TransitionLog:
    """Do one verb to one subject, or nothing.

    `before` runs on the locked row after state and rule were looked at and before the transition's
    body: it writes the rows that belong to the step, and may refuse by raising. The caller's
    instance carries the new values afterwards.

    Raises Refused, Stale, or what the transition's body and the ports raise; then nothing is written.
    """
    with transaction.atomic():
        fresh = lock(subject)
        before_values = _values(fresh)
        transition = getattr(fresh, verb)
        _demand(fresh, verb, transition, by)
        if before is not None:
            before(fresh)
        source = getattr(fresh, STATE_FIELD)
        _run(fresh, verb, transition, by, now)
        _save(fresh, before_values)
        event = _event(fresh, verb, source, by, now, facts or {})
        _write_log(event, reason=reason, article=article, on_behalf_of=on_behalf_of)
        for port in ports.in_order():
            port(event)
    _carry_over(fresh, subject)
    return event.log


def _values(fresh: models.Model) -> dict[str, Any]:
    """The row as it was locked; what can be changed in place is copied."""
    values = {f.attname: fresh.__dict__[f.attname] for f in fresh._meta.concrete_fields}
    return {name: deepcopy(value) if isinstance(value, list | dict) else value for name, value in values.items()}


def _save(fresh: Any, before: dict[str, Any]) -> None:
    """Write what has changed, if the state is still the one that was locked; what ConcurrentTransitionMixin does."""
    if not statements.update(fresh, _changed(fresh, before), still={STATE_FIELD: before[STATE_FIELD]}):
        raise ConcurrentTransition(f"{fresh._meta.label} {fresh.pk} has changed its state since it was locked.")
    fresh._update_initial_state()


def _changed(fresh: models.Model, before: dict[str, Any]) -> list[str]:
    """The columns that differ, the state, and those that stamp every save: what else is in the row stays as it is."""
    return [
        f.attname
        for f in fresh._meta.concrete_fields
        if f.attname == STATE_FIELD or getattr(f, "auto_now", False) or fresh.__dict__[f.attname] != before[f.attname]
    ]


def _demand(fresh: models.Model, verb: str, transition: Any, by: User | None) -> None:
    # The rule comes first: who may not do it does not learn how far the case is.
    permission = permission_of(fresh, verb)
    if not rules.has_perm(permission, by, fresh):
        raise Refused(reasons.of(permission))
    if not can_proceed(transition):
        raise Stale(stale_message(fresh, by))


def _run(fresh: models.Model, verb: str, transition: Any, by: User | None, now: dt.datetime) -> None:
    try:
        transition(by=by, now=now)
    except TransitionNotAllowed as error:
        raise Stale(stale_message(fresh, by)) from error


def stale_message(subject: models.Model, to: User | None = None) -> str:
    """Says what happened last to a subject that has moved on.

    A pending decision is told to staff of the lead authority alone; everybody else, and whoever is not
    known, hears of the step before it.
    """
    rows = TransitionLog.objects.filter(subject_type=subject._meta.label, subject_id=subject.pk)
    if not _knows_decisions(to, subject):
        rows = rows.exclude(verb__in=PENDING_VERBS)
    last = rows.select_related("by").order_by("-pk").first()
    if last is None:
        return _("This is not possible while the state is “%(state)s”.") % {"state": _label(subject, "draft")}
    return _("This is no longer possible: the state has been “%(state)s” since %(at)s (%(who)s). Reload the page.") % {
        "state": _label(subject, last.target),
        "at": say_moment(last.at),
        "who": str(last.by) if last.by else _("the system"),
    }


def _knows_decisions(person: User | None, subject: models.Model) -> bool:
    case = case_of(subject)
    return person is not None and case is not None and case.authority_id in person.authority_ids(STAFF_ROLES)


def _label(subject: models.Model, state: str) -> str:
    labels: Any = subject._meta.get_field(STATE_FIELD).flatchoices  # type: ignore[union-attr]
    return str(dict(labels).get(state, state))


def _event(
    fresh: models.Model, verb: str, source: str, by: User | None, now: dt.datetime, facts: dict[str, Any]
) -> Event:
    label = fresh._meta.label
    application = case_of(fresh)
    log = TransitionLog(
        subject_type=label, subject_id=fresh.pk, application=application, verb=verb, source=source,
        target=getattr(fresh, STATE_FIELD), by=by, at=now, facts=facts,
    )  # fmt: skip
    return Event(fresh, label, verb, source, log.target, by, now, application, log, facts)


def _write_log(event: Event, *, reason: str, article: str, on_behalf_of: User | None) -> None:
    event.log.reason = reason
    event.log.article = article
    event.log.on_behalf_of = on_behalf_of
    statements.insert([event.log])


def case_of(subject: models.Model) -> Application | None:
    """The application a subject belongs to, without a query where the door has just locked it."""
    from qualification.applications.models import Application

    found: Application | None
    if isinstance(subject, Application):
        found = subject
    else:
        found = getattr(subject, "application_cache", None) or getattr(subject, "case", None)
    return found


def _carry_over(fresh: models.Model, subject: models.Model) -> None:
    for f in fresh._meta.concrete_fields:
        subject.__dict__[f.attname] = getattr(fresh, f.attname)
