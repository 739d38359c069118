"""A day declared off on the calendar page: open limits move, pauses stay, finished ones are left alone, people are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from qualification.accounts.enums import Role
from qualification.applications.models import Application
from tests.e2e.browser import Visitor
from tests.e2e.conftest import Enter, give_keys, give_passwords
from tests.e2e.moved import Time, at
from tests.e2e.worker import work
from tests.factories.cases import QuickWalk, World
from tests.workflows.clocks import oracle
from tests.workflows.clocks.oracle import Question
from workflows.clocks.models import Clock
from workflows.consistency import findings

pytestmark = pytest.mark.needs_system("chromium")
BEGIN = at("2026-03-02 09:30")
OFF = [dt.date(2026, 3, 12), dt.date(2026, 3, 13)]
Rows = dict[int, list[tuple[dt.datetime, dt.datetime | None]]]


class Cast(World):
    """Cases of Hebei in every situation a limit can be in, and who keeps the calendar."""

    def __init__(self, time: Time) -> None:
        super().__init__(joint=False)
        self.keeper = self.user(Role.SLA_ADMIN, self.lead)
        self.received = self.walk("submit")
        self.ended = self.walk("accept")
        self.paused = self.walk("conclude", answer_checklist={"mostly": 1})
        self.resumed = self.walk("conclude", answer_checklist={"mostly": 1})
        time.to(at("2026-03-05 15:00"))
        self.resumed.rectify()


@pytest.fixture
def time() -> Iterator[Time]:
    clock = Time()
    clock.to(BEGIN)
    yield clock
    clock.back()


@pytest.fixture
def cast(time: Time, transactional_db: None) -> Cast:
    """Everybody can sign in; the day is Friday the 6th."""
    world = Cast(time)
    give_passwords()
    give_keys("03")
    time.to(at("2026-03-06 10:00"))
    return world


def expected(clock: Clock) -> dt.datetime | None:
    """The independent count, on the calendar with the new days off."""
    almanac = oracle.published()
    almanac.off |= dict.fromkeys(OFF, True)
    pauses = [(row.paused_at, row.resumed_at) for row in clock.intervals.all()]
    return oracle.answer(Question(clock.started_at, clock.budget, clock.unit, pauses), almanac).due


def pauses() -> Rows:
    found: Rows = {}
    for clock in Clock.objects.prefetch_related("intervals").order_by("pk"):
        found[clock.pk] = [(row.paused_at, row.resumed_at) for row in clock.intervals.all()]
    return found


def dues(*, is_open: bool) -> dict[int, dt.datetime | None]:
    clocks = Clock.objects.open() if is_open else Clock.objects.exclude(pk__in=Clock.objects.open())
    return dict(clocks.order_by("pk").values_list("pk", "due_at"))


def declare_off(keeper: Visitor) -> None:
    """Note the days, look at the difference, apply it with a reason."""
    keeper.open("/calendars/00/2026/edit/")
    keeper.fill(first=OFF[0].isoformat(), last=OFF[-1].isoformat(), name="抗洪")
    keeper.choose("kind", "off")
    keeper.press("#day form button.btn-primary")
    keeper.see("2026年3月12日", "2026年3月13日")
    keeper.press("main a.btn-primary[href*='/calendars/changes/']")
    keeper.confirm("apply", reason="国务院办公厅通知")


def clock_of(walk: QuickWalk, code: str) -> Clock:
    return Clock.objects.get(application=walk.application, code=code)


def test_a_holiday_moved_on_the_page(time: Time, cast: Cast, enter: Enter) -> None:
    before, finished, kept = dues(is_open=True), dues(is_open=False), pauses()
    assert clock_of(cast.received, "acceptance").due_on == dt.date(2026, 3, 9)
    assert len(finished) >= 4
    assert any(rows and rows[-1][1] is None for rows in kept.values())
    assert any(rows and rows[-1][1] is not None for rows in kept.values())
    declare_off(enter("keeper", cast.keeper))
    work()

    after = dues(is_open=True)
    stored = Clock.objects.open().prefetch_related("intervals")
    assert after == {clock.pk: expected(clock) for clock in stored}
    moved = {pk for pk in after if after[pk] != before[pk]}
    resumed, ended = clock_of(cast.resumed, "technical_review"), clock_of(cast.ended, "technical_review")
    assert {resumed.pk, ended.pk, clock_of(cast.paused, "rectification").pk} <= moved
    assert clock_of(cast.received, "acceptance").pk not in moved
    assert (dues(is_open=False), pauses()) == (finished, kept)
    assert [str(finding) for finding in findings()] == []
    told(enter, cast, ended)


def told(enter: Enter, cast: Cast, ended: Clock) -> None:
    """The laboratory has a message; the why page counts anew and names the day; so does the case."""
    lab = enter("laboratory", cast.manager)
    lab.open("/messages/")
    moves = lab.page.locator("main tbody tr", has_text="时限")
    expect(moves.first).to_be_visible()
    lab.open(f"/clocks/{ended.uuid}/")
    assert ended.due_on is not None
    lab.see(f"{ended.due_on.year}年{ended.due_on.month}月{ended.due_on.day}日", "抗洪")
    row = lab.page.locator("main tbody tr", has_text="2026年3月12日")
    expect(row).to_contain_text("–")
    assert Application.objects.count() == 4


def test_a_stale_worker_finds_the_change_too(time: Time, cast: Cast, enter: Enter) -> None:
    """Three days without a worker: the limits then are where they belong, and what was due fires by the new dates."""
    declare_off(enter("keeper", cast.keeper))
    time.to(at("2026-03-09 09:00"))
    work()
    stored = Clock.objects.open().prefetch_related("intervals")
    assert {clock.pk: clock.due_at for clock in stored} == {clock.pk: expected(clock) for clock in stored}
