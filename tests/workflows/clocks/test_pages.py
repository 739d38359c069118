"""Chips, queries, the page "why this date", and the command."""

from __future__ import annotations

import datetime as dt
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.template import Context, Template
from django.test import Client

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority
from tests.workflows.clocks.conftest import at, clock_of, step
from workflows.clocks import queries

pytestmark = pytest.mark.django_db
D = dt.date


@pytest.mark.parametrize(
    ("now", "text", "tone"),
    [
        ("2026-03-02 10:00", "5 working days left", "neutral"),
        ("2026-03-06 23:59", "1 working day left", "warn"),
        ("2026-03-08 12:00", "1 working day left", "warn"),
        ("2026-03-09 00:00", "due today", "warn"),
        ("2026-03-09 23:59", "due today", "warn"),
        ("2026-03-10 00:00", "1 working day overdue", "bad"),
        ("2026-03-15 12:00", "4 working days overdue", "bad"),
    ],
)
def test_a_chip_says_what_is_left(submitted: Application, now: str, text: str, tone: str) -> None:
    chip = queries.chip(clock_of(submitted, "acceptance"), at(now), "en")
    assert (chip["text"], chip["tone"], chip["is_provisional"]) == (text, tone, False)
    assert (chip["due_at"], chip["due_on"]) == (at("2026-03-10 00:00"), D(2026, 3, 9))


def test_on_the_weekend_after_a_friday_no_working_day_is_overdue(draft: Application) -> None:
    step(draft, "submit", at("2026-03-06 10:00"))
    clock = clock_of(draft, "acceptance")
    assert clock.due_on == D(2026, 3, 13)
    assert queries.chip(clock, at("2026-03-14 10:00"), "en")["text"] == ("overdue by less than a working day")


def test_a_chip_across_the_year_is_provisional(draft: Application) -> None:
    step(draft, "submit", at("2026-12-29 10:00"))
    assert queries.chip(clock_of(draft, "acceptance"), at("2026-12-29 10:00"), "en")["is_provisional"] is True


def test_an_ended_clock_says_so(submitted: Application) -> None:
    step(submitted, "accept", at("2026-03-03 10:00"))
    assert queries.chip(clock_of(submitted, "acceptance"), at("2026-03-20 10:00"), "en")["text"] == "ended"


def test_chips_of_many_cases_take_two_queries(in_review: Application, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    other = Application.objects.create(
        laboratory=in_review.laboratory, authority=in_review.authority, kinds=["first"], created_by=in_review.created_by
    )
    empty = queries.chips_for([other], at("2026-03-04 10:00"))
    assert empty == {other.pk: []}
    step(other, "submit", at("2026-03-03 10:00"))
    with django_assert_num_queries(2):
        chips = queries.chips_for([in_review, other], at("2026-03-04 10:00"))
    assert {pk: [chip["clock"].code for chip in found] for pk, found in chips.items()} == {
        in_review.pk: ["technical_review"], other.pk: ["acceptance"],
    }  # fmt: skip


def test_queries_of_a_case(in_review: Application) -> None:
    review = clock_of(in_review, "technical_review")
    assert queries.open_clocks(in_review) == [review]
    assert queries.open_clock(in_review, "acceptance") is None
    assert queries.open_clock(in_review, "technical_review") == review
    assert queries.next_due_of(in_review) == review
    assert queries.due_of(in_review) == at("2026-04-16 00:00")


def test_the_tag_renders_the_chip(submitted: Application) -> None:
    clock = clock_of(submitted, "acceptance")
    page = Template("{% load clocks %}{% due_chip clock %}{% due_chip nothing %}")
    html = page.render(Context({"clock": clock, "now": at("2026-03-09 10:00"), "nothing": None}))
    assert f'href="/clocks/{clock.uuid}/"' in html
    assert html.count('class="due tone-warn"') == 1


# The page


def _get(person: User, case: Application) -> tuple[int, str]:
    client = Client(headers={"accept-language": "en"})
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    with time_machine.travel(at("2026-03-04 10:00"), tick=False):
        response = client.get(f"/clocks/{clock_of(case, 'technical_review').uuid}/")
    return response.status_code, response.content.decode()


def test_why_this_date_counts_line_by_line(in_review: Application) -> None:
    officer = UserFactory.create(member=(Role.INTAKE, in_review.authority))
    status, html = _get(officer, in_review)
    assert status == 200
    assert html.count("working day</td>") == 30
    # Once in the list of days, once in the picture.
    assert html.count("清明节") == 6
    assert "Wed 15 Apr 2026" in html


def test_another_regions_officer_does_not_find_it(in_review: Application) -> None:
    stranger = UserFactory.create(member=(Role.INTAKE, authority("04")))
    assert _get(stranger, in_review)[0] == 404


def test_nobody_is_sent_to_sign_in(in_review: Application) -> None:
    response = Client().get(f"/clocks/{clock_of(in_review, 'technical_review').uuid}/")
    assert (response.status_code, response.url.split("?")[0]) == (302, "/accounts/login/")  # type: ignore[attr-defined]


# The command


def _due(*args: str) -> list[str]:
    out = StringIO()
    call_command("due", *args, stdout=out)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("args", "first"),
    [
        (("2026-09-30", "5"), "2026-10-13"),
        (("2026-09-30", "30", "--region", "03"), "2026-11-17"),
        (("2026-09-01", "30", "--unit", "calendar"), "2026-10-08"),
        (("2026-07-02", "3", "--unit", "months"), "2026-10-08"),
        (("2026-05-31", "-3", "--unit", "months"), "2026-02-28"),
        (("2026-05-22", "-3", "--unit", "months"), "2026-02-22"),
    ],
)
def test_the_first_line_is_the_due_date(calendar: None, args: tuple[str, ...], first: str) -> None:
    authority("03")
    assert _due(*args)[0] == first


def test_the_count_follows(calendar: None) -> None:
    lines = _due("2026-09-30", "5")
    assert len(lines) == 1 + 1 + 13 + 1
    assert lines[-1] == "Due at 2026-10-14 00:00 +0800, exclusive."


def test_provisional_is_said(calendar: None) -> None:
    assert _due("2026-12-30", "5")[:2] == [
        "2027-01-06",
        "Provisional: 2027 is not published yet and counts weekends only.",
    ]


@pytest.mark.parametrize("args", [("2026-13-01", "5"), ("2026-03-01", "0"), ("2026-03-01", "5", "--region", "77")])
def test_bad_input_is_told(calendar: None, args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        _due(*args)
