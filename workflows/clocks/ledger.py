"""From a clock's rows to its dates: the term, the projection of due moment and next rung, the place it counts in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from qualification.regions import calendars, limits
from qualification.regions.calendars import WorkCalendar
from qualification.regions.limits import Limit, Limits
from qualification.regions.models import Authority
from qualification.regions.settings import SETTINGS, setting
from qualification.statements import Statement
from workflows.clocks import counting
from workflows.clocks.counting import Count, Pause, Term, day_of
from workflows.clocks.enums import ClockState, Unit
from workflows.clocks.models import Clock, ClockExtension, ClockInterval
from workflows.clocks.policy import ClockPolicy, RungName, RungPolicy

PROJECTED = ("due_at", "is_provisional", "next_rung_at", "warn_at", "ladder", "calendar_edition")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a clock counts: the authority with its settings, its calendar, the hour of its reminders."""

    authority: Authority
    calendar: WorkCalendar
    calendar_edition: int
    rungs_at: dt.time
    limits: Limits

    def limit(self, key: str, on: dt.date) -> Limit:
        """The limit that a clock starts under on a day."""
        return self.limits.of(self.authority.pk, key, on)

    def value(self, key: str, on: dt.date) -> int:
        """A number that is set: a limit as of a day, or a setting."""
        return self.limit(key, on).value if SETTINGS[key].is_limit else int(setting(self.authority, key))


def _place(pk: int) -> Any:
    places = Authority.objects.select_related("profile").filter(pk=pk)
    return places.annotate(
        newest_calendar=calendars.newest_edition_subquery(), newest_limit=limits.newest_entry_subquery()
    )


PLACES = Statement(_place, pk=int)


def place_of(authority_id: int) -> Place:
    """Authority, profile and the numbers of the newest calendar and the newest limit in one query."""
    authority = next(PLACES.instances(pk=authority_id))
    known = calendars.current(authority.newest_calendar or 0)
    at = dt.time.fromisoformat(setting(authority, "rungs_at"))
    in_force = limits.current(authority.newest_limit or 0)
    return Place(authority, known.of(authority.pk), known.edition, at, in_force)


def extension_of(clock: Clock) -> ClockExtension | None:
    """The clock's one extension, if it has been extended."""
    return getattr(clock, "extension", None)


def pause_of(interval: ClockInterval) -> Pause:
    """A ledger row in days of Shanghai."""
    return Pause(day_of(interval.paused_at), day_of(interval.resumed_at) if interval.resumed_at else None)


def term_of(clock: Clock) -> Term:
    """The facts of a stored clock as the due-date function takes them; superseded rows of the ledger do not count."""
    extension = extension_of(clock)
    return Term(
        started_on=clock.started_on,
        budget=clock.budget,
        unit=Unit(clock.unit),
        pauses=tuple(pause_of(interval) for interval in standing(clock)),
        extensions=(extension.days,) if extension else (),
        until=clock.until,
        marks={name: dt.date.fromisoformat(day) for name, day in clock.marks.items()},
    )


def standing(clock: Clock) -> list[ClockInterval]:
    """The rows of the ledger that count, in their order."""
    return [interval for interval in clock.intervals.all() if interval.superseded_at is None]


def count_of(clock: Clock, calendar: WorkCalendar) -> Count:
    """The clock's count, day by day."""
    return counting.count(term_of(clock), calendar)


def moments(rungs: Collection[RungPolicy], counted: Count, at: dt.time) -> list[tuple[dt.datetime, RungPolicy]]:
    """When each rung fires, in the order in which they fire; a reminder whose day lay before the start is left out."""
    found = [(_moment(rung, counted, at), rung) for rung in rungs]
    return sorted(((moment, rung) for moment, rung in found if moment is not None), key=lambda pair: pair[0])


def _moment(rung: RungPolicy, counted: Count, at: dt.time) -> dt.datetime | None:
    if not rung.before:
        return counted.share_at(rung.share, at)
    day = counted.marks.get(rung.name)
    return None if day is None else dt.datetime.combine(day, at, counting.ZONE)


def next_rung_at(policy: ClockPolicy, counted: Count, at: dt.time, fired: Collection[str]) -> dt.datetime | None:
    """The moment of the first rung that has not fired."""
    return next((moment for moment, rung in moments(policy.rungs, counted, at) if rung.name not in fired), None)


def project(clock: Clock, counted: Count, place: Place, fired: Collection[str] = ()) -> None:
    """Write what the count says into the clock's fields `PROJECTED`; saves nothing."""
    clock.due_at = counted.due_at
    clock.is_provisional = counted.is_provisional
    clock.calendar_edition = place.calendar_edition
    ladder = moments(clock.policy.rungs, counted, place.rungs_at)
    clock.ladder = [[rung.name.value, moment.isoformat()] for moment, rung in ladder]
    clock.warn_at = next((moment for moment, rung in ladder if rung.name == RungName.WARN), None)
    ahead = (moment for moment, rung in ladder if rung.name not in fired)
    clock.next_rung_at = next(ahead, None) if clock.state == ClockState.RUNNING else None


def work_out(clock: Clock, place: Place) -> None:
    """Count a stored clock again from its ledger and save its dates and its state."""
    fired = [rung.name for rung in clock.rungs.all()]
    project(clock, count_of(clock, place.calendar), place, fired)
    clock.save(update_fields=[*PROJECTED, "state"])
