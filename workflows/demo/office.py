"""When the acts of the demo happen: on working days, at office hours, with the time between them that they take in life."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from qualification.regions.calendars import WorkCalendar
from workflows.demo.walk import Wish, way_of

# Working days since the stage before, and the hour of the day; within the limits of the law.
PACE: dict[str, tuple[int, str]] = {
    "draft": (0, "09:20"), "upload_tables": (0, "10:40"), "upload_materials": (1, "14:10"), "submit": (2, "10:05"),
    "accept": (3, "15:10"), "draw_team": (2, "09:30"), "accept_offers": (1, "10:50"), "pass_file": (3, "14:40"),
    "propose_visit": (1, "09:40"), "agree_visit": (1, "11:10"), "check_in": (6, "08:40"), "answer_checklist": (0, "10:10"),
    "confirm_rows": (1, "09:50"), "conclude": (0, "16:10"), "rectify": (7, "14:20"), "verify": (3, "10:30"),
    "hand_in_report": (2, "15:40"), "concur": (2, "11:20"), "decide": (4, "10:20"), "release": (1, "09:10"),
    "issue": (3, "14:30"), "make_papers": (0, "15:00"), "record_check": (5, "16:00"),
}  # fmt: skip
# Only where there is something to rectify.
RECTIFYING = frozenset({"rectify", "verify"})
STEP = dt.timedelta(minutes=7)


@dataclass(frozen=True, slots=True)
class Office:
    """The working days of an authority, counted from one to another."""

    calendar: WorkCalendar

    def latest(self, day: dt.date) -> dt.date:
        """The day itself if it is a working day, else the last one before it."""
        while not self.calendar.is_working(day):
            day -= dt.timedelta(days=1)
        return day

    def after(self, day: dt.date, days: int) -> dt.date:
        """So many working days later; earlier for a negative number."""
        step = dt.timedelta(days=1 if days > 0 else -1)
        for _number in range(abs(days)):
            day += step
            while not self.calendar.is_working(day):
                day += step
        return day

    def first_of_two(self, agreed_on: dt.date) -> dt.date:
        """The first day of a visit of two days with no day off between them."""
        day = self.after(agreed_on, PACE["check_in"][0])
        return day if self.calendar.is_working(day + dt.timedelta(days=1)) else self.after(day, -1)


def stages_to(last: str, wish: Wish, *, rectifies: bool = False) -> list[str]:
    """The stages of a case up to and including one; those of a rectification only where there is something to rectify."""
    way = way_of(wish)
    return [stage for stage in way[: way.index(last) + 1] if rectifies or stage not in RECTIFYING]


class Moments:
    """The moments of one case, such that its last planned act was so many days ago; each further act is a little later.

    `then` is how many working days lie between the last stage and what happens after it.
    """

    def __init__(self, office: Office, stages: list[str], days_ago: int, *, then: int = 0, shift: int = 0) -> None:
        self.office = office
        self.shift = dt.timedelta(minutes=shift)
        end = office.latest(timezone.localdate() - dt.timedelta(days=days_ago))
        day = office.after(end, -(sum(PACE[stage][0] for stage in stages) + then))
        self.days: dict[str, dt.date] = {}
        for stage in stages:
            day = office.first_of_two(day) if stage == "check_in" else office.after(day, PACE[stage][0])
            self.days[stage] = day
        self.moment = self._at(self.days["draft"], PACE["draft"][1])

    def __call__(self) -> dt.datetime:
        """The moment of the next act, never past the present."""
        self.moment = min(self.moment + STEP, timezone.now())
        return self.moment

    def _at(self, day: dt.date, hour: str) -> dt.datetime:
        return timezone.make_aware(dt.datetime.combine(day, dt.time.fromisoformat(hour))) + self.shift

    def reach(self, stage: str) -> None:
        """Go on to the day and hour of a stage, where it has one."""
        if stage in self.days:
            self.leap(self._at(self.days[stage], PACE[stage][1]))

    def pass_days(self, days: int, hour: str = "10:30") -> None:
        """Go on so many working days later."""
        self.leap(self._at(self.office.after(timezone.localdate(self.moment), days), hour))

    def leap(self, moment: dt.datetime) -> None:
        """Go on at a later moment."""
        self.moment = max(self.moment, moment)

    def visit(self) -> tuple[dt.date, dt.date]:
        """The two days of the visit, as far ahead of its proposal as a visit is."""
        agreed_on = self.office.after(timezone.localdate(self.moment), PACE["agree_visit"][0])
        first = self.office.first_of_two(agreed_on)
        return first, self.office.after(first, PACE["confirm_rows"][0])
