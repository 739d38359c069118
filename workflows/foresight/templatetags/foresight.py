"""`{% likely_end application audience now %}`: the line under the way that says when the case will probably have ended."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template

from qualification.applications.models import Application
from qualification.regions import calendars
from workflows.foresight import queries
from workflows.foresight.lists import NOTABLE, percent

register = template.Library()
# The team and whoever was only asked have no business with it.
STAFF = frozenset({"lead", "site", "national"})
LABORATORY = "laboratory"


@register.inclusion_tag("foresight/likely_end.html")
def likely_end(application: Application, audience: str, now: dt.datetime) -> dict[str, Any]:
    """Nothing for others, for a case that has ended, for a trial, and before history was first read."""
    is_open = application.closed_at is None and application.submitted_at is not None
    if (
        not is_open
        or not application.is_assessed
        or application.authority.is_trial
        or audience not in STAFF | {LABORATORY}
    ):
        return {"word": None}
    word = queries.likely_end(application, now)
    last = next((day for day in reversed(word.days) if day), None) if word else None
    calendar = calendars.calendar_for(application.authority)
    chance = word.chance.chance if word and audience in STAFF else None
    return {
        "word": word,
        "days": dict(zip(("low", "middle", "high"), word.days, strict=True)) if word else {},
        "is_staff": audience in STAFF,
        "is_provisional": last is not None and calendar.is_provisional(last),
        "chance": percent(chance) if chance is not None and chance >= NOTABLE else None,
    }
