"""What people will do about each open step, and when: one function per step of the flow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from qualification.assessments.models import Rectification, Visit
from qualification.regions.settings import setting
from workflows.clocks.counting import ZONE
from workflows.clocks.models import Clock
from workflows.demo.simulate.cases import Plan
from workflows.demo.simulate.dice import Dice
from workflows.demo.simulate.scene import Scene

Planner = Callable[[Scene], list[Plan]]

# At which step a laboratory that withdraws does it, and a review that is ended is.
WITHDRAWAL_STEPS = ("examine", "supplement", "draw_team", "propose_visit", "rectify", "decide")
TERMINATION_STEPS = ("supply_file", "propose_visit", "visit", "rectify")


def plan(scene: Scene, step: str) -> list[Plan]:
    """The plans for one open step, with what the laboratory or the team may have in mind besides."""
    return [*STEPS[step](scene), *_whims(scene, step)]


def _whims(scene: Scene, step: str) -> list[Plan]:
    """Once per case and step: whether the application is withdrawn, or the end of the review asked for."""
    number = scene.case.client.number
    if scene.case.ask(f"whim:{step}") > 1:
        return []
    dice = Dice(scene.seed, number, "whims")
    plans = []
    withdraws, terminates = dice.falls("case.withdraw"), dice.falls("case.terminate")
    at_step, ends_at = dice.random.choice(WITHDRAWAL_STEPS), dice.random.choice(TERMINATION_STEPS)
    if withdraws and step == at_step:
        moment = dice.moment(scene.now, dice.days("withdraw"), scene.calendar)
        plans.append(Plan("withdraw", "withdraw", moment))
    elif terminates and step == ends_at:
        moment = dice.moment(scene.now, dice.days("draw_team"), scene.calendar)
        plans.append(Plan("terminate", "ask_termination", moment))
    return plans


def _examine(scene: Scene) -> list[Plan]:
    dice = scene.dice
    if dice.falls("examine.forgotten"):
        return [scene.never()]
    if dice.falls("examine.supplement"):
        return [scene.plan("ask_supplement", "examine")]
    return [scene.plan("refuse_acceptance" if dice.falls("examine.refuse") else "accept", "examine")]


def _supplement(scene: Scene) -> list[Plan]:
    return [scene.never() if scene.dice.falls("supplement.never") else scene.plan("hand_in_supplement", "supplement")]


def _examine_again(scene: Scene) -> list[Plan]:
    act = "refuse_acceptance" if scene.dice.falls("examine_again.refuse") else "accept"
    return [scene.plan(act, "examine_again")]


def _draw_team(scene: Scene) -> list[Plan]:
    return [scene.plan("draw_team", "draw_team")]


def _answer_offer(scene: Scene) -> list[Plan]:
    if scene.about < 0:  # nobody is left to ask
        return [scene.in_days("draw_again", 3)]
    dice = scene.dice
    if dice.falls("answer_offer.never"):
        return [scene.never()]
    if dice.falls("answer_offer.tie"):
        return [scene.plan("decline_for_tie", "answer_offer")]
    return [scene.plan("decline" if dice.falls("answer_offer.decline") else "accept_offer", "answer_offer")]


def _review_file(scene: Scene) -> list[Plan]:
    dice = scene.dice
    if dice.falls("review_file.hold") and scene.case.rounds.get(scene.slot, 0) == 1:
        return [scene.plan("hold_file", "review_file")]
    return [scene.plan("fail_file" if dice.falls("review_file.fail") else "pass_file", "review_file")]


def _visit(scene: Scene) -> list[Plan]:
    visit = Visit.objects.get(application_id=scene.case_id, state="agreed")
    morning, evening = scene.dice.random.randrange(600, 5400), scene.dice.random.randrange(5400)
    arrives = dt.datetime.combine(visit.from_on, dt.time(8, 45), ZONE) + dt.timedelta(seconds=morning)
    ends = dt.datetime.combine(visit.to_on, dt.time(15, 30), ZONE) + dt.timedelta(seconds=evening)
    begins = max(arrives, scene.now + dt.timedelta(minutes=5))
    return [
        Plan(f"{scene.slot}.arrive", "check_in", begins, scene.about),
        Plan(scene.slot, "conclude", max(ends, begins + dt.timedelta(hours=3)), scene.about),
    ]


def _rectify(scene: Scene) -> list[Plan]:
    dice = scene.dice
    if dice.falls("rectify.never"):
        return [scene.never()]
    handed_in = scene.plan("hand_in_rectification", "rectify")
    days = Rectification.objects.get(application_id=scene.case_id).days
    most = setting(scene.application.authority, "rectification_max_days")
    if dice.falls("rectify.extended") and days < most:
        asked = scene.in_days("extend_rectification", max(1, days - 2), f"{scene.slot}.extend")
        return [asked, scene.in_days("hand_in_rectification", days + 1)]
    return [handed_in]


def _decide(scene: Scene) -> list[Plan]:
    if scene.dice.falls("decide.extended") and _is_extendable(scene):
        return [scene.in_days("extend_decision", 6, f"{scene.slot}.extend"), scene.in_days("decide", 12)]
    return [scene.plan("decide", "decide")]


def _is_extendable(scene: Scene) -> bool:
    clock = Clock.objects.open().filter(application_id=scene.case_id, code="decision").first()
    return clock is not None and not hasattr(clock, "extension")


def _release(scene: Scene) -> list[Plan]:
    retracts = scene.dice.falls("release.retract") and scene.case.rounds.get(scene.slot, 0) == 1
    return [scene.plan("retract" if retracts else "release", "release")]


def _sign(scene: Scene) -> list[Plan]:
    # The worker takes it up after the commit and needs a while.
    seconds = scene.dice.random.randrange(20, 900)
    return [Plan(scene.slot, "sign", scene.now + dt.timedelta(seconds=seconds), scene.about)]


def _simply(act: str, pace: str) -> Planner:
    return lambda scene: [scene.plan(act, pace)]


def _answer_visit(scene: Scene) -> list[Plan]:
    asks = scene.dice.falls("answer_visit.other") and scene.case.rounds.get(scene.slot, 0) == 1
    answer = scene.plan("ask_other" if asks else "agree_visit", "answer_visit")
    visit = Visit.objects.get(application_id=scene.case_id, state="proposed")
    if answer.at.date() > visit.from_on:  # days that have begun can no longer be agreed to
        answer = replace(answer, act="ask_other")
    return [answer]


def _concur(scene: Scene) -> list[Plan]:
    return [scene.plan("object" if scene.dice.falls("concur.object") else "agree", "concur")]


def _check(scene: Scene) -> list[Plan]:
    dice = scene.dice
    if dice.falls("check.false"):
        return [scene.plan("check_false", "check")]
    return [scene.plan("check_mostly" if dice.falls("check.mostly") else "check_true", "check")]


STEPS: Mapping[str, Planner] = {
    "examine": _examine,
    "supplement": _supplement,
    "examine_again": _examine_again,
    "draw_team": _draw_team,
    "answer_offer": _answer_offer,
    "review_file": _review_file,
    "supply_file": _simply("supply_file", "supply_file"),
    "propose_visit": _simply("propose_visit", "propose_visit"),
    "answer_visit": _answer_visit,
    "visit": _visit,
    "rectify": _rectify,
    "verify": _simply("verify", "verify"),
    "report": _simply("report", "report"),
    "concur": _concur,
    "decide": _decide,
    "release": _release,
    "issue": _simply("issue", "issue"),
    "sign": _sign,
    "draw_checkers": _simply("draw_team", "draw_team"),
    "check": _check,
    "revoke": _simply("revoke", "revoke"),
}
