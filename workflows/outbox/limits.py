"""Words about time limits: the deadline of one message, and lists of many, each with its case and its date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from qualification.pages.dates import say_date
from workflows.clocks import counting, executors, policy, queries
from workflows.clocks.models import Clock
from workflows.outbox.enums import CLOCK_OF, IN_ITS_PLACE, OF_A_CHECK
from workflows.outbox.models import Message

Facts = dict[str, Any]


def deadline(message: Message, subject: object) -> Facts:
    """The last day of the limit the message tells of, and whether it is provisional."""
    clock = subject if isinstance(subject, Clock) else _clock(message)
    if clock is None or clock.due_on is None:
        return {}
    facts: Facts = {
        "due_day": say_date(clock.due_on),
        "is_provisional": clock.is_provisional,
        "limit": clock.policy.label,
    }
    if message.facts.get("event") == executors.EXTENDED:
        facts["reason"] = clock.extension.reason
    if message.facts.get("event") == executors.CORRECTED:
        facts["reason"] = queries.correction_reason(clock)
    if message.facts.get("before"):
        facts["before"] = _day_before(message.facts["before"])
    return facts


def _clock(message: Message) -> Clock | None:
    """The newest clock of the code the kind tells of; of this very subject where each has one of its own."""
    code = CLOCK_OF.get(message.kind)
    if code is None or message.application_id is None:
        return None
    in_turn = [code, OF_A_CHECK.get(message.kind, code)]
    codes = [*in_turn, *(IN_ITS_PLACE.get(one, one) for one in in_turn)]
    clocks = Clock.objects.filter(application=message.application_id, code__in=codes)
    if policy.BY_CODE[code].subject == message.subject_type:
        clocks = clocks.filter(subject_id=message.subject_id)
    return clocks.order_by("-pk").first()


def _day_before(moment: str | None) -> str:
    """The last day before an exclusive moment; empty where there was none."""
    if not moment:
        return ""
    return say_date(counting.day_of(dt.datetime.fromisoformat(moment) - dt.timedelta(microseconds=1)))


def moves(calendar_pass: object, message: Message) -> Facts:
    """The limits a changed calendar has moved: how many, and those the message names."""
    named = message.facts["moves"]
    clocks = _clocks([pk for pk, _before, _after in named])
    lines = [
        _move_line(clocks[pk], _day_before(before), _day_before(after)) for pk, before, after in named if pk in clocks
    ]
    count = message.facts["count"]
    return {"lines": lines, "count": count, "more": count - len(named)}


def _move_line(clock: Clock, before: str, after: str) -> str:
    facts = {
        "case": _name(clock),
        "limit": clock.policy.label,
        "day": after or _("when the pause ends"),
        "before": before or _("none"),
        "provisional": _provisional(clock),
    }
    return _("%(case)s, %(limit)s: %(day)s%(provisional)s (before: %(before)s)") % facts + _link(clock)


def digest(row: object, message: Message) -> Facts:
    """The day's lists of a digest, as they stood when it was made."""
    titles = {
        "overdue": _("Overdue: %(count)s"),
        "today": _("Due today: %(count)s"),
        "at_risk": _("At risk: %(count)s"),
    }
    clocks = _clocks([pk for name in titles for pk in message.facts[name]["clocks"]])
    sections = []
    for name, title in titles.items():
        listed = message.facts[name]
        if listed["count"]:
            lines = [_due_line(clocks[pk]) for pk in listed["clocks"] if pk in clocks]
            more = listed["count"] - len(listed["clocks"])
            sections.append({"title": title % {"count": listed["count"]}, "lines": lines, "more": more})
    return {"sections": sections, "board_url": f"{settings.PUBLIC_URL}{reverse('board:home')}"}


def _due_line(clock: Clock) -> str:
    facts = {
        "case": _name(clock),
        "limit": clock.policy.label,
        "day": say_date(clock.due_on),
        "provisional": _provisional(clock),
    }
    line = _("%(case)s, %(limit)s: last day %(day)s%(provisional)s") % facts
    if clock.holder:
        line = _("%(line)s, with %(person)s") % {"line": line, "person": clock.holder}
    return line + _link(clock)


def _provisional(clock: Clock) -> str:
    return _(" (provisional)") if clock.is_provisional else ""


def _name(clock: Clock) -> str:
    case = clock.application
    return _("%(reference)s %(laboratory)s") % {
        "reference": case.reference if case else "",
        "laboratory": case.laboratory.name if case else clock.subject_type,
    }


def _link(clock: Clock) -> str:
    if clock.application is None:
        return ""
    return f" {settings.PUBLIC_URL}{reverse('inbox:case', args=[clock.application.uuid])}"


def _clocks(keys: Sequence[int]) -> dict[int, Clock]:
    rows = Clock.objects.filter(pk__in=keys).select_related("application__laboratory", "holder").order_by("pk")
    return {clock.pk: clock for clock in rows}
