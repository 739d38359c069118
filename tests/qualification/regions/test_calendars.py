"""Working-day calendars: reading, loading, editions, regions and the cache."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.management import call_command

from qualification.regions import calendars
from qualification.regions.calendars import CalendarRefused, SpecialDay, WorkCalendar, YearFile
from qualification.regions.models import Authority, CalendarDay, CalendarYear

D = dt.date
NOW = dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC)


def _authority(code: str) -> Authority:
    return Authority.objects.create(
        code=code, name_zh=code, name_en=code, region_zh=code, region_en=code, short_zh=code
    )


def _year(*days: SpecialDay, year: int = 2027) -> YearFile:
    return YearFile(year, "", days)


def test_weekdays_work_and_named_days_decide() -> None:
    calendar = WorkCalendar(
        {
            D(2026, 10, 1): SpecialDay(D(2026, 10, 1), True, "国庆节"),
            D(2026, 10, 10): SpecialDay(D(2026, 10, 10), False, "国庆节"),
        },
        frozenset({2026}),
    )
    days = [D(2026, 9, 30), D(2026, 10, 1), D(2026, 10, 10), D(2026, 10, 11)]
    assert [calendar.is_working(day) for day in days] == [True, False, True, False]
    assert (calendar.is_provisional(days[0]), calendar.is_provisional(D(2027, 1, 4))) == (False, True)
    assert calendar.next_working(D(2026, 10, 11)) == D(2026, 10, 12)


@pytest.mark.django_db
def test_the_shipped_years_are_loaded_once() -> None:
    call_command("load_calendars")
    call_command("load_calendars")
    assert list(CalendarYear.objects.values_list("year", "edition", "is_official")) == [
        (2024, 1, True), (2025, 1, True), (2026, 1, True),
    ]  # fmt: skip
    assert CalendarDay.objects.count() == 36 + 33 + 39
    calendar = calendars.calendar_for(None)
    assert calendar.official_years == {2024, 2025, 2026}
    assert calendar.working_days_between(D(2025, 12, 31), D(2026, 12, 31)) == 248


@pytest.mark.django_db
def test_nothing_loaded_is_weekends_only_and_provisional() -> None:
    calendar = calendars.calendar_for(None)
    assert calendar == WorkCalendar()
    assert calendar.is_working(D(2026, 10, 1)) and calendar.is_provisional(D(2026, 10, 1))


@pytest.mark.django_db
def test_a_newer_edition_is_seen_at_once_and_the_older_kept() -> None:
    calendars.load_year(_year(SpecialDay(D(2027, 1, 1), True, "元旦")), authority=None, now=NOW)
    assert not calendars.calendar_for(None).is_working(D(2027, 1, 1))
    changed = _year(SpecialDay(D(2027, 1, 4), True, "元旦"))
    edition = calendars.load_year(changed, authority=None, now=NOW)
    assert edition is not None and edition.edition == 2
    calendar = calendars.calendar_for(None)
    assert calendar.is_working(D(2027, 1, 1)) and not calendar.is_working(D(2027, 1, 4))
    assert calendars.load_year(changed, authority=None, now=NOW) is None
    assert CalendarDay.objects.count() == 2


@pytest.mark.django_db
def test_a_region_overrides_the_national_days_one_by_one() -> None:
    hebei, tianjin = _authority("03"), _authority("02")
    national = _year(SpecialDay(D(2027, 1, 1), True), SpecialDay(D(2027, 1, 4), True))
    calendars.load_year(national, authority=None, now=NOW)
    own = _year(SpecialDay(D(2027, 1, 4), False), SpecialDay(D(2027, 1, 5), True))
    calendars.load_year(own, authority=hebei, now=NOW)
    days = [D(2027, 1, 1), D(2027, 1, 4), D(2027, 1, 5)]
    assert [calendars.calendar_for(hebei).is_working(day) for day in days] == [False, True, False]
    assert [calendars.calendar_for(tianjin).is_working(day) for day in days] == [False, False, True]
    assert calendars.calendar_for(hebei).official_years == {2027}


@pytest.mark.django_db
def test_a_region_alone_does_not_make_a_year_official() -> None:
    hebei = _authority("03")
    calendars.load_year(_year(SpecialDay(D(2027, 1, 5), True)), authority=hebei, now=NOW)
    calendar = calendars.calendar_for(hebei)
    assert calendar.is_provisional(D(2027, 1, 5)) and not calendar.is_working(D(2027, 1, 5))


@pytest.mark.django_db
def test_looking_a_calendar_up_again_costs_one_cheap_query(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    call_command("load_calendars")
    calendars.calendar_for(None)
    with django_assert_num_queries(1):
        calendars.calendar_for(None)


def _text(*days: object, year: object = 2027) -> str:
    return json.dumps({"year": year, "papers": ["https://www.gov.cn/x"], "days": list(days)})


OFF = {"name": "元旦", "date": "2027-01-01", "isOffDay": True}


def test_a_year_is_read_and_december_before_it_may_be_named() -> None:
    file = calendars.read_year(_text(OFF, {"date": "2026-12-31", "isOffDay": True, "name": "元旦"}))
    assert file == YearFile(
        2027, "https://www.gov.cn/x",
        (SpecialDay(D(2026, 12, 31), True, "元旦"), SpecialDay(D(2027, 1, 1), True, "元旦")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("", ""),
        ("[]", ""),
        (_text(), ""),
        (_text(OFF, OFF), "2"),
        (_text(OFF, OFF | {"isOffDay": False}), "2"),
        (_text(OFF, {"date": "2027-02-30", "isOffDay": True}), "2"),
        (_text({"date": "2027-01-02"}), "1"),
        (_text({"date": "2027-01-02", "isOffDay": "yes"}), "1"),
        (_text({"date": "2025-01-02", "isOffDay": True}), "1"),
        (_text(OFF, {"date": "2027-01-04", "isOffDay": False}), "2"),
        (_text("2027-01-01"), "1"),
    ],
)
def test_an_impossible_year_is_refused_with_its_entry(text: str, entry: str) -> None:
    with pytest.raises(CalendarRefused) as refused:
        calendars.read_year(text)
    assert entry in str(refused.value)
