"""What chance decides, and how long people take.

Every question has dice of its own, made from the seed, the case and the question: whatever order the cases are walked
in, on however many processors, the answers are the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass

from qualification.regions.calendars import WorkCalendar
from workflows.clocks.counting import ZONE

OPENS = dt.time(8, 40)
CLOSES = dt.time(17, 30)
# What is left of a day in which somebody would begin nothing new.
LAST_START = dt.timedelta(minutes=20)
SLOW_SHARE = 0.08
SLOW_FACTOR = 2.2


@dataclass(frozen=True, slots=True)
class Pace:
    """How many working days an act takes: log-normal about its median."""

    median: float
    spread: float = 0.6


PACES: Mapping[str, Pace] = {
    "examine": Pace(1.9, 0.55),
    "supplement": Pace(8.0, 0.6),
    "examine_again": Pace(1.9, 0.5),
    "draw_team": Pace(1.8, 0.6),
    "answer_offer": Pace(0.4, 0.8),
    "review_file": Pace(2.4, 0.45),
    "supply_file": Pace(5.0, 0.5),
    "propose_visit": Pace(1.8, 0.6),
    "answer_visit": Pace(0.8, 0.6),
    "rectify": Pace(9.0, 0.5),
    "verify": Pace(2.2, 0.5),
    "report": Pace(2.4, 0.6),
    "concur": Pace(1.1, 0.6),
    "decide": Pace(4.2, 0.55),
    "release": Pace(0.4, 0.8),
    "issue": Pace(2.4, 0.5),
    "withdraw": Pace(3.0, 0.8),
    "check": Pace(14.0, 0.5),
    "revoke": Pace(5.0, 0.5),
}

# How often each of the less usual things happens where it can.
CHANCES: Mapping[str, float] = {
    "examine.supplement": 0.20,
    "examine.refuse": 0.03,
    "examine.forgotten": 0.015,
    "supplement.never": 0.12,
    "examine_again.refuse": 0.05,
    "answer_offer.decline": 0.10,
    "answer_offer.tie": 0.01,
    "answer_offer.never": 0.07,
    "review_file.hold": 0.12,
    "review_file.fail": 0.02,
    "answer_visit.other": 0.10,
    "findings.some": 0.45,
    "findings.starred": 0.02,
    "rows.dropped": 0.15,
    "rectify.never": 0.05,
    "rectify.extended": 0.08,
    "verify.fails": 0.04,
    "concur.object": 0.05,
    "decide.extended": 0.05,
    "release.retract": 0.02,
    "check.mostly": 0.20,
    "check.false": 0.04,
    "case.withdraw": 0.035,
    "case.terminate": 0.02,
}


class Dice:
    """The dice of one question."""

    def __init__(self, *question: object) -> None:
        self.random = random.Random(":".join(map(str, question)))  # noqa: S311 - must be repeatable

    def falls(self, name: str) -> bool:
        """Whether this one of `CHANCES` happens."""
        return self.random.random() < CHANCES[name]

    def days(self, name: str) -> float:
        """How many working days an act takes; some people are slow."""
        pace = PACES[name]
        slow = SLOW_FACTOR if self.random.random() < SLOW_SHARE else 1.0
        return pace.median * slow * self.random.lognormvariate(0, pace.spread)

    def time_on(self, day: dt.date, after: dt.datetime) -> dt.datetime:
        """A moment of the day's working hours, after another moment."""
        first = max(dt.datetime.combine(day, OPENS, ZONE), after + dt.timedelta(minutes=3))
        last = dt.datetime.combine(day, CLOSES, ZONE)
        return first + dt.timedelta(seconds=self.random.randrange(max(1, int((last - first).total_seconds()))))

    def moment(self, after: dt.datetime, days: float, calendar: WorkCalendar) -> dt.datetime:
        """A working moment so many working days after another one; less than half a day may be the same day."""
        local = after.astimezone(ZONE)
        day = local.date()
        is_over = local.time() > (dt.datetime.combine(day, CLOSES) - LAST_START).time()
        if not calendar.is_working(day) or is_over:
            day = calendar.next_working(day + dt.timedelta(days=1))
        for _ in range(round(days)):
            day = calendar.next_working(day + dt.timedelta(days=1))
        return self.time_on(day, after)


def seed_of(*question: object) -> str:
    """The seed of one draw, in the form of a random one."""
    return hashlib.sha256(":".join(map(str, question)).encode()).hexdigest()[:32]
