"""The cases of a year: who applies for what, where and when; and what is known of one while it is walked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from qualification.applications.bars import FIELD_OF_DEVICES
from qualification.applications.enums import Kind, Procedure
from qualification.regions.calendars import WorkCalendar
from workflows.clocks.counting import ZONE, add_months, start_of
from workflows.demo.abilities import FIELDS
from workflows.demo.simulate.dice import Dice

# How the applications of the five regions, the kinds and the months compare.
REGIONS = {"01": 26, "02": 15, "03": 29, "04": 18, "05": 12}
KINDS = {Kind.FIRST: 40, Kind.RENEWAL: 25, Kind.EXTENSION: 35}
MONTHS = (8, 5, 11, 10, 9, 9, 9, 8, 9, 7, 8, 7)
JOINT_SHARE = 0.12
LATE_RENEWALS = 0.12
# Of the renewals in time, those handed in within the last days: what is not decided by the end is deemed renewed.
LAST_DAYS_SHARE = 0.5
LAST_DAYS = 4
# Cases in which everybody takes longer.
DRAGGING_SHARE = 0.05
DRAGGING_FACTOR = 2.5
# Applications by notice and commitment.
COMMITMENT_SHARE = 0.12
YEARS_VALID = 6


@dataclass(frozen=True, slots=True)
class Client:
    """One laboratory and its one application of the year."""

    number: int
    region: str
    sites: tuple[str, ...]
    field: str
    kind: str
    applies_at: dt.datetime
    certificate_until: dt.date | None
    slowness: float = 1.0
    procedure: str = Procedure.GENERAL

    @property
    def username(self) -> str:
        """The account of the laboratory's manager."""
        return f"sim-lab-{self.number:05d}"


def clients(year: int, count: int, seed: int, calendar: WorkCalendar) -> Iterator[Client]:
    """The clients of a year, each from dice of its own."""
    days = _days(year, calendar)
    weights = [MONTHS[day.month - 1] for day in days]
    for number in range(1, count + 1):
        yield _client(number, Dice(seed, number, "client"), days, weights)


def _days(year: int, calendar: WorkCalendar) -> list[dt.date]:
    first = dt.date(year, 1, 1)
    everyday = (first + dt.timedelta(days=n) for n in range((dt.date(year + 1, 1, 1) - first).days))
    return [day for day in everyday if calendar.is_working(day)]


def _client(number: int, dice: Dice, days: list[dt.date], weights: list[int]) -> Client:
    chance = dice.random
    region = chance.choices(list(REGIONS), list(REGIONS.values()))[0]
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    others = [code for code in REGIONS if code != region]
    sites = (region, chance.choice(others)) if chance.random() < JOINT_SHARE else (region,)
    day = chance.choices(days, weights)[0]
    applies_at = start_of(day) + dt.timedelta(hours=8, seconds=chance.randrange(13 * 3600))
    until = None if kind == Kind.FIRST else _until(kind, day, dice)
    field_ = chance.choice(list(FIELDS))
    slowness = DRAGGING_FACTOR if chance.random() < DRAGGING_SHARE else 1.0
    # Thrown last: the other answers of a seed are the same as without it.
    commits = chance.random() < COMMITMENT_SHARE and field_ != FIELD_OF_DEVICES
    procedure = Procedure.COMMITMENT if commits else Procedure.GENERAL
    return Client(number, region, sites, field_, kind.value, applies_at, until, slowness, procedure)


def _until(kind: Kind, day: dt.date, dice: Dice) -> dt.date:
    """When the certificate ends: a renewal comes three to six months before, many just in time, a few late."""
    if kind == Kind.RENEWAL:
        chance = dice.random
        if chance.random() < LATE_RENEWALS:
            return add_months(day, 1) + dt.timedelta(days=chance.randrange(1, 55))
        spare = LAST_DAYS if chance.random() < LAST_DAYS_SHARE else 75
        return add_months(day, 3) + dt.timedelta(days=chance.randrange(1, spare + 1))
    return add_months(day, 12) + dt.timedelta(days=dice.random.randrange(1500))


# When somebody acts who never will.
NEVER = dt.datetime(9999, 1, 1, tzinfo=ZONE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody will do, and when. `about` is the number of the task or offer it answers, 0 for the whole case."""

    slot: str
    act: str
    at: dt.datetime
    about: int = 0


@dataclass(slots=True)
class Case:
    """What the simulation keeps of one case between two of its moments; everything else is in the database."""

    client: Client
    laboratory: int
    manager: int
    certificate: int | None = None
    application: int | None = None
    plans: list[Plan] = field(default_factory=list)
    rounds: dict[str, int] = field(default_factory=dict)
    acts: int = 0
    refused: list[str] = field(default_factory=list)

    @property
    def next(self) -> Plan | None:
        """The plan that comes first, by moment and then by name."""
        return min(self.plans, key=lambda plan: (plan.at, plan.slot), default=None)

    @property
    def wakes_at(self) -> dt.datetime:
        """When the next planned act is."""
        first = self.next
        return first.at if first else NEVER

    def ask(self, question: str) -> int:
        """Count that a question comes up; for the how manieth time it does."""
        self.rounds[question] = self.rounds.get(question, 0) + 1
        return self.rounds[question]


def first_day(year: int) -> dt.datetime:
    """00:00 of the year in Shanghai."""
    return dt.datetime(year, 1, 1, tzinfo=ZONE)
