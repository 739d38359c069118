"""Acts on a clock that are no change of a case's state."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.door import DoorError, Refused, may
from workflows.clocks import executors, ledger
from workflows.clocks.enums import ClockState
from workflows.clocks.models import Clock, ClockExtension
from workflows.clocks.policy import LICENSING_LAW_42


class ExtensionRefused(DoorError):
    """The limit cannot be extended so; the message says why."""


def extend(*, clock: Clock, days: int, by: User, now: dt.datetime, reason: str) -> ClockExtension:
    """Extend a limit once, before it has run out, with reasons (Licensing Law 42).

    `days` is in the clock's unit, counted on from the old last day. The due moment moves, the people concerned are told.
    Raises Refused or ExtensionRefused.
    """
    with transaction.atomic():
        fresh = _locked(clock)
        if not may(by, "extend", fresh):
            raise Refused(_("Only the one who decides for the authority may extend a limit."))
        place = ledger.place_of(fresh.authority_id)
        _demand(fresh, days, reason, place, now)
        extension = ClockExtension.objects.create(
            clock=fresh, days=days, reason=reason.strip(), article=str(LICENSING_LAW_42), granted_by=by, granted_at=now
        )
        ledger.work_out(fresh, place)
        executors.notify(fresh, executors.EXTENDED, now)
    return extension


def _locked(clock: Clock) -> Clock:
    """The clock as it is now, locked after its case, as the door does it."""
    Application._base_manager.select_for_update(of=("self",), no_key=True).filter(pk=clock.application_id).first()
    return Clock.objects.select_for_update(of=("self",)).get(pk=clock.pk)


def _demand(clock: Clock, days: int, reason: str, place: ledger.Place, now: dt.datetime) -> None:
    extendable = clock.policy.extendable
    if extendable is None:
        raise ExtensionRefused(_("This limit cannot be extended."))
    if ledger.extension_of(clock) is not None:
        raise ExtensionRefused(_("This limit has been extended already; the law allows it once."))
    if clock.state != ClockState.RUNNING or clock.due_at is None or clock.due_at <= now:
        raise ExtensionRefused(_("Only a limit that is running and not over can be extended."))
    if not reason.strip():
        raise ExtensionRefused(_("An extension needs a reason; the laboratory is told."))
    most = place.limit(extendable.limit_key, clock.started_on).value - (clock.budget if extendable.caps_whole else 0)
    if not 1 <= days <= most:
        raise ExtensionRefused(_("At most %(most)s days can be added here, and at least one.") % {"most": most})
