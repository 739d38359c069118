"""One's own deadlines as a calendar (RFC 5545).

An event is the last day of a limit in Beijing: from 00:00 to 24:00 of that day with the time zone written out. Its end
is the due moment, and an end is exclusive in RFC 5545 as it is in the law; a program elsewhere shows the same moments.
It takes no time (TRANSPARENT), and its UID is the limit's, so a moved date moves the event.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone, TimezoneStandard

from qualification.pages.dates import say_date
from workflows.clocks.counting import DAY, ZONE
from workflows.deadlines.queries import Deadline

OFFSET = dt.timedelta(hours=8)
# Beijing has had one offset since 1991-09-15; no earlier moment appears here.
SINCE = dt.datetime(1991, 9, 15)  # noqa: DTZ001 - a VTIMEZONE begins at a local time
REFRESH = dt.timedelta(minutes=15)


def etag_of(deadlines: Sequence[Deadline], language: str) -> str:
    """Changes with whatever the calendar would say, and with nothing else."""
    facts = [
        (
            str(one.uuid),
            one.what,
            one.case,
            one.laboratory,
            one.case_url,
            one.due_at.isoformat(),
            one.clock.is_provisional,
        )
        for one in deadlines
    ]
    return f'"{hashlib.sha256(repr((language, facts)).encode()).hexdigest()[:32]}"'


def calendar_of(deadlines: Sequence[Deadline], now: dt.datetime) -> bytes:
    """The calendar in the active language."""
    calendar = Calendar()
    calendar.add("prodid", "-//Tongzheng//Deadlines//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("My deadlines, Tongzheng"))
    calendar.add("x-wr-timezone", str(ZONE))
    calendar.add("refresh-interval", REFRESH, {"VALUE": "DURATION"})
    calendar.add_component(_zone())
    for deadline in deadlines:
        calendar.add_component(_event(deadline, now))
    return bytes(calendar.to_ical())


def _zone() -> Timezone:
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", str(ZONE))
    standard.add("dtstart", SINCE)
    standard.add("tzoffsetfrom", OFFSET)
    standard.add("tzoffsetto", OFFSET)
    standard.add("tzname", "CST")
    zone.add_component(standard)
    return zone


def _event(deadline: Deadline, now: dt.datetime) -> Event:
    event, due = Event(), deadline.due_at.astimezone(ZONE)
    event.add("uid", uid_of(deadline))
    event.add("dtstamp", now.astimezone(dt.UTC))
    event.add("dtstart", due - DAY)
    event.add("dtend", due)
    event.add("summary", _title(deadline))
    event.add("description", _description(deadline))
    event.add("url", deadline.case_url)
    event.add("transp", "TRANSPARENT")
    event.add("status", "TENTATIVE" if deadline.clock.is_provisional else "CONFIRMED")
    event.add("class", "PRIVATE")
    return event


def uid_of(deadline: Deadline) -> str:
    """Stays the same as long as the limit runs."""
    host = settings.PUBLIC_URL.partition("://")[2].partition("/")[0].partition(":")[0]
    return f"{deadline.uuid}@{host}"


def _title(deadline: Deadline) -> str:
    text = _("%(what)s, %(case)s") % {"what": deadline.what, "case": deadline.case}
    return _("(provisional) %(title)s") % {"title": text} if deadline.clock.is_provisional else text


def _description(deadline: Deadline) -> str:
    day = say_date(deadline.clock.due_on)
    lines = [
        _("Laboratory: %(name)s") % {"name": deadline.laboratory},
        _("Limit: %(limit)s") % {"limit": deadline.clock.policy.label},
        _("Due by 24:00 of %(day)s, Beijing time (UTC+08:00).") % {"day": day},
    ]
    if deadline.clock.is_provisional:
        lines.append(_("Provisional: the holidays of a year in this count are not published yet; the date may move."))
    return "\n".join([*lines, deadline.task_url])
