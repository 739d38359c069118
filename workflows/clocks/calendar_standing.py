"""How the years stand that dates fall into: published, expected, or not there. Said wherever dates are shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from qualification.regions.calendars import Calendars, WorkCalendar
from workflows.clocks.counting import day_of

# From this day on next year's notice should be there; it usually comes out in the first half of November.
EXPECTED_BY = (11, 15)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a year stands: label, icon and tone."""

    label: str
    icon: str
    tone: str


def standing(*, is_official: bool, has_days: bool) -> Standing:
    """Official, expected days, or not published."""
    if is_official:
        return Standing(_("official"), "circle-check", "good")
    if has_days:
        return Standing(_("expected days, dates provisional"), "clock-question", "warn")
    return Standing(_("not published, dates provisional"), "clock-question", "warn")


def provisional_says(calendar: WorkCalendar, years: Iterable[int]) -> str:
    """Why a count over some years is provisional, and what it takes meanwhile; empty where all are published."""
    open_years = sorted(set(years) - calendar.official_years)
    bare = [str(year) for year in open_years if not calendar.has_days(year)]
    expected = [str(year) for year in open_years if calendar.has_days(year)]
    parts = []
    if bare:
        says = _("The holidays of %(years)s are not published yet: the count takes weekends only.")
        parts.append(says % {"years": _(", ").join(bare)})
    if expected:
        says = _(
            "The holidays of %(years)s are not published yet: the count takes weekends and the days entered as expected."
        )
        parts.append(says % {"years": _(", ").join(expected)})
    if parts:
        parts.append(_("It is worked out again when the year is published."))
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Missing:
    """A year whose dates are provisional now. `is_late` from 15 November before it on."""

    year: int
    standing: Standing
    is_late: bool


def missing_years(known: Calendars, now: dt.datetime) -> list[Missing]:
    """This year and the next, where the State Council's days are not in force."""
    today, national = day_of(now), known.of(None)
    named = {day.year for day in national.special}
    return [
        Missing(
            year, standing(is_official=False, has_days=year in named),
            is_late=year == today.year or (today.month, today.day) >= EXPECTED_BY,
        )
        for year in (today.year, today.year + 1)
        if year not in national.official_years
    ]  # fmt: skip
