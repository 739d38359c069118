"""The calendars' pages: who reads, who changes, what is said; and that the difference tells what applying will do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.regions import calendar_drafts, calendars
from qualification.regions.calendar_files import read
from qualification.regions.models import Authority, CalendarDraft, CalendarYear
from tests.factories.accounts import UserFactory
from tests.factories.laboratories import LaboratoryFactory
from tests.factories.regions import authority
from tests.workflows.clocks.conftest import at, clock_of, step
from workflows.clocks import calendar_impact, calendar_services, ledger, recalc, tasks
from workflows.clocks.models import Clock
from workflows.outbox import calendar_notices
from workflows.outbox.enums import Kind
from workflows.outbox.models import Message
from workflows.outbox.rendering import render

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("calendar")]
D = dt.date
NOW = at("2026-11-21 10:00")
TEXT = "2027-01-01 至 2027-01-03 元旦 放假\n2027-02-05 至 2027-02-11 春节 放假\n2027-02-14 春节 上班"


def user_of(role: Role, code: str = "03") -> User:
    if role in NATIONAL_ROLES:
        return UserFactory.create(member=role)
    if role in {Role.LAB_MEMBER, Role.LAB_MANAGER}:
        return UserFactory.create(member=(role, LaboratoryFactory.create(authority=authority(code))))
    return UserFactory.create(member=(role, authority(code)))


@pytest.fixture
def admin() -> User:
    return user_of(Role.SLA_ADMIN)


def browser(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def draft_of(
    text: str = TEXT, year: int = 2027, place: Authority | None = None, *, official: bool = True
) -> CalendarDraft:
    return calendar_drafts.prepare(file=read(text, year), authority=place, is_official=official, by=None, now=NOW)


def post(client: Client, url: str, **data: object):  # type: ignore[no-untyped-def]
    with time_machine.travel(NOW, tick=False):
        return client.post(url, data)


def import_data(text: str = TEXT, **more: object) -> dict[str, object]:
    return {"place": "00", "year": "", "standing": "official", "text": text, "source": "", **more}


# Who


READ = [
    "/calendars/",
    "/calendars/00/2026/",
    "/calendars/00/2027/",
    "/calendars/02/2026/",
    "/calendars/00/2026/editions/1/",
]
CHANGE = ["/calendars/import/", "/calendars/00/2026/edit/", "/calendars/03/2027/edit/"]


@pytest.mark.parametrize("role", list(Role))
def test_staff_read_and_time_limit_administrators_change(role: Role) -> None:
    authority("02")
    client = browser(user_of(role))
    reads = role in STAFF_ROLES | NATIONAL_ROLES
    assert [client.get(url).status_code for url in READ] == [200 if reads else 403] * len(READ)
    assert [client.get(url).status_code for url in CHANGE] == [200 if role == Role.SLA_ADMIN else 403] * len(CHANGE)


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/calendars/02/2027/edit/", 404),
        ("/calendars/77/2027/", 404),
        ("/calendars/99/2027/", 404),
        ("/calendars/00/1066/", 404),
        ("/calendars/00/2026/editions/9/", 404),
    ],
)
def test_what_is_not_ones_own_or_not_there_is_not_found(admin: User, url: str, status: int) -> None:
    authority("02"), authority("99")
    assert browser(admin).get(url).status_code == status


def test_another_regions_change_is_not_found(admin: User) -> None:
    draft = draft_of("2027-03-12 植树日 放假", place=authority("02"))
    client = browser(admin)
    assert client.get(draft.get_absolute_url()).status_code == 404
    for act in ("discard", "again"):
        assert client.post(f"{draft.get_absolute_url()}{act}/").status_code == 404
    assert post(client, draft.get_absolute_url(), reason="x", seen=calendars.newest_edition()).status_code == 404
    assert CalendarYear.objects.filter(year=2027).count() == 0


def test_the_administrator_of_a_trial_changes_only_the_trial() -> None:
    client = browser(user_of(Role.SLA_ADMIN, "99"))
    assert client.get("/calendars/00/2026/edit/").status_code == 404
    assert client.get("/calendars/99/2026/edit/").status_code == 200
    page = client.get("/calendars/import/").content.decode()
    assert "the whole nation" not in page and "Trial only" in page


# Reading in


def test_a_pasted_year_is_shown_then_applied_with_a_reason(admin: User) -> None:
    client = browser(admin)
    answer = post(client, reverse("calendars:import"), **import_data())
    draft = CalendarDraft.objects.get()
    assert (answer.status_code, answer.url, draft.created_by, draft.text) == (
        302,
        draft.get_absolute_url(),
        admin,
        TEXT,
    )
    page = client.get(draft.get_absolute_url()).content.decode()
    assert "11 days are different" in page and "2027 becomes official" in page
    assert CalendarYear.objects.filter(year=2027).count() == 0
    answer = post(
        client, draft.get_absolute_url(), reason="国办发明电〔2026〕9号", seen=calendars.newest_edition(), confirm="yes"
    )
    assert answer.status_code == 302
    edition = CalendarYear.objects.get(year=2027)
    assert (edition.imported_by, edition.reason, edition.is_official) == (admin, "国办发明电〔2026〕9号", True)
    assert "edition 1 applied" in client.get(draft.get_absolute_url()).content.decode()


def test_the_file_of_the_data_set_is_taken(admin: User) -> None:
    CalendarYear.objects.filter(year=2026).delete()
    content = Path("tests/data/holidays-cn-2026.json").read_bytes()
    post(browser(admin), reverse("calendars:import"), **import_data("", file=SimpleUploadedFile("2026.json", content)))
    assert [len(draft.days) for draft in CalendarDraft.objects.all()] == [39]


@pytest.mark.parametrize("by_file", [True, False])
def test_what_was_typed_stays_in_the_form_with_the_line_that_is_wrong(admin: User, by_file: bool) -> None:
    text = "2027-01-01 元旦 放假\n2027-01-01 元旦 上班"
    data = import_data("", file=SimpleUploadedFile("x.txt", text.encode())) if by_file else import_data(text)
    answer = post(
        browser(admin),
        reverse("calendars:import"),
        **data,
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 2: 2027-01-01 is both off and working" in page
    assert "2027-01-01 元旦 放假\n2027-01-01 元旦 上班</textarea>" in page
    assert not CalendarDraft.objects.exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (import_data(""), "nothing to read"),
        (import_data("2028-01-01 元旦 放假"), "2027 is missing"),
        (import_data(TEXT, place="02"), "Select a valid choice"),
        (import_data("1月1日 放假"), "not said which year"),
    ],
)
def test_a_year_that_cannot_be_taken_is_refused(admin: User, data: dict[str, object], says: str) -> None:
    authority("02")
    answer = post(browser(admin), reverse("calendars:import"), **data)
    assert (answer.status_code, says in answer.content.decode()) == (422, True)


def test_the_year_in_force_is_refused(admin: User) -> None:
    text = Path("tests/data/holidays-cn-2026.json").read_text("utf-8")
    answer = post(browser(admin), reverse("calendars:import"), **import_data(text))
    assert "Nothing is changed: edition 1 of 2026" in answer.content.decode()


def test_a_reason_is_demanded(admin: User) -> None:
    draft = draft_of()
    answer = post(browser(admin), draft.get_absolute_url(), reason=" ", seen=calendars.newest_edition())
    assert (answer.status_code, CalendarYear.objects.filter(year=2027).count()) == (422, 0)


def test_a_stale_page_is_told_who_was_first(admin: User) -> None:
    draft, seen = draft_of(), calendars.newest_edition()
    other = UserFactory.create(name="先行者", member=(Role.SLA_ADMIN, authority("02")))
    calendar_drafts.apply(draft=draft_of(), reason="x", by=other, now=NOW)
    answer = post(browser(admin), draft.get_absolute_url(), reason="y", seen=seen)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "was applied by 先行者" in page and "Prepare it again" in page
    assert CalendarYear.objects.filter(year=2027).count() == 1


def test_a_change_applied_by_another_shows_its_result(admin: User) -> None:
    draft, seen = draft_of(), calendars.newest_edition()
    calendar_drafts.apply(draft=draft, reason="x", by=None, now=NOW)
    answer = post(browser(admin), draft.get_absolute_url(), reason="y", seen=seen)
    assert (answer.status_code, answer.url) == (302, draft.get_absolute_url())


def test_a_second_administrator_finds_and_applies_what_the_first_has_left(admin: User) -> None:
    post(browser(admin), reverse("calendars:import"), **import_data())
    draft, client = CalendarDraft.objects.get(), browser(user_of(Role.SLA_ADMIN, "02"))
    assert draft.get_absolute_url() in client.get(reverse("calendars:home")).content.decode()
    post(client, draft.get_absolute_url(), reason="x", seen=calendars.newest_edition())
    assert CalendarYear.objects.filter(year=2027).count() == 1


# By hand


def test_days_are_changed_one_after_the_other_and_applied_together(admin: User) -> None:
    client, url = browser(admin), reverse("calendars:edit", args=["03", 2027])
    post(client, url, first="2027-03-12", last="2027-03-13", kind="off", name="植树日")
    assert post(client, url, first="2027-03-12", kind="plain", name="").status_code == 302
    page = client.get(f"{url}?day=2027-03-13").content.decode()
    assert "Show the difference of 1 day" in page and 'value="植树日"' in page
    draft = CalendarDraft.objects.get()
    post(client, draft.get_absolute_url(), reason="省政府令", seen=calendars.newest_edition())
    assert [d.date for d in calendars.special_days(CalendarYear.objects.get(authority=authority("03")))] == [
        D(2027, 3, 13)
    ]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"first": "2027-03-12", "kind": "on"}, "2027-03-12 is a make-up day but no weekend day"),
        ({"first": "2028-03-12", "kind": "off"}, "2028-03-12 is not in 2027"),
        ({"first": "2027-03-12", "last": "2027-03-01", "kind": "off"}, "The last day comes before the first."),
        ({"first": "2027-03-12", "last": "2027-05-01", "kind": "off"}, "A month at most"),
    ],
)
def test_an_impossible_day_is_refused_and_kept_in_the_form(admin: User, data: dict[str, str], says: str) -> None:
    answer = post(browser(admin), reverse("calendars:edit", args=["00", 2027]), **data, name="植树日")
    page = answer.content.decode()
    assert (answer.status_code, says in page, 'value="植树日"' in page) == (422, True, True)
    assert not CalendarDraft.objects.exists()


def test_an_old_edition_is_compared_and_applied_again(admin: User) -> None:
    first = calendar_drafts.apply(draft=draft_of(), reason="x", by=None, now=NOW)
    calendar_drafts.apply(draft=draft_of(TEXT + "\n2027-03-06 春节 上班"), reason="x", by=None, now=NOW)
    client, url = browser(admin), reverse("calendars:edition", args=["00", 2027, first.edition])
    page = client.get(url).content.decode()
    assert "edition 2 is in force" in page and "Sat 6 Mar 2027" in page
    answer = post(client, f"{url}restore/")
    assert CalendarDraft.objects.get(origin="restore").get_absolute_url() == answer.url
    refused = post(client, reverse("calendars:restore", args=["00", 2027, 2]))
    assert refused.url == reverse("calendars:edition", args=["00", 2027, 2])
    assert "Nothing is changed: edition 2 of 2027" in client.get(refused.url).content.decode()


# What is said of a year


@pytest.mark.parametrize(("language", "words"), [("en", "not published, dates provisional"), ("zh-hans", "2027年")])
def test_a_year_that_is_not_there_says_provisional(admin: User, language: str, words: str) -> None:
    assert words in browser(admin, language).get("/calendars/00/2027/").content.decode()


def test_the_picture_marks_each_day_with_a_sign_and_words(admin: User) -> None:
    page = browser(admin).get("/calendars/00/2026/").content.decode()
    assert page.count("<b>H</b>") == 33 + 1 and page.count("<b>W</b>") == 6 + 1  # with the legend
    assert 'title="Sun 4 Jan 2026, make-up working day, 元旦"' in page
    assert "248 working days" in page


def test_the_list_grows_by_no_query_with_the_years(admin: User, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    client = browser(admin)
    client.get("/calendars/")
    for year in (2027, 2028, 2029):
        calendar_drafts.apply(draft=draft_of(f"{year}-01-01 元旦 放假", year), reason="x", by=None, now=NOW)
    with django_assert_max_num_queries(12):
        client.get("/calendars/")


# What it does


def case(started: dt.datetime, draft: Application) -> Application:
    other = Application.objects.create(
        laboratory=draft.laboratory, authority=draft.authority, kinds=["first"], created_by=draft.created_by
    )
    step(other, "submit", started)
    return other


def dues() -> dict[int, dt.datetime | None]:
    return dict(Clock.objects.order_by("pk").values_list("pk", "due_at"))


def test_the_difference_tells_what_the_sweep_then_does(draft: Application, registry: list[tuple[str, str]]) -> None:
    """Counted in groups without writing; worked out one by one by the sweep; the same numbers."""
    for day in (21, 21, 24, 25, 28, 29, 30, 31):
        one = case(at(f"2026-12-{day} 10:00"), draft)
        if day % 2:
            step(one, "accept", at(f"2026-12-{day} 15:00"))
    review = Clock.objects.filter(code="technical_review").order_by("pk")[1]
    review.intervals.create(cause="test", paused_at=at("2026-12-30 10:00"), resumed_at=at("2027-01-12 10:00"))
    ledger.work_out(review, ledger.place_of(review.authority_id))
    change = draft_of(TEXT.replace("2027-02-14 春节 上班", "2027-01-09 元旦 上班"))
    before = dues()
    told = calendar_impact.of_draft(change, NOW)
    assert dues() == before
    calendar_services.apply(draft=change, reason="x", by=None, now=NOW)
    recalc.reproject(NOW)
    after = dues()
    moved = [(before[pk], after[pk]) for pk in before if before[pk] != after[pk]]
    assert told.total.moved == len(moved) > 0
    assert told.total.earlier == sum(new < old for old, new in moved if old and new)
    assert told.total.final == sum(
        1 for clock in Clock.objects.open() if not clock.is_provisional and clock.due_at > at("2027-01-01 00:00")
    )  # type: ignore[operator]
    assert told.examined >= told.total.moved


def test_a_limit_that_would_be_over_at_once_is_told(draft: Application, registry: list[tuple[str, str]]) -> None:
    """A make-up Sunday in the past takes the last day back to Friday."""
    step(draft, "submit", at("2026-11-13 10:00"))
    assert clock_of(draft, "acceptance").due_on == D(2026, 11, 20)
    shipped = [f"{d.date} {d.name} {'放假' if d.is_off else '上班'}" for d in calendars.special_days(
        CalendarYear.objects.get(year=2026))]  # fmt: skip
    change = draft_of("\n".join([*shipped, "2026-11-15 补 上班"]), 2026)
    told = calendar_impact.of_draft(change, at("2026-11-20 10:00"))
    assert (told.total.earlier, told.total.past, told.total.later) == (1, 1, 0)


def test_a_regions_change_counts_only_its_own_limits(draft: Application, registry: list[tuple[str, str]]) -> None:
    step(draft, "submit", at("2026-12-29 10:00"))
    here = draft_of("2027-01-04 地方 放假", place=authority("03"))
    there = draft_of("2027-01-04 地方 放假", place=authority("02"))
    assert [calendar_impact.of_draft(one, NOW).total.moved for one in (here, there)] == [1, 0]


def test_missed_ended_and_trial_limits_are_not_counted(draft: Application, registry: list[tuple[str, str]]) -> None:
    for clock_fields in ({"is_trial": True}, {"breached_at": NOW}):
        one = case(at("2026-12-29 10:00"), draft)
        Clock.objects.filter(application=one).update(**clock_fields)
    ended = case(at("2026-12-29 10:00"), draft)
    step(ended, "refuse_acceptance", at("2026-12-29 11:00"))
    assert calendar_impact.of_draft(draft_of(), NOW).examined == 0


def test_numbers_of_the_page_are_those_of_the_count(admin: User, draft: Application) -> None:
    step(draft, "submit", at("2026-12-29 10:00"))
    page = browser(admin).get(draft_of().get_absolute_url()).content.decode()
    assert "limits end later" in page and "Hebei" in page
    assert "1 open time limit moves" in page


def test_applying_queues_the_work_and_the_result_tells_how_far_it_is(
    admin: User, draft: Application, registry: list[tuple[str, str]]
) -> None:
    step(draft, "submit", at("2026-12-29 10:00"))
    change, client = draft_of(), browser(admin)
    post(client, change.get_absolute_url(), reason="x", seen=calendars.newest_edition())
    assert [task.task_path for task in DBTaskResult.objects.all()] == ["workflows.clocks.tasks.work_out_again"]
    assert "are being worked out" in client.get(f"{change.get_absolute_url()}progress/").content.decode()
    assert tasks.work_out_again.func() == 1
    assert "1 has moved" in client.get(f"{change.get_absolute_url()}progress/").content.decode()
    assert clock_of(draft, "acceptance").due_on == D(2027, 1, 6)


# Who is told


def test_the_other_administrators_are_told_of_the_nations_calendar(admin: User) -> None:
    others = {user_of(Role.SLA_ADMIN, "02"), user_of(Role.SLA_ADMIN, "03")}
    user_of(Role.SLA_ADMIN, "99"), user_of(Role.REGION_ADMIN, "02")
    edition = calendar_services.apply(draft=draft_of(), reason="国办通知", by=admin, now=NOW)
    messages = list(Message.objects.filter(kind=Kind.CALENDAR_CHANGED).select_related("recipient", "authority"))
    assert {message.recipient for message in messages} == others
    rendered = render(messages[0], "en")
    assert "put edition 1 of the national calendar 2027 in force. It is official" in rendered.text
    assert "国办通知" in rendered.text
    assert rendered.path == edition.get_absolute_url()


def test_a_regions_own_days_are_told_to_its_own_administrators(admin: User) -> None:
    colleague, _other = user_of(Role.SLA_ADMIN, "03"), user_of(Role.SLA_ADMIN, "02")
    calendar_services.apply(
        draft=draft_of("2027-03-12 植树日 放假", place=authority("03")), reason="x", by=admin, now=NOW
    )
    assert [m.recipient for m in Message.objects.filter(kind=Kind.CALENDAR_CHANGED)] == [colleague]


@pytest.mark.parametrize(
    ("moment", "due"),
    [("2026-11-14 23:59", 0), ("2026-11-15 00:00", 1), ("2026-12-31 23:59", 1), ("2027-01-01 00:00", 1)],
)
def test_the_missing_year_is_told_from_15_november_on(admin: User, moment: str, due: int) -> None:
    user_of(Role.SLA_ADMIN, "99"), user_of(Role.SUPERVISOR, "02")
    assert calendar_notices.remind(at(moment)) == due


def test_once_a_week_until_it_is_there(admin: User) -> None:
    days = [at("2026-11-16 09:00") + dt.timedelta(days=n) for n in range(15)]
    assert [calendar_notices.remind(day) for day in days] == [1, *[0] * 6] * 2 + [1]
    message = Message.objects.filter(kind=Kind.CALENDAR_MISSING).first()
    assert message is not None
    rendered = render(message, "en")
    assert "The State Council's holidays of 2027 are not in the system" in rendered.text
    assert rendered.path == "/calendars/"
    calendar_services.apply(draft=draft_of(), reason="x", by=None, now=NOW)
    assert calendar_notices.remind(at("2026-12-10 09:00")) == 0
