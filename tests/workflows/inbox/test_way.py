"""The way at each stage and at each ending."""

from __future__ import annotations

import pytest

from qualification.applications.services import endings, intake
from tests.factories.cases import QuickWalk, World
from workflows.inbox.casefile import CaseFile, find
from workflows.inbox.way import Shown, way_of


def way(world: World, walk: QuickWalk, who: str = "manager") -> list[Shown]:
    user = getattr(world, who)
    application = find(user, walk.application.uuid)
    assert application is not None
    return way_of(CaseFile(application, user, world.moments()))


def told(stages: list[Shown]) -> list[tuple[str, str]]:
    return [(stage.code, stage.status) for stage in stages]


ALL = ["receipt", "acceptance", "team", "file_review", "visit", "report", "concurrence", "decision", "issue"]


@pytest.mark.parametrize(
    ("last", "now"),
    [
        ("draft", "receipt"), ("submit", "acceptance"), ("accept", "team"), ("draw_team", "team"),
        ("accept_offers", "file_review"), ("pass_file", "visit"), ("conclude", "report"), ("hand_in_report", "concurrence"),
        ("concur", "decision"), ("decide", "decision"), ("release", "issue"), ("issue", "issue"),
    ],
)  # fmt: skip
def test_what_is_done_what_is_now_what_is_to_come(world: World, last: str, now: str) -> None:
    place = ALL.index(now)
    expected = [(code, "done" if n < place else "now" if n == place else "next") for n, code in enumerate(ALL)]
    assert told(way(world, world.walk(last))) == expected


def test_rectification_is_a_stage_once_there_is_one(world: World) -> None:
    walk = world.walk("conclude", answer_checklist={"mostly": 1})
    assert ("rectification", "now") in told(way(world, walk))


def test_the_present_stage_says_who_and_until_when(world: World) -> None:
    walk = world.walk("submit")
    stage = next(s for s in way(world, walk, "decider") if s.status == "now")
    assert str(world.lead) in stage.who
    assert stage.until is not None
    assert stage.until["clock"].code == "acceptance"


def test_stages_to_come_follow_one_another(world: World) -> None:
    dates = [s.date for s in way(world, world.walk("submit")) if s.status == "next" and s.date]
    assert len(dates) == 3
    assert dates == sorted(set(dates))


@pytest.mark.parametrize("ending", ["withdrawn", "not_accepted"])
def test_an_ending_stops_the_way(world: World, ending: str) -> None:
    walk = world.walk("submit")
    if ending == "withdrawn":
        endings.withdraw(application=walk.application, reason="不再申请", by=world.manager, now=world.moments())
    else:
        intake.refuse_acceptance(
            application=walk.application,
            reasons="不属职权",
            article="行政许可法第三十二条",
            by=world.intake,
            now=world.moments(),
        )
    assert told(way(world, walk)) == [("receipt", "done"), ("ending", "stopped")]


def test_a_refusal_stops_at_the_decision(world: World) -> None:
    walk = world.walk("concur")
    walk.decide("refuse", "不符合", "行政许可法第三十八条")
    walk.release()
    assert told(way(world, walk))[-1] == ("decision", "stopped")
