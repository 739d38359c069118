"""The command that reads a year in does what the page does; and what a provisional count says it takes."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import translation

from qualification.accounts.enums import Role
from qualification.applications.models import Application
from qualification.regions import calendars
from qualification.regions.calendars import SpecialDay, WorkCalendar
from qualification.regions.models import CalendarYear
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority
from tests.workflows.clocks.conftest import at, clock_of, step
from workflows.clocks import sweep
from workflows.clocks.calendar_standing import provisional_says
from workflows.outbox.models import Message

pytestmark = pytest.mark.django_db
NEW_YEAR = "2027-01-01 至 2027-01-03 元旦 放假\n2027-01-04 元旦 放假"


def test_a_year_read_in_by_command_moves_open_limits_and_people_are_told(draft: Application, tmp_path: Path) -> None:
    keeper = UserFactory.create(member=(Role.SLA_ADMIN, authority("04")))
    intake = UserFactory.create(member=(Role.INTAKE, draft.authority))
    step(draft, "submit", at("2026-12-29 10:00"))
    before = clock_of(draft, "acceptance")
    assert (before.due_on, before.is_provisional) == (dt.date(2027, 1, 5), True)
    path = tmp_path / "2027.txt"
    path.write_text(NEW_YEAR, "utf-8")
    out = StringIO()
    call_command("load_calendars", str(path), reason="国办通知", stdout=out)
    assert "The worker works 1 open time limits out again" in out.getvalue()
    told = Message.objects.get(kind="calendar_changed")
    assert told.recipient == keeper and told.facts == {"year": 2027}
    sweep.run(at("2026-12-29 11:00"))
    after = clock_of(draft, "acceptance")
    assert (after.due_on, after.is_provisional) == (dt.date(2027, 1, 7), False)
    assert Message.objects.filter(kind="clock_moved", recipient=intake).exists()


def test_the_years_that_the_program_brings_are_told_of_as_well(db: None) -> None:
    keeper = UserFactory.create(member=(Role.SLA_ADMIN, authority("03")))
    call_command("load_calendars", stdout=StringIO())
    brought = set(CalendarYear.objects.values_list("year", flat=True))
    told = Message.objects.filter(kind="calendar_changed", recipient=keeper)
    assert {message.facts["year"] for message in told} == brought
    call_command("load_calendars", stdout=StringIO())
    assert told.count() == len(brought)


OFF = SpecialDay(dt.date(2027, 1, 1), True, "元旦")


@pytest.mark.parametrize(
    ("days", "years", "says"),
    [
        ([], {2026}, ""),
        ([], {2026, 2027}, "The holidays of 2027 are not published yet: the count takes weekends only. It is worked out again when the year is published."),
        ([OFF], {2026, 2027}, "The holidays of 2027 are not published yet: the count takes weekends and the days entered as expected. It is worked out again when the year is published."),
        ([OFF], {2027, 2028}, "The holidays of 2028 are not published yet: the count takes weekends only. The holidays of 2027 are not published yet: the count takes weekends and the days entered as expected. It is worked out again when the year is published."),
    ],
)  # fmt: skip
def test_what_a_provisional_count_takes(days: list[SpecialDay], years: set[int], says: str) -> None:
    calendar = WorkCalendar({day.date: day for day in days}, frozenset({2026}))
    with translation.override("en"):
        assert provisional_says(calendar, years) == says


def test_the_command_of_a_date_says_what_the_count_takes(calendar: None, tmp_path: Path) -> None:
    def second_line() -> str:
        out = StringIO()
        call_command("due", "2026-12-30", "5", stdout=out)
        return out.getvalue().splitlines()[1]

    assert second_line() == "Provisional: 2027 is not published yet and counts weekends only."
    path = tmp_path / "2027.txt"
    path.write_text(NEW_YEAR, "utf-8")
    call_command("load_calendars", str(path), reason="expected", expected=True, stdout=StringIO())
    assert not calendars.calendar_for(None).is_working(dt.date(2027, 1, 4))
    assert (
        second_line() == "Provisional: 2027 is not published yet and counts weekends and the days entered as expected."
    )
