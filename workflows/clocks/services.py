"""Acts on a clock that are no change of a case's state."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from qualification import statements
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.certificates.models import Certificate
from qualification.door import DoorError, Event, Refused, may
from qualification.models import TransitionLog
from workflows.clocks import counting, engine, executors, ledger
from workflows.clocks.counting import Count
from workflows.clocks.enums import ClockState
from workflows.clocks.models import Clock, ClockExtension
from workflows.clocks.policy import CERTIFICATE, LICENSING_LAW_42


class ExtensionRefused(DoorError):
    """The limit cannot be extended so; the message says why."""


def extend(*, clock: Clock, days: int, by: User, now: dt.datetime, reason: str) -> ClockExtension:
    """Extend a limit once, before it has run out, with reasons (Licensing Law 42).

    `days` is in the clock's unit, counted on from the old last day. The due moment moves, the people concerned are told.
    Raises Refused or ExtensionRefused.
    """
    with transaction.atomic():
        fresh = locked(clock)
        if not may(by, "extend", fresh):
            raise Refused(_("Only the one who decides for the authority may extend a limit."))
        place = ledger.place_of(fresh.authority_id)
        demand_extendable(fresh, days, reason, place, now)
        extension = ClockExtension.objects.create(
            clock=fresh, days=days, reason=reason.strip(), article=str(LICENSING_LAW_42), granted_by=by, granted_at=now
        )
        ledger.work_out(fresh, place)
        executors.notify(fresh, executors.EXTENDED, now)
    return extension


def locked(clock: Clock) -> Clock:
    """The clock as it is now, locked after its case, as the door does it."""
    Application._base_manager.select_for_update(of=("self",), no_key=True).filter(pk=clock.application_id).first()
    rows = Clock.objects.select_for_update(of=("self",)).prefetch_related("intervals", "rungs")
    return rows.get(pk=clock.pk)


def most_days(clock: Clock, place: ledger.Place) -> int:
    """How many days a limit can be extended by; 0 where it cannot be extended at all."""
    extendable = clock.policy.extendable
    if extendable is None:
        return 0
    most = place.limit(extendable.limit_key, clock.started_on).value
    return max(0, most - (clock.budget if extendable.caps_whole else 0))


def extended_count(clock: Clock, days: int, place: ledger.Place) -> Count:
    """What the count would be with an extension of so many days; nothing is written."""
    term = ledger.term_of(clock)
    return counting.count(replace(term, extensions=(*term.extensions, days)), place.calendar)


def start_certificate_clocks() -> int:
    """Start the clocks of certificates in force that have none, as their activation would have; how many certificates."""
    ticking = Clock.objects.open().filter(subject_type=CERTIFICATE, code="validity").values("subject_id")
    without = Certificate.objects.filter(state="valid", deemed_renewed_on=None).exclude(pk__in=ticking)
    return sum(_start_for(certificate.pk) for certificate in without.order_by("pk"))


def _start_for(pk: int) -> bool:
    with transaction.atomic():
        certificate = statements.lock(Certificate, pk)
        log = TransitionLog.objects.filter(subject_type=CERTIFICATE, subject_id=pk, verb="activate").first()
        if certificate.state != "valid" or log is None:
            return False
        engine.on_event(
            Event(certificate, CERTIFICATE, "activate", log.source, log.target, None, log.at, None, log, {})
        )
    return True


def demand_extendable(clock: Clock, days: int, reason: str, place: ledger.Place, now: dt.datetime) -> None:
    """Raises ExtensionRefused with the sentence of why a limit cannot be extended so."""
    extendable = clock.policy.extendable
    if extendable is None:
        raise ExtensionRefused(_("This limit cannot be extended."))
    if ledger.extension_of(clock) is not None:
        raise ExtensionRefused(_("This limit has been extended already; the law allows it once."))
    if clock.state != ClockState.RUNNING or clock.due_at is None or clock.due_at <= now:
        raise ExtensionRefused(_("Only a limit that is running and not over can be extended."))
    if not reason.strip():
        raise ExtensionRefused(_("An extension needs a reason; the laboratory is told."))
    most = most_days(clock, place)
    if not 1 <= days <= most:
        raise ExtensionRefused(_("At most %(most)s days can be added here, and at least one.") % {"most": most})
