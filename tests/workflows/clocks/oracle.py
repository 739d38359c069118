"""A second opinion on every due date: slow, naive, and written from DOMAIN.md section 2 alone.

It shares nothing with the system: it reads the published holidays itself, walks one day at a time
and asks of each day by itself whether it counts. Nothing here may import from the code under test.

Where the words leave room, this is the reading taken:
- a day after an event that pauses, up to the day of the event that resumes, is no counted day,
  whatever else happens on it; so a resumption and a new pause on one day leave that day uncounted;
- "still counts if it is a working day" is said of clocks in working days; in calendar days every
  day is a day of the unit;
- n months are as many days as lie between the day of the event and the same day n months on, so a
  pause puts its own days on top;
- a period ends on a day that counts: rolling passes over paused days too;
- extension days count on from the old last day as rolled, in the unit of the clock;
- the deadline crosses into every year that has one of the days between the event and the last day;
  a period that neither counts working days nor rolls leans on no calendar, and is never provisional.
"""

import datetime
import json
from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"
BEIJING = datetime.timezone(datetime.timedelta(hours=8))
ONE_DAY = datetime.timedelta(days=1)
WORKING, CALENDAR, MONTHS = "working", "calendar", "months"


@dataclass
class Almanac:
    """What is published: per day off or on, per year whether it is published at all."""

    off: dict[datetime.date, bool] = field(default_factory=dict)
    years: set[int] = field(default_factory=set)

    def is_working(self, day: datetime.date) -> bool:
        if day in self.off:
            return not self.off[day]
        return day.isoweekday() not in (6, 7)


def published() -> Almanac:
    almanac = Almanac()
    for path in sorted(DATA.glob("holidays-cn-*.json")):
        year = json.loads(path.read_text(encoding="utf-8"))
        almanac.years.add(year["year"])
        for entry in year["days"]:
            almanac.off[datetime.date.fromisoformat(entry["date"])] = entry["isOffDay"]
    return almanac


@dataclass
class Question:
    start: datetime.datetime
    limit: int
    unit: str
    #: (moment of the event that pauses, moment of the event that resumes or None)
    pauses: list[tuple[datetime.datetime, datetime.datetime | None]] = field(default_factory=list)
    extensions: list[int] = field(default_factory=list)
    rolls: bool = True


@dataclass
class Answer:
    """`last` is None while an open pause keeps the end from being known."""

    last: datetime.date | None
    counted: list[datetime.date]
    budget: int
    is_provisional: bool

    @property
    def due(self) -> datetime.datetime | None:
        """24:00 of the last day."""
        if self.last is None:
            return None
        return datetime.datetime.combine(self.last, datetime.time(0), BEIJING) + ONE_DAY

    def share(self, percent: int, hour: int = 9) -> datetime.datetime | None:
        if percent == 100:
            return self.due
        which = 0
        while which * 100 < percent * self.budget:
            which += 1
        if which > len(self.counted):
            return None
        return datetime.datetime.combine(self.counted[which - 1], datetime.time(hour), BEIJING)


def local_day(moment: datetime.datetime) -> datetime.date:
    return moment.astimezone(BEIJING).date()


def months_on(day: datetime.date, months: int) -> datetime.date:
    """The same day of the month `months` later (earlier when negative), or that month's last day."""
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    for number in (day.day, 30, 29, 28):
        try:
            if number <= day.day:
                return datetime.date(year, month, number)
        except ValueError:
            continue
    raise AssertionError(day)


#: The day of the event that pauses and the day of the event that resumes, or None.
Pauses = list[tuple[datetime.date, datetime.date | None]]


def is_paused(day: datetime.date, pauses: Pauses) -> bool:
    return any(day > paused and (resumed is None or day <= resumed) for paused, resumed in pauses)


def is_paused_for_good(day: datetime.date, pauses: Pauses) -> bool:
    return any(resumed is None and day > paused for paused, resumed in pauses)


def answer(question: Question, almanac: Almanac) -> Answer:
    day = local_day(question.start)
    pauses = [(local_day(start), None if end is None else local_day(end)) for start, end in question.pauses]
    counted: list[datetime.date] = []
    budget = 0
    crossed: set[int] = set()
    for stretch in [question.limit, *question.extensions]:
        wanted = stretch
        if question.unit == MONTHS:
            wanted = (months_on(day, stretch) - day).days
        budget += wanted
        while wanted:
            day = day + ONE_DAY
            crossed.add(day.year)
            if is_paused_for_good(day, pauses):
                return Answer(None, counted, budget, False)
            if is_paused(day, pauses):
                continue
            if question.unit == WORKING and not almanac.is_working(day):
                continue
            counted.append(day)
            wanted -= 1
        if question.unit != WORKING and question.rolls:
            while is_paused(day, pauses) or not almanac.is_working(day):
                day = day + ONE_DAY
                crossed.add(day.year)
                if is_paused_for_good(day, pauses):
                    return Answer(None, counted, budget, False)
    leans = question.unit == WORKING or question.rolls
    return Answer(day, counted, budget, leans and any(year not in almanac.years for year in crossed))


def last_day_before(expiry: datetime.date, months: int) -> datetime.date:
    """Counted backward, never rolled."""
    return months_on(expiry, -months)
