"""The demo reads like a year of work: on working days, at office hours, in the order and within the limits of the law."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from qualification.applications.enums import Kind
from qualification.regions.calendars import DATA_DIR, WorkCalendar, read_year
from workflows.demo.cases import ENDED, LATER, STAGES
from workflows.demo.office import PACE, Moments, Office, stages_to
from workflows.demo.walk import WAY, Wish

FILES = [read_year(Path(path).read_text(encoding="utf-8")) for path in sorted(DATA_DIR.glob("holidays-cn-*.json"))]
OFFICE = Office(WorkCalendar({day.date: day for file in FILES for day in file.days}))


def walked(last: str, days_ago: int, *, rectifies: bool = False) -> dict[str, dt.datetime]:
    """The moment of each stage."""
    moments = Moments(OFFICE, stages_to(last, Wish(), rectifies=rectifies), days_ago)
    found = {}
    for stage in moments.days:
        moments.reach(stage)
        found[stage] = timezone.localtime(moments())
    return found


@pytest.mark.parametrize("now", ["2026-10-05 10:00", "2026-11-21 20:00", "2026-03-02 07:30"])
@pytest.mark.parametrize("days_ago", [1, 4, 30])
@pytest.mark.parametrize("rectifies", [False, True])
def test_everything_happens_on_working_days_at_office_hours_in_order(
    now: str, days_ago: int, *, rectifies: bool
) -> None:
    with time_machine.travel(dt.datetime.fromisoformat(f"{now}+08:00"), tick=False):
        found = walked(WAY[-1], days_ago, rectifies=rectifies)
        today = timezone.localdate()
    assert list(found) == [s for s in WAY if rectifies or s not in {"rectify", "verify"}]
    assert list(found.values()) == sorted(found.values())
    assert [s for s, at in found.items() if not OFFICE.calendar.is_working(at.date())] == []
    assert [s for s, at in found.items() if not dt.time(8, 30) <= at.time() <= dt.time(17, 30)] == []
    assert found[WAY[-1]].date() <= OFFICE.latest(today - dt.timedelta(days=days_ago))


@pytest.mark.parametrize(
    ("since", "act", "days"),
    [("submit", "accept", 5), ("accept_offers", "pass_file", 5), ("accept", "hand_in_report", 30),
     ("hand_in_report", "decide", 10), ("decide", "make_papers", 7)],
)  # fmt: skip
def test_the_demo_keeps_the_limits_of_the_law(since: str, act: str, days: int) -> None:
    with time_machine.travel(dt.datetime.fromisoformat("2026-11-20T10:00+08:00"), tick=False):
        found = walked(WAY[-1], 5)
    assert OFFICE.calendar.working_days_between(found[since].date(), found[act].date()) <= days


def test_a_visit_has_no_day_off_between_its_days() -> None:
    for day in (dt.date(2026, 9, 1) + dt.timedelta(days=n) for n in range(60)):
        first = OFFICE.first_of_two(OFFICE.latest(day))
        assert OFFICE.after(first, PACE["confirm_rows"][0]) == first + dt.timedelta(days=1)


def test_the_visit_ahead_is_the_one_that_is_held() -> None:
    with time_machine.travel(dt.datetime.fromisoformat("2026-11-20T10:00+08:00"), tick=False):
        moments = Moments(OFFICE, stages_to("conclude", Wish()), 5)
        moments.reach("propose_visit")
        assert moments.visit() == (moments.days["check_in"], moments.days["confirm_rows"])


def test_no_laboratory_of_the_demo_has_two_first_applications_open() -> None:
    later = Counter(spec.lab for spec in LATER)
    assert [lab for lab, count in later.items() if count > 1] == []
    certified = {spec.lab for spec in ENDED if spec.last == WAY[-1]}
    assert certified & set(later) == set()
    built = {s.lab for specs in STAGES for s in specs if s.wish.get("kinds", [Kind.FIRST]) != [Kind.FIRST]}
    assert built <= certified
