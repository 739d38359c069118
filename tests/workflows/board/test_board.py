"""The board's figures equal a raw count, and name no trial and no other region."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.regions import calendars
from tests.factories.accounts import UserFactory
from tests.factories.laboratories import LaboratoryFactory
from tests.factories.regions import authority
from workflows.board import queries
from workflows.board.enums import Tone
from workflows.clocks import ledger
from workflows.clocks.models import Clock, ClockInterval

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Wednesday, so that today, this week and later are three different things.
NOW = dt.datetime(2026, 11, 18, 10, tzinfo=SHANGHAI)


def midnight_after(day: int) -> dt.datetime:
    """24:00 of a day of November 2026."""
    return dt.datetime(2026, 11, day, tzinfo=SHANGHAI) + dt.timedelta(days=1)


class Makes:
    """Clocks of cases, as the ledger would have left them."""

    def __init__(self) -> None:
        self.person = UserFactory.create()
        self.number = 0

    def clock(
        self, code: str, due: dt.datetime | None, region: str = "03", *, state: str = "running", case_region: str = ""
    ) -> Clock:
        self.number += 1
        laboratory = LaboratoryFactory.create(
            authority=authority(case_region or region), name=f"{region}区第{self.number}检测公司"
        )
        case = Application.objects.create(
            laboratory=laboratory,
            authority=laboratory.authority,
            kinds=["first"],
            created_by=self.person,
            reference=f"C{region}C{self.number}",
        )
        started = (due or NOW) - dt.timedelta(days=60)
        return Clock.objects.create(
            application=case, authority=authority(region), code=code, subject_type="applications.Application", subject_id=case.pk,
            edition="163-2021", budget=10, unit="working", started_at=started, started_on=started.date(), due_at=due, state=state,
            stopped_at=NOW if state in {"stopped", "expired"} else None, kinds="first",
            is_trial="99" in {region, case_region},
        )  # fmt: skip


@pytest.fixture
def make(db: None) -> Makes:
    calendars.load_all(now=NOW)
    for code in ("01", "02", "03", "04", "05", "99"):
        authority(code)
    return Makes()


@pytest.fixture
def world(make: Makes) -> Makes:
    make.clock("decision", NOW)
    make.clock("decision", midnight_after(17))
    make.clock("decision", midnight_after(18))
    make.clock("acceptance", midnight_after(19))
    make.clock("acceptance", midnight_after(22))
    make.clock("issue", midnight_after(23))
    make.clock("technical_review", None, state="paused")
    make.clock("technical_review", midnight_after(17), state="stopped")
    make.clock("decision", midnight_after(17), "02")
    make.clock("decision", midnight_after(17), "99")
    make.clock("concurrence", midnight_after(17), "03", case_region="99")
    return make


def admin(code: str = "03", role: Role = Role.SLA_ADMIN) -> User:
    return UserFactory.create(member=(role, authority(code)))


def national() -> User:
    return UserFactory.create(member=Role.NATIONAL_VIEWER)


def figures(lines: list[queries.Line]) -> dict[str, list[int]]:
    return {line.code: [count for __, count in line.cells] for line in lines}


def test_the_figures_of_one_authority(world: Makes) -> None:
    board = queries.board_of(admin(), NOW)
    assert figures(board.stages) == {
        "acceptance": [0, 0, 2, 0, 0],
        "technical_review": [0, 0, 0, 0, 1],
        "decision": [2, 1, 0, 0, 0],
        "issue": [0, 0, 0, 1, 0],
    }
    assert figures(board.regions) == {"03": [2, 1, 2, 1, 1]}


def test_the_figures_of_the_five(world: Makes) -> None:
    board = queries.board_of(national(), NOW)
    assert figures(board.regions) == {
        "01": [0] * 5,
        "02": [1, 0, 0, 0, 0],
        "03": [2, 1, 2, 1, 1],
        "04": [0] * 5,
        "05": [0] * 5,
    }


@pytest.mark.parametrize("who", ["admin", "national"])
def test_every_figure_equals_a_raw_count_and_its_list(world: Makes, client: Client, who: str) -> None:
    user = admin() if who == "admin" else national()
    now = timezone.now()
    board = queries.board_of(user, now)
    codes = ["03"] if who == "admin" else ["01", "02", "03", "04", "05"]
    open_ = [
        c
        for c in Clock.objects.select_related("application__authority", "authority").order_by("pk")
        if c.state in {"running", "paused"}
    ]
    mine = [c for c in open_ if c.authority.code in codes and not c.application.authority.is_trial]  # type: ignore[union-attr]
    overdue = [c for c in mine if c.due_at is not None and c.due_at <= now]
    assert (board.total.total, board.total.counts[Tone.OVERDUE.value]) == (len(mine), len(overdue))
    client.force_login(user)
    for line in board.stages:
        for tone, count in line.cells:
            assert (line.code, tone, len(rows(client, tone=tone.value, stage=line.code))) == (line.code, tone, count)


def rows(client: Client, **query: str) -> list[dict[str, str]]:
    answer: Any = client.get(reverse("board:list"), {**query, "export": "csv"})
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode().lstrip("\ufeff"))))


def test_a_limit_is_missed_from_24_00_of_its_last_day(make: Makes) -> None:
    make.clock("decision", midnight_after(18))
    end = midnight_after(18)
    before, at = (figures(queries.board_of(admin(), moment).regions) for moment in (end - dt.timedelta(seconds=1), end))
    assert (before, at) == ({"03": [0, 1, 0, 0, 0]}, {"03": [1, 0, 0, 0, 0]})


def test_this_week_ends_with_sunday(make: Makes) -> None:
    sunday = dt.datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
    make.clock("decision", midnight_after(22))
    make.clock("decision", midnight_after(23))
    assert figures(queries.board_of(admin(), sunday).regions) == {"03": [0, 1, 0, 1, 0]}


def counted(make: Makes, started: dt.date, code: str = "decision") -> Clock:
    """A clock whose dates the ledger has worked out."""
    clock = make.clock(code, midnight_after(30))
    Clock.objects.filter(pk=clock.pk).update(
        started_on=started, started_at=dt.datetime.combine(started, dt.time(10), SHANGHAI)
    )
    clock.refresh_from_db()
    ledger.work_out(clock, ledger.place_of(clock.authority_id))
    return clock


def test_at_risk_from_the_moment_of_the_warning_until_the_limit_is_missed(make: Makes) -> None:
    # Ten working days from Friday 6 November: the eighth is Wednesday the 18th, its share falls at 09:00.
    clock = counted(make, dt.date(2026, 11, 6))
    nine = dt.datetime(2026, 11, 18, 9, tzinfo=SHANGHAI)
    risky = [queries.board_of(admin(), moment).total.at_risk for moment in (nine - dt.timedelta(seconds=1), nine)]
    assert risky == [0, 1]
    assert clock.due_at is not None
    assert queries.board_of(admin(), clock.due_at).total.at_risk == 0


def test_a_paused_clock_is_not_at_risk(make: Makes) -> None:
    clock = counted(make, dt.date(2026, 11, 6))
    ClockInterval.objects.create(clock=clock, cause="x", paused_at=NOW)
    Clock.objects.filter(pk=clock.pk).update(state="paused", due_at=None, next_rung_at=None)
    total = queries.board_of(admin(), NOW).total
    assert (total.at_risk, total.counts["paused"]) == (0, 1)


@pytest.mark.parametrize("role", list(Role))
def test_who_has_a_board(make: Makes, client: Client, role: Role) -> None:
    if role in {Role.JOINT_MEETING, Role.NATIONAL_VIEWER}:
        user = UserFactory.create(member=role)
    elif role in {Role.LAB_MEMBER, Role.LAB_MANAGER}:
        user = UserFactory.create(member=(role, LaboratoryFactory.create()))
    else:
        user = admin(role=role)
    client.force_login(user)
    expected = 200 if role in {Role.SLA_ADMIN, Role.SUPERVISOR, Role.JOINT_MEETING, Role.NATIONAL_VIEWER} else 403
    assert [client.get(reverse(name)).status_code for name in ("board:home", "board:list")] == [expected, expected]


@pytest.mark.parametrize("who", ["03", "national", "99"])
def test_no_trial_and_no_other_region_on_any_page(world: Makes, client: Client, who: str) -> None:
    client.force_login(national() if who == "national" else admin(who))
    texts = [
        client.get(reverse(name), headers={"accept-language": "en"}).content.decode()
        for name in ("board:home", "board:list")
    ]
    assert [("99区" in text, "C99C" in text) for text in texts] == [(False, False)] * 2
    # The trial's own administrator carries its name in the page's head.
    assert who == "99" or "Trial" not in "".join(texts)
    listed = {row["Region"] if "Region" in row else row["地区"] for row in rows(client)} if who != "99" else set()
    assert len(listed) == {"03": 1, "national": 2, "99": 0}[who]


def test_the_trials_own_administrator_sees_an_empty_board(world: Makes) -> None:
    board = queries.board_of(admin("99"), NOW)
    assert (board.stages, board.regions) == ([], [])


def test_the_pages_take_as_many_queries_for_many(make: Makes, client: Client, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(admin())
    make.clock("decision", midnight_after(18))
    for name in ("board:home", "board:list"):
        client.get(reverse(name))
        with CaptureQueriesContext(connection) as few:
            client.get(reverse(name))
        for _n in range(3):
            make.clock("decision", midnight_after(18))
        with django_assert_num_queries(len(few)):
            client.get(reverse(name))
