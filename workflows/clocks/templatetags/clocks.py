"""Template tags of the clocks: `{% due_chip clock %}`, `{% due_chip_of application "decision" %}`, `{% due_chips application %}`,
`{% calendar_standing %}`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import template
from django.db import models
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from qualification.applications.models import Application
from qualification.regions import calendar_rules, calendars
from qualification.regions.models import NATION
from workflows.clocks import queries
from workflows.clocks.calendar_standing import missing_years
from workflows.clocks.models import Clock

register = template.Library()
TEMPLATE = "components/due_chip.html"


@register.simple_tag(takes_context=True)
def due_chip(context: template.Context, clock: Clock | dict[str, Any] | None) -> str:
    """The chip of one clock (or of a chip already made); nothing for None."""
    if clock is None:
        return ""
    if isinstance(clock, dict):
        return _render(clock)
    calendar = _calendars(context).of(clock.authority_id)
    return _render(queries.chip(clock, queries.now_of(context), calendar=calendar))


@register.simple_tag(takes_context=True)
def due_chip_of(context: template.Context, application: Application, code: str) -> str:
    """The chip of a case's open clock of one code; nothing where none is open."""
    return due_chip(context, queries.open_clock(application, code))


@register.simple_tag
def due_day_of(application: Application, *codes: str) -> dt.date | None:
    """The last day of a case's open clock of one of some codes, for a reader who does not see how it is counted."""
    clock = Clock.objects.open().filter(application=application, code__in=codes).order_by("due_at", "pk").first()
    return clock.due_on if clock else None


@register.simple_tag(takes_context=True)
def due_chips(context: template.Context, application: Application) -> str:
    """The chips of all open clocks of a case."""
    chips = queries.chips_for([application], queries.now_of(context))[application.pk]
    return format_html_join(" ", "{}", ((_render(chip),) for chip in chips))


@register.simple_tag(takes_context=True)
def subject_chips(context: template.Context, rows: Iterable[models.Model], code: str) -> dict[int, SafeString]:
    """The chips of the clocks of one code about some rows of one model, by row: one query for all of them."""
    now, known = queries.now_of(context), _calendars(context)
    clocks = queries.clocks_of(list(rows), code)
    return {pk: _render(queries.chip(c, now, calendar=known.of(c.authority_id))) for pk, c in clocks.items()}


@register.simple_tag
def certificate_clocks(certificate: models.Model) -> list[Clock]:
    """The running clocks of a certificate: its validity, and the period to apply for a renewal."""
    return list(Clock.objects.open().of_subject(certificate).order_by("due_at", "pk"))


@register.inclusion_tag("clocks/_outcomes.html")
def law_outcomes(application: Application) -> dict[str, Any]:
    """What the system has done at the end of limits of a case, and whether it is contested."""
    return {"outcomes": queries.outcomes_of(application)}


@register.filter
def chip_of(chips: dict[int, SafeString], row: models.Model) -> str:
    """One row's chip out of `subject_chips`; nothing where it has no clock."""
    return chips.get(row.pk, "")


@register.inclusion_tag("components/calendar_standing.html", takes_context=True)
def calendar_standing(context: template.Context) -> dict[str, Any]:
    """The years whose dates are provisional, for pages that show many dates; nothing when none is."""
    request = context.get("request")
    may_read = request is not None and request.user.is_authenticated and request.user.has_role(*calendar_rules.READERS)
    missing = missing_years(_calendars(context), queries.now_of(context))
    return {"missing": missing, "links": may_read, "nation": NATION}


def _render(chip: dict[str, Any]) -> SafeString:
    return render_to_string(TEMPLATE, {"due": chip})


def _calendars(context: template.Context) -> calendars.Calendars:
    """The calendars, looked up once for a whole page."""
    request = context.get("request")
    if request is None:
        return calendars.current()
    if not hasattr(request, "_calendars"):
        request._calendars = calendars.current()
    known: calendars.Calendars = request._calendars
    return known
