"""The pages of foresight: who sees what, what they say, and that asking changes nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.regions import calendars
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority
from tests.workflows.foresight.makes import at, new_case, new_clock
from workflows.clocks.models import Clock
from workflows.foresight import services
from workflows.foresight.models import Forecast

pytestmark = pytest.mark.django_db
PAGES = ("list", "hits", "holiday", "limits", "away")


@pytest.fixture(autouse=True)
def calendar(db: None) -> None:
    calendars.load_all(now=timezone.now())


def watcher(code: str = "03", role: Role = Role.SLA_ADMIN) -> Any:
    return UserFactory(member=(role, authority(code)), language="en")


def enter(user: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def url(name: str, **query: str) -> str:
    return reverse(f"foresight:{name}", query=query)


def today() -> dt.date:
    return timezone.localdate()


def next_working(days: int) -> dt.date:
    return calendars.calendar_for(None).next_working(today() + dt.timedelta(days=days))


def decisions(region: str, count: int = 2) -> list[Clock]:
    return [new_clock(new_case(region), "decision", today()) for _number in range(count)]


def foretold(clock: Clock, chance: float | None) -> Forecast:
    return Forecast.objects.create(clock=clock, made_on=today(), chance=chance, basis="stage", samples=40)


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_are_for_those_who_watch_limits(name: str) -> None:
    assert enter(watcher()).get(url(name)).status_code == 200
    assert enter(UserFactory(member=(Role.JOINT_MEETING, None))).get(url(name)).status_code == 200
    assert enter(watcher(role=Role.INTAKE)).get(url(name)).status_code == 403
    assert Client().get(url(name)).status_code == 302


def test_the_list_shows_the_most_endangered_first_and_no_other_region() -> None:
    mine, other = decisions("03", 3), decisions("01", 1)
    for clock, chance in zip([*mine, *other], [0.1, 0.8, None, 0.9], strict=True):
        foretold(clock, chance)
    rows = list(enter(watcher()).get(url("list")).context["listing"].page)
    assert [row.pk for row in rows] == [mine[1].pk, mine[0].pk]
    assert [(row.percent, row.tone) for row in rows] == [(80, "bad"), (10, "neutral")]
    national = enter(UserFactory(member=(Role.JOINT_MEETING, None))).get(url("list"))
    assert [row.pk for row in national.context["listing"].page] == [other[0].pk, mine[1].pk, mine[0].pk]


def test_the_list_is_narrowed_and_exported() -> None:
    low, high = decisions("03", 2)
    foretold(low, 0.04)
    foretold(high, 0.6)
    client = enter(watcher())
    assert [row.pk for row in client.get(url("list", chance="50")).context["listing"].page] == [high.pk]
    content = client.get(url("list", export="csv")).getvalue().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content)))
    assert [row[0] for row in rows[1:]] == ["0.6", "0.04"]


def test_a_limit_that_has_ended_or_was_missed_is_not_listed() -> None:
    yesterday = today() - dt.timedelta(days=1)
    ended, missed, paused = (new_clock(new_case("03"), "decision", yesterday) for _number in range(3))
    for clock in (ended, missed, paused):
        foretold(clock, 0.5)
    Clock.objects.filter(pk=ended.pk).update(state="stopped", stopped_at=timezone.now())
    Clock.objects.filter(pk=missed.pk).update(due_at=timezone.now())
    Clock.objects.filter(pk=paused.pk).update(state="paused")
    assert list(enter(watcher()).get(url("list")).context["listing"].page) == []


def test_without_enough_outcomes_no_rate_is_told() -> None:
    answer = enter(watcher()).get(url("hits"))
    assert "Too little is known yet." in answer.content.decode()
    assert "hit-picture" not in answer.content.decode()


def test_a_day_off_moves_what_it_meets_and_nothing_is_stored() -> None:
    decisions("03", 2)
    decisions("01", 1)
    before = list(Clock.objects.order_by("pk").values())
    answer = enter(watcher()).get(url("holiday", off=next_working(3).isoformat()))
    found = answer.context["answer"]
    assert [tile["value"] for tile in found.tiles] == [2, 2, 0, 0]
    assert [line.days >= 1 for line in found.lines] == [True, True]
    assert list(Clock.objects.order_by("pk").values()) == before


def test_the_answer_is_exported_in_full() -> None:
    decisions("03", 2)
    answer = enter(watcher()).get(url("limits", stage="decision", days="3", export="csv"))
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert len(rows) == 3
    assert all(int(row[-1]) >= 3 for row in rows[1:])


@pytest.mark.parametrize(
    ("name", "query", "says"),
    [
        ("holiday", {"off": "", "working": ""}, "Give a day that becomes a day off"),
        ("holiday", {"off": "2026-13-01"}, "valid date"),
        ("holiday", {"off": "1999-01-01"}, "within three years"),
        ("limits", {"days": "3", "doubled": "on"}, "Give either a number"),
        ("limits", {"days": "0"}, "greater than or equal to 1"),
        ("limits", {"days": "3", "stage": "nonsense"}, "Select a valid choice"),
        ("away", {"assessor": "x", "from_on": "2026-01-01"}, "is not a valid UUID"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(name: str, query: dict[str, str], says: str) -> None:
    answer = enter(watcher()).get(url(name, **query))
    assert answer.status_code == 200
    assert answer.context["answer"] is None
    assert says in answer.content.decode()


def test_an_assessor_away_moves_the_visit_and_costs_the_limit(world: Any) -> None:
    walk = world.walk("agree_visit") if hasattr(world, "walk") else None
    assert walk is not None
    visit = (
        walk.application.visits.get()
        if hasattr(walk.application, "visits")
        else walk.application.assessment.visits.get()
    )
    leader = walk.application.assessment.seats.get(role="leader").assessor
    review = Clock.objects.get(application=walk.application, code="technical_review")
    client = enter(watcher())
    later = visit.to_on + dt.timedelta(days=1)
    asked = {"assessor": str(leader.uuid), "from_on": visit.from_on.isoformat(), "to_on": later.isoformat()}
    (one,) = client.get(url("away", **asked)).context["answer"].found
    assert (one.clock.pk, one.day_before, one.is_lost) == (review.pk, visit.from_on, False)
    assert one.day_after > later
    assert one.slip == calendars.calendar_for(walk.application.authority).working_days_between(
        visit.from_on, one.day_after
    )
    far = asked | {"to_on": (review.due_on + dt.timedelta(days=7)).isoformat()}
    (lost,) = client.get(url("away", **far)).context["answer"].found
    assert lost.is_lost
    visit.refresh_from_db()
    assert visit.from_on == one.day_before


def test_an_offer_nobody_is_there_to_answer_expires(world: Any) -> None:
    walk = world.walk("draw_team")
    offer = walk.application.offers.filter(state="sent").order_by("pk").first()
    clock = Clock.objects.get(code="offer", subject_id=offer.pk)
    asked = {"assessor": str(offer.assessor.uuid), "from_on": today().isoformat(), "to_on": clock.due_on.isoformat()}
    found = enter(watcher()).get(url("away", **asked)).context["answer"].found
    assert [(one.clock.code, one.is_lost) for one in found] == [("offer", True)]
    too_short = asked | {"to_on": (clock.due_on - dt.timedelta(days=1)).isoformat()}
    assert enter(watcher()).get(url("away", **too_short)).context["answer"].found == []


def test_another_regions_assessors_are_not_offered(world: Any) -> None:
    world.walk("draw_team")
    assert not enter(watcher("05")).get(url("away")).context["form"].fields["assessor"].queryset.exists()
    assert enter(watcher("03")).get(url("away")).context["form"].fields["assessor"].queryset.exists()


def test_the_case_tells_staff_the_day_and_the_laboratory_no_promise(world: Any) -> None:
    walk = world.walk("submit")
    page = reverse("inbox:case", args=[walk.application.uuid])
    assert "too little history" not in enter(world.intake).get(page).content.decode()
    for number in range(40):
        start = dt.date(2026, 3, 2) + dt.timedelta(days=number)
        case = new_case("03")
        new_clock(case, "acceptance", start, budget=5, state="stopped", stopped_at=at(start + dt.timedelta(days=3)))
    services.foretell(now=timezone.now())
    staff = enter(world.intake).get(page).content.decode()
    assert "Expected to end around" in staff
    laboratory = enter(world.manager).get(page).content.decode()
    assert "no promise" in laboratory
    assert "chance of" not in laboratory


def test_a_day_in_a_year_that_is_not_published_says_so() -> None:
    clock = decisions("03", 1)[0]
    foretold(clock, 0.3)
    Forecast.objects.update(low_on=dt.date(2031, 1, 8), mid_on=dt.date(2031, 1, 9), high_on=dt.date(2031, 1, 10))
    (row,) = enter(watcher()).get(url("list")).context["listing"].page
    assert row.is_provisional
    Forecast.objects.update(low_on=dt.date(2026, 1, 8), mid_on=dt.date(2026, 1, 9), high_on=dt.date(2026, 1, 12))
    (row,) = enter(watcher()).get(url("list")).context["listing"].page
    assert not row.is_provisional
    (line,) = enter(watcher()).get(url("limits", days="60")).context["answer"].lines
    assert line.is_provisional == calendars.calendar_for(None).is_provisional(line.after)
