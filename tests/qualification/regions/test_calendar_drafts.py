"""From a year read in to an edition in force: what is refused, what is stale, who may, and that nothing is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import rules
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import translation

from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.regions import calendar_drafts, calendar_rules, calendars
from qualification.regions.calendar_difference import Change, differences
from qualification.regions.calendar_entries import CalendarRefused
from qualification.regions.calendar_files import read
from qualification.regions.models import Authority, CalendarDraft, CalendarYear
from tests.factories.accounts import UserFactory
from tests.factories.laboratories import LaboratoryFactory
from tests.factories.regions import authority
from tests.test_races import race, split

pytestmark = pytest.mark.django_db
D = dt.date
NOW = dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
TEXT = "2027-01-01 至 2027-01-03 元旦 放假\n2027-02-05 至 2027-02-11 春节 放假\n2027-02-14 春节 上班"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _published(request: pytest.FixtureRequest) -> None:
    marker = request.node.get_closest_marker("django_db")
    request.getfixturevalue("transactional_db" if marker and marker.kwargs.get("transaction") else "db")
    calendars.load_all(now=NOW)


def administrator(code: str = "03") -> User:
    return UserFactory.create(member=(Role.SLA_ADMIN, authority(code)))


def prepared(
    text: str = TEXT, *, year: int = 2027, place: Authority | None = None, by: User | None = None, official: bool = True
) -> CalendarDraft:
    return calendar_drafts.prepare(file=read(text, year), authority=place, is_official=official, by=by, now=NOW)


def applied(draft: CalendarDraft, by: User | None = None) -> CalendarYear:
    return calendar_drafts.apply(draft=draft, reason="国办通知", by=by, now=LATER)


def refusal(text: str, **kwargs: object) -> tuple[str, ...]:
    with pytest.raises(CalendarRefused) as refused:
        prepared(text, **kwargs)  # type: ignore[arg-type]
    assert not CalendarDraft.objects.exists()
    return refused.value.problems


# Into force


def test_a_draft_changes_nothing_before_it_is_applied() -> None:
    draft = prepared()
    assert calendars.calendar_for(None).is_working(D(2027, 2, 5))
    assert [(c.change, c.counts_otherwise) for c in differences([], calendar_drafts.file_of(draft).days)] == [
        (Change.ADDED, date.weekday() < 5 or date.day == 14) for date in (day.date for day in read(TEXT).days)
    ]


def test_an_applied_draft_is_an_official_edition_with_who_and_why() -> None:
    person = administrator()
    edition = applied(prepared(by=person), person)
    assert (edition.year, edition.edition, edition.is_official, edition.reason) == (2027, 1, True, "国办通知")
    assert (edition.imported_by, edition.imported_at) == (person, LATER)
    calendar = calendars.calendar_for(None)
    assert not calendar.is_provisional(D(2027, 2, 5)) and not calendar.is_working(D(2027, 2, 5))
    assert calendar.is_working(D(2027, 2, 14))


def test_an_expected_year_stays_provisional_until_it_is_published() -> None:
    applied(prepared(official=False))
    calendar = calendars.calendar_for(None)
    assert calendar.is_provisional(D(2027, 2, 5)) and not calendar.is_working(D(2027, 2, 5))
    assert applied(prepared()).edition == 2
    assert not calendars.calendar_for(None).is_provisional(D(2027, 2, 5))


def test_older_editions_are_kept_and_can_be_applied_again() -> None:
    first = applied(prepared())
    applied(prepared(TEXT + "\n2027-03-06 春节 上班"))
    again = calendar_drafts.restore(edition=first, by=None, now=LATER)
    third = applied(again)
    assert third.edition == 3
    assert calendars.special_days(third) == calendars.special_days(first)
    with pytest.raises(CalendarRefused, match="Nothing is changed: edition 3 of 2027"):
        calendar_drafts.restore(edition=third, by=None, now=LATER)


def test_an_expected_edition_restored_does_not_take_the_official_year_back() -> None:
    expected = applied(prepared(official=False))
    applied(prepared(TEXT + "\n2027-03-06 春节 上班"))
    assert applied(calendar_drafts.restore(edition=expected, by=None, now=LATER)).is_official


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason_nothing_is_applied(reason: str) -> None:
    with pytest.raises(ValidationError):
        calendar_drafts.apply(draft=prepared(), reason=reason, by=None, now=LATER)
    assert not CalendarYear.objects.filter(year=2027).exists()


# Refused


def test_the_same_official_year_again_is_refused() -> None:
    applied(prepared())
    with pytest.raises(CalendarRefused) as refused:
        prepared()
    assert refused.value.problems[0].startswith("Nothing is changed: edition 1 of 2027, in force since Sat 21 Nov 2026")


def test_the_same_year_prepared_twice_is_applied_once() -> None:
    first, second = prepared(), prepared()
    applied(first)
    with pytest.raises(door.Stale, match="Edition 1 of 2027 was applied by"):
        applied(second)
    assert CalendarYear.objects.filter(year=2027).count() == 1


def test_a_published_year_does_not_become_provisional() -> None:
    assert refusal(TEXT.replace("2027", "2026").split("\n")[0], year=2026, official=False) == (
        "2026 is published; it cannot become provisional again.",
    )


@pytest.mark.parametrize(("year", "missing"), [(2028, "2027"), (2030, "2027, 2028, 2029"), (2022, "2023")])
def test_a_year_is_missing_in_between(year: int, missing: str) -> None:
    assert refusal(f"{year}-01-01 元旦 放假", year=year) == (f"{missing} is missing: read it in before {year}.",)


def test_an_expected_year_does_not_stand_for_a_published_one() -> None:
    applied(prepared(official=False))
    with pytest.raises(CalendarRefused, match="2027 is missing"):
        prepared("2028-01-01 元旦 放假", year=2028)
    assert prepared("2028-01-01 元旦 放假", year=2028, official=False).pk


def test_the_year_before_the_first_can_be_read_in() -> None:
    assert applied(prepared("2023-10-01 国庆节 放假", year=2023)).year == 2023


def test_a_day_of_december_is_the_next_years_word() -> None:
    applied(prepared("2026-12-31 至 2027-01-03 元旦 放假"))
    assert not calendars.calendar_for(None).is_working(D(2026, 12, 31))
    shipped = [f"{d.date} {d.name} {'放假' if d.is_off else '上班'}" for d in calendars.special_days(
        CalendarYear.objects.get(year=2026))]  # fmt: skip
    with pytest.raises(CalendarRefused) as refused:
        prepared("\n".join([*shipped, "2026-12-31 岁末 放假"]), year=2026)
    assert refused.value.problems == ("2026-12-31 is named by the calendar of 2027, which counts. Change it there.",)


# A region


def test_a_region_has_days_of_its_own_and_makes_nothing_official() -> None:
    hebei = authority("03")
    edition = applied(prepared("2027-03-12 植树日 放假", place=hebei))
    assert not edition.is_official
    assert not calendars.calendar_for(hebei).is_working(D(2027, 3, 12))
    assert calendars.calendar_for(hebei).is_provisional(D(2027, 3, 12))
    assert calendars.calendar_for(authority("02")).is_working(D(2027, 3, 12))


def test_the_database_keeps_a_region_from_being_official() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarYear.objects.create(year=2027, authority=authority("03"), is_official=True, imported_at=NOW)


def test_a_region_may_work_on_a_day_the_nation_has_off_and_only_then() -> None:
    hebei, person = authority("03"), administrator()
    draft = calendar_drafts.edit(
        year=2026, authority=hebei, dates=[D(2026, 10, 1)], is_off=False, name="", by=person, now=NOW
    )
    applied(draft, person)
    assert calendars.calendar_for(hebei).is_working(D(2026, 10, 1))
    with pytest.raises(CalendarRefused, match="2026-10-12 is a make-up day but no weekend day"):
        calendar_drafts.edit(
            year=2026, authority=hebei, dates=[D(2026, 10, 12)], is_off=False, name="", by=person, now=NOW
        )


def test_a_regions_days_may_be_taken_away_altogether() -> None:
    hebei, person = authority("03"), administrator()
    applied(prepared("2027-03-12 植树日 放假", place=hebei))
    draft = calendar_drafts.edit(
        year=2027, authority=hebei, dates=[D(2027, 3, 12)], is_off=None, name="", by=person, now=NOW
    )
    applied(draft, person)
    assert calendars.calendar_for(hebei).is_working(D(2027, 3, 12))


# By hand


def test_edits_are_collected_in_one_draft_of_ones_own() -> None:
    person, other = administrator(), administrator("02")
    one = calendar_drafts.edit(
        year=2026, authority=None, dates=[D(2026, 12, 31)], is_off=True, name="岁末", by=person, now=NOW
    )
    two = calendar_drafts.edit(
        year=2026, authority=None, dates=[D(2026, 10, 10)], is_off=None, name="", by=person, now=NOW
    )
    assert one == two
    assert calendar_drafts.edit_of(2026, None, other) is None
    changes = differences(calendar_drafts.base_days(two), calendar_drafts.file_of(two).days)
    assert [(c.date, c.change, c.becomes) for c in changes] == [
        (D(2026, 10, 10), Change.REMOVED, "weekend"), (D(2026, 12, 31), Change.ADDED, "off"),
    ]  # fmt: skip
    assert two.is_official


def test_an_edit_that_leaves_a_hole_can_be_drafted_but_not_applied() -> None:
    person = administrator()
    draft = calendar_drafts.edit(
        year=2026, authority=None, dates=[D(2026, 10, 3)], is_off=None, name="", by=person, now=NOW
    )
    assert calendar_drafts.problems(draft) == [
        "国庆节 has a gap: 2026-10-03 is missing between 2026-10-02 and 2026-10-04. Name every day of the holiday."
    ]
    with pytest.raises(CalendarRefused, match="has a gap"):
        applied(draft, person)


def test_a_stale_edit_is_done_again_on_the_new_edition() -> None:
    person = administrator()
    draft = calendar_drafts.edit(
        year=2026, authority=None, dates=[D(2026, 12, 31)], is_off=True, name="岁末", by=person, now=NOW
    )
    other = calendar_drafts.edit(
        year=2026, authority=None, dates=[D(2026, 12, 30)], is_off=True, name="岁末", by=administrator("02"), now=NOW
    )
    applied(other)
    assert calendar_drafts.is_stale(draft)
    with pytest.raises(door.Stale):
        applied(draft, person)
    fresh = calendar_drafts.again(draft=draft, by=person, now=LATER)
    applied(fresh, person)
    calendar = calendars.calendar_for(None)
    assert [calendar.is_working(D(2026, 12, day)) for day in (29, 30, 31)] == [True, False, False]
    draft.refresh_from_db()
    assert (draft.discarded_by, draft.is_open) == (person, False)


def test_what_was_thrown_away_cannot_be_applied() -> None:
    person, draft = administrator(), prepared()
    calendar_drafts.discard(draft=draft, by=person, now=NOW)
    with pytest.raises(door.Stale, match="thrown away by"):
        applied(draft, person)
    assert CalendarDraft.objects.count() == 1


def test_a_page_loaded_before_any_calendar_changed_is_stale() -> None:
    draft, seen = prepared(), calendars.newest_edition()
    applied(prepared("2026-12-25 植树日 放假", year=2026, place=authority("03")))
    with pytest.raises(door.Stale, match="Edition 1 of 2026"):
        calendar_drafts.apply(draft=draft, reason="x", by=None, now=LATER, seen=seen)
    assert applied(draft).edition == 1


# Who may


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("code", ["03", "99"])
@pytest.mark.parametrize("place", [None, "03", "02", "99"])
def test_who_may_apply_and_who_sees_a_draft(role: Role, code: str, place: str | None) -> None:
    user = _user(role, code)
    where = authority(place) if place else None
    draft = CalendarDraft.objects.create(year=2027, authority=where, origin="import", created_at=NOW)
    may = rules.has_perm("regions.CalendarDraft.apply", user, draft)
    assert may is (role == Role.SLA_ADMIN and (place == code or (place is None and code == "03")))
    assert calendar_rules.drafts_visible_to(user).filter(pk=draft.pk).exists() is may


def _user(role: Role, code: str) -> User:
    if role in {Role.JOINT_MEETING, Role.NATIONAL_VIEWER}:
        return UserFactory.create(member=role)
    if role in {Role.LAB_MEMBER, Role.LAB_MANAGER}:
        return UserFactory.create(member=(role, LaboratoryFactory.create(authority=authority(code))))
    return UserFactory.create(member=(role, authority(code)))


@pytest.mark.parametrize("act", ["prepare", "apply", "discard", "again", "restore", "edit"])
def test_the_services_ask_the_rule_themselves(act: str) -> None:
    stranger = UserFactory.create(member=(Role.REGION_ADMIN, authority("03")))
    draft = prepared()
    acts = {
        "prepare": lambda: prepared(TEXT + "\n2027-03-06 上班", by=stranger),
        "apply": lambda: applied(draft, stranger),
        "discard": lambda: calendar_drafts.discard(draft=draft, by=stranger, now=NOW),
        "again": lambda: calendar_drafts.again(draft=draft, by=stranger, now=NOW),
        "restore": lambda: calendar_drafts.restore(edition=CalendarYear.objects.get(year=2025), by=stranger, now=NOW),
        "edit": lambda: calendar_drafts.edit(
            year=2026, authority=None, dates=[D(2026, 12, 31)], is_off=True, name="", by=stranger, now=NOW
        ),
    }
    with pytest.raises(door.Refused):
        acts[act]()
    assert (CalendarDraft.objects.count(), CalendarYear.objects.count()) == (1, 3)


# Two connections


@pytest.mark.django_db(transaction=True)
def test_the_same_draft_applied_at_once_makes_one_edition() -> None:
    draft = prepared()
    won, errors = split(race(*[lambda: applied(draft)] * 4))
    assert (won, errors) == (1, [door.Stale] * 3)
    assert CalendarYear.objects.filter(year=2027).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_drafts_of_a_year_applied_at_once_make_one_edition() -> None:
    one, other = prepared(), prepared(TEXT + "\n2027-03-06 春节 上班")
    won, errors = split(race(lambda: applied(one), lambda: applied(other)))
    assert (won, errors) == (1, [door.Stale])
    assert list(CalendarYear.objects.filter(year=2027).values_list("edition", flat=True)) == [1]


# The command


def test_the_command_reads_a_file_with_the_same_checks(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "2027.txt"
    path.write_text(TEXT, "utf-8")
    call_command("load_calendars", str(path), reason="国办通知", verbosity=0)
    edition = CalendarYear.objects.get(year=2027)
    assert (edition.is_official, edition.imported_by, edition.reason) == (True, None, "国办通知")
    with pytest.raises(CommandError, match="Nothing is changed"):
        call_command("load_calendars", str(path), reason="again")
    path.write_text("2028-01-01 元旦", "utf-8")
    with pytest.raises(CommandError, match="Line 1: it is not said whether"):
        call_command("load_calendars", str(path), reason="x")


def test_the_command_takes_a_regions_days(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "hebei.csv"
    path.write_text("2027-03-12,植树日,放假", "utf-8")
    authority("03")
    call_command("load_calendars", str(path), region="03", reason="省政府令", verbosity=0)
    assert not calendars.calendar_for(authority("03")).is_working(D(2027, 3, 12))
    with pytest.raises(CommandError, match="no authority 77"):
        call_command("load_calendars", str(path), region="77", reason="x")
