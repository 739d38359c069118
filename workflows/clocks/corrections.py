"""Corrections: of the ledger of one clock, and of a wrong entry of a limit with the clocks that started under it.

Nothing that was written is changed: a correction is a row more, with its author, reason and legal ground.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from qualification import door
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.pages.dates import say_moment
from qualification.regions import limits
from qualification.regions.models import LimitEntry
from workflows.clocks import counting, executors, ledger
from workflows.clocks.counting import Count, ImpossibleTerm
from workflows.clocks.enums import ClockState, Unit
from workflows.clocks.executors import Notice
from workflows.clocks.models import BudgetCorrection, Clock, ClockInterval
from workflows.clocks.policy import RungName
from workflows.clocks.services import locked

CORRECTION = "correction"


class LedgerRefused(door.DoorError):
    """The ledger cannot be corrected so; the message names what is wrong, `field` the entry that is, if it is one."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why the ledger is corrected, and on which legal ground."""

    reason: str
    article: str


def add_pause(
    *, clock: Clock, paused_at: dt.datetime, resumed_at: dt.datetime, grounds: Grounds, by: User, now: dt.datetime
) -> ClockInterval:
    """Enter a pause that was not recorded. The due moment moves and the people concerned are told.

    Raises Refused, or LedgerRefused that names the row in the way.
    """
    with transaction.atomic():
        fresh = _open(clock, grounds, by)
        _demand_order(fresh, paused_at, resumed_at, now)
        _demand_free(fresh, paused_at, resumed_at)
        row = ClockInterval.objects.create(
            clock=fresh, cause=CORRECTION, reason=grounds.reason.strip(), article=grounds.article.strip(),
            paused_at=paused_at, paused_by=by, resumed_at=resumed_at, resumed_by=by, entered_at=now, entered_by=by,
        )  # fmt: skip
        executors.notify(_settle(fresh, now), executors.CORRECTED, now)
    return row


def last_day_with(clock: Clock, paused_at: dt.datetime, resumed_at: dt.datetime, *, now: dt.datetime) -> dt.date | None:
    """The last day with one pause more; nothing is written. Raises LedgerRefused as `add_pause` does."""
    _demand_order(clock, paused_at, resumed_at, now)
    _demand_free(clock, paused_at, resumed_at)
    term = ledger.term_of(clock)
    more = counting.Pause(counting.day_of(paused_at), counting.day_of(resumed_at))
    try:
        pauses = tuple(sorted((*term.pauses, more), key=lambda pause: pause.paused_on))
        return counting.count(replace(term, pauses=pauses), ledger.place_of(clock.authority_id).calendar).last_day
    except ImpossibleTerm as error:
        raise LedgerRefused(_("The ledger would not hold together: %s") % error) from error


def end_pause(
    *, interval: ClockInterval, resumed_at: dt.datetime, grounds: Grounds, by: User, now: dt.datetime
) -> ClockInterval:
    """End a pause whose end was not recorded: a row of its own takes its place, the old one is kept as it was.

    Raises Refused, or LedgerRefused that names the row.
    """
    with transaction.atomic():
        fresh = _open(interval.clock, grounds, by)
        old = ClockInterval.objects.select_for_update(of=("self",)).get(pk=interval.pk)
        if old.resumed_at is not None or old.superseded_at is not None:
            raise LedgerRefused(_("This pause has ended already: %s.") % say_row(old))
        _demand_order(fresh, old.paused_at, resumed_at, now)
        old.superseded_at = now
        old.save(update_fields=["superseded_at"])
        row = ClockInterval.objects.create(
            clock=fresh, cause=old.cause, reason=grounds.reason.strip(), article=grounds.article.strip(),
            paused_at=old.paused_at, paused_by=old.paused_by, resumed_at=resumed_at, resumed_by=by, entered_at=now,
            entered_by=by, supersedes=old,
        )  # fmt: skip
        fresh.state = ClockState.RUNNING
        executors.notify(_settle(fresh, now), executors.CORRECTED, now)
    return row


def _open(clock: Clock, grounds: Grounds, by: User) -> Clock:
    """The clock, locked; refused for whoever may not, one that has ended, and a correction without its grounds."""
    fresh = locked(clock)
    if not door.may(by, "correct", fresh):
        raise door.Refused(door.reasons.of("clocks.Clock.correct"))
    if not fresh.is_open:
        raise LedgerRefused(_("This time limit has ended on %s; its ledger is closed.") % say_moment(fresh.stopped_at))
    if fresh.unit == Unit.MONTHS or fresh.until is not None:
        raise LedgerRefused(_("A limit in months, or one that runs backward, is never paused."))
    if not grounds.reason.strip():
        raise LedgerRefused(_("A correction needs its reason."))
    if not grounds.article.strip():
        raise LedgerRefused(_("A correction needs its legal ground."))
    return fresh


def _demand_order(clock: Clock, paused_at: dt.datetime, resumed_at: dt.datetime, now: dt.datetime) -> None:
    if resumed_at < paused_at:
        raise LedgerRefused(
            _("The pause would end on %(end)s, before it begins on %(start)s.")
            % {"end": say_moment(resumed_at), "start": say_moment(paused_at)},
            "resumed_at",
        )
    if resumed_at > now:
        sentence = _("The pause would end on %s: that is in the future.") % say_moment(resumed_at)
        raise LedgerRefused(sentence, "resumed_at")
    if paused_at < clock.started_at:
        raise LedgerRefused(
            _("The pause would begin on %(pause)s, before the limit started on %(start)s.")
            % {"pause": say_moment(paused_at), "start": say_moment(clock.started_at)},
            "paused_at",
        )


def _demand_free(clock: Clock, paused_at: dt.datetime, resumed_at: dt.datetime) -> None:
    for row in ledger.standing(clock):
        if paused_at < (row.resumed_at or resumed_at) and row.paused_at < resumed_at:
            raise LedgerRefused(_("It overlaps the pause %s.") % say_row(row), "paused_at")


def say_row(row: ClockInterval) -> str:
    """A row of the ledger in words: from when to when, and why."""
    end = say_moment(row.resumed_at) if row.resumed_at else _("still paused")
    return _("%(start)s – %(end)s (%(reason)s)") % {
        "start": say_moment(row.paused_at), "end": end, "reason": row.reason_text,
    }  # fmt: skip


def _settle(clock: Clock, now: dt.datetime) -> Clock:
    """Work the dates out again; a miss that did not happen is taken back, and its rungs fire again in their time."""
    rows = Clock.objects.select_related("extension").prefetch_related("intervals", "rungs")
    fresh = rows.get(pk=clock.pk)
    fresh.state = clock.state
    place = ledger.place_of(fresh.authority_id)
    try:
        counted = ledger.count_of(fresh, place.calendar)
    except ImpossibleTerm as error:
        raise LedgerRefused(_("The ledger would not hold together: %s") % error) from error
    _rearm(fresh, counted, place, now)
    fresh = rows.get(pk=clock.pk)
    fresh.state = clock.state
    ledger.work_out(fresh, place)
    if fresh.breached_at is not None:
        fresh.breached_at = fresh.due_at if fresh.due_at and fresh.due_at <= now else None
        fresh.save(update_fields=["breached_at"])
    return fresh


def _rearm(clock: Clock, counted: Count, place: ledger.Place, now: dt.datetime) -> None:
    ahead = [rung.name for moment, rung in ledger.moments(clock.policy.rungs, counted, place.rungs_at) if moment > now]
    if counted.due_at is None:
        ahead = [RungName.EXPIRE, RungName.ESCALATE]
    clock.rungs.filter(name__in=ahead).delete()


# A wrong entry of a limit ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Effect:
    """What the correction of an entry does to one open clock."""

    clock: Clock
    old: int
    new: int
    due_before: dt.datetime | None
    due_after: dt.datetime | None


def effects_of(entry: LimitEntry, value: int) -> list[Effect]:
    """The open clocks that started under an entry and would have another limit; nothing is written."""
    return [_effect(clock, new) for clock in _under(entry) if (new := _budget(clock, value)) != clock.budget]


def _under(entry: LimitEntry) -> Sequence[Clock]:
    clocks = Clock.objects.open().filter(limit_entry=entry).select_related("application", "authority", "extension")
    return list(clocks.prefetch_related("intervals", "rungs").order_by("due_at", "pk"))


def _budget(clock: Clock, value: int) -> int:
    """A limit set for one case stays as it was set, as long as the right limit allows it."""
    return min(clock.budget, value) if clock.policy.budget_from else value


def _effect(clock: Clock, new: int) -> Effect:
    old, before = clock.budget, clock.due_at
    place = ledger.place_of(clock.authority_id)
    clock.budget = new
    after = ledger.count_of(clock, place.calendar).due_at
    clock.budget = old
    return Effect(clock, old, new, before, after)


def correct_limit(*, entry: LimitEntry, value: object, reason: str, by: User, now: dt.datetime) -> LimitEntry:
    """Correct a wrong entry and every open clock that started under it; people are told.

    Raises Refused, or ValidationError with the sentence of what is wrong.
    """
    if not door.may(by, "correct", entry):
        raise door.Refused(door.reasons.of("regions.LimitEntry.correct"))
    with transaction.atomic():
        right = limits.correct(entry=entry, value=value, reason=reason, by=by, now=now)
        cases = Clock.objects.open().filter(limit_entry=entry, application__isnull=False)
        rows = Application._base_manager.select_for_update(of=("self",), no_key=True).order_by("pk")
        list(rows.filter(pk__in=cases.order_by().values("application")).values_list("pk", flat=True))
        list(Clock.objects.select_for_update(of=("self",)).open().filter(limit_entry=entry).order_by("pk"))
        changed = effects_of(entry, right.value)
        for effect in changed:
            _apply(effect, right, by, now)
        Clock.objects.open().filter(limit_entry=entry).update(limit_entry=right)
        executors.notify_all([Notice(effect.clock, executors.CORRECTED) for effect in changed], now)
    return right


def withdraw_limit(*, entry: LimitEntry, reason: str, by: User, now: dt.datetime) -> LimitEntry:
    """Take an entry back before its day, when nothing can have started under it. Raises Refused or ValidationError."""
    if not door.may(by, "correct", entry):
        raise door.Refused(door.reasons.of("regions.LimitEntry.correct"))
    return limits.withdraw(entry=entry, reason=reason, by=by, now=now)


def _apply(effect: Effect, right: LimitEntry, by: User, now: dt.datetime) -> None:
    clock = effect.clock
    clock.budget = effect.new
    if clock.until is not None and RungName.LAST_DAY in clock.marks:
        last = counting.backward(
            clock.until, effect.new, Unit(clock.unit), ledger.place_of(clock.authority_id).calendar
        )
        clock.marks = {**clock.marks, RungName.LAST_DAY.value: last.isoformat()}
    clock.save(update_fields=["budget", "marks"])
    after = _settle(clock, now).due_at
    BudgetCorrection.objects.create(
        clock=clock, old=effect.old, new=effect.new, due_before=effect.due_before, due_after=after, entry=right,
        reason=right.reason, by=by, at=now,
    )  # fmt: skip


def clean_value(entry: LimitEntry, value: object) -> int:
    """The value of a correction, in bounds. Raises ValidationError."""
    from qualification.regions.settings import SETTINGS

    number = limits.clean(SETTINGS[entry.key], entry.authority, value, entry.effective_on)
    if number == entry.value:
        raise ValidationError({"value": _("This is the value that stands; there is nothing to correct.")})
    return number
