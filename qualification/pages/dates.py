"""Dates and moments in the words of the page's language, always in the time zone of the law: Asia/Shanghai."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

ZONE = ZoneInfo("Asia/Shanghai")

WEEKDAYS = (
    pgettext_lazy("weekday", "Mon"),
    pgettext_lazy("weekday", "Tue"),
    pgettext_lazy("weekday", "Wed"),
    pgettext_lazy("weekday", "Thu"),
    pgettext_lazy("weekday", "Fri"),
    pgettext_lazy("weekday", "Sat"),
    pgettext_lazy("weekday", "Sun"),
)
MONTHS = (
    pgettext_lazy("month", "Jan"),
    pgettext_lazy("month", "Feb"),
    pgettext_lazy("month", "Mar"),
    pgettext_lazy("month", "Apr"),
    pgettext_lazy("month", "May"),
    pgettext_lazy("month", "Jun"),
    pgettext_lazy("month", "Jul"),
    pgettext_lazy("month", "Aug"),
    pgettext_lazy("month", "Sep"),
    pgettext_lazy("month", "Oct"),
    pgettext_lazy("month", "Nov"),
    pgettext_lazy("month", "Dec"),
)


def local(value: dt.date) -> dt.date:
    """A moment moved to Asia/Shanghai; a date or a naive moment as it is."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(ZONE)
    return value


def say_date(value: dt.date | None) -> str:
    """`Fri 20 Nov 2026`, in Chinese `2026年11月20日(周五)`; empty for None."""
    if value is None:
        return ""
    day = local(value)
    return _("%(weekday)s %(day)d %(month)s %(year)d") % {
        "weekday": WEEKDAYS[day.weekday()],
        "day": day.day,
        "month": MONTHS[day.month - 1],
        "year": day.year,
    }


def say_moment(value: dt.datetime | None) -> str:
    """The date followed by the time of day: `Fri 20 Nov 2026 14:05`; empty for None."""
    if value is None:
        return ""
    return f"{say_date(value)} {local(value):%H:%M}"
