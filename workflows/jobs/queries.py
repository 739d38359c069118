"""What the worker does, for the page and the command line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from workflows.jobs.labels import label_of
from workflows.jobs.lifeline import PREFIX
from workflows.jobs.models import Heartbeat
from workflows.jobs.reaper import connected_workers

# A sweep is late after three missed runs and the minute that a restart takes.
MISSED_RUNS = 3
RESTART = dt.timedelta(minutes=1)
RECENTLY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Status:
    """One sweep or job: when it last succeeded, and whether that is too long ago."""

    name: str
    interval: int
    heartbeat: Heartbeat | None
    is_late: bool

    @property
    def label(self) -> str:
        """What people call it."""
        return label_of(self.name)

    @property
    def rhythm(self) -> str:
        """How often it runs, in the largest unit that fits whole."""
        if self.interval % 3600 == 0:
            hours = self.interval // 3600
            return ngettext("every hour", "every %(counter)s hours", hours) % {"counter": hours}
        if self.interval % 60 == 0:
            minutes = self.interval // 60
            return ngettext("every minute", "every %(counter)s minutes", minutes) % {"counter": minutes}
        return ngettext("every second", "every %(counter)s seconds", self.interval) % {"counter": self.interval}

    @property
    def took(self) -> str:
        """How long the last run took that succeeded; empty where it is not known."""
        seconds = self.heartbeat.last_seconds if self.heartbeat else None
        if seconds is None:
            return ""
        if seconds < 1:
            return _("%(number)s ms") % {"number": max(1, round(seconds * 1000))}
        return _("%(number)s s") % {"number": f"{seconds:.1f}"}

    @property
    def has_failed_last(self) -> bool:
        """Whether the last run ended with an error."""
        return bool(self.heartbeat and self.heartbeat.last_error)


@dataclass(frozen=True, slots=True)
class Queue:
    """How many jobs wait, run and have failed since yesterday."""

    waiting: int
    running: int
    failed: int


def statuses(*, now: dt.datetime) -> list[Status]:
    """Every sweep of the settings, whether it ever ran or not, then every job that has run."""
    known = {beat.name: beat for beat in Heartbeat.objects.all()}
    planned = dict(settings.SWEEPS)
    sweeps = [
        Status(name, interval, known.get(name), _is_late(known.get(name), interval, now))
        for name, interval in planned.items()
    ]
    jobs = [Status(name, 0, beat, False) for name, beat in known.items() if name not in planned and not beat.interval]
    return sweeps + jobs


def _is_late(heartbeat: Heartbeat | None, interval: int, now: dt.datetime) -> bool:
    if heartbeat is None or heartbeat.last_success_at is None:
        return True
    return now - heartbeat.last_success_at > MISSED_RUNS * dt.timedelta(seconds=interval) + RESTART


def queue(*, now: dt.datetime) -> Queue:
    """The numbers of the queue; failed ones of the last day only."""
    count = DBTaskResult.objects.order_by().aggregate(
        waiting=Count("pk", filter=Q(status=TaskResultStatus.READY)),
        running=Count("pk", filter=Q(status=TaskResultStatus.RUNNING)),
        failed=Count("pk", filter=Q(status=TaskResultStatus.FAILED, finished_at__gte=now - RECENTLY)),
    )
    return Queue(**count)


def workers() -> list[str]:
    """Ids of the job processes that are alive."""
    return sorted(name for name in connected_workers() if name.startswith(PREFIX))
