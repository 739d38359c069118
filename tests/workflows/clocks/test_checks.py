"""The start-up check, with tables in which one thing is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workflows.clocks import checks
from workflows.clocks.policy import (
    BY_CODE,
    CASE_ENDS,
    EXPIRE,
    POLICY,
    ClockPolicy,
    Extendable,
    PauseGround,
    RungName,
    RungPolicy,
    Start,
)

EXECUTORS = {policy.executor for policy in POLICY if policy.executor}
GOOD = BY_CODE["acceptance"]


def _ids(policy: ClockPolicy, names: set[str] = EXECUTORS) -> list[str | None]:
    return [error.id for error in checks.problems([policy], (), names, has_notifier=True)]


def test_the_table_itself_is_right() -> None:
    assert checks.problems(POLICY, CASE_ENDS, EXECUTORS, has_notifier=True) == []


def test_executors_of_the_table() -> None:
    assert {
        "deem_accepted", "lapse", "expire_offer", "expire_rectification", "close_renewal", "end_validity",
    } == EXECUTORS  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "number"),
    [
        (replace(GOOD, stops=frozenset({("applications.Application", "aceept")})), "clocks.E001"),
        (replace(GOOD, stops=frozenset({("applications.Application", "save")})), "clocks.E001"),
        (replace(GOOD, stops=frozenset({("applications.Applicant", "accept")})), "clocks.E001"),
        (replace(GOOD, starts=(Start(("nonsense", "accept")),)), "clocks.E001"),
        (
            replace(GOOD, pauses=(PauseGround(("assessments.Visit", "ask_other"), "", frozenset({("assessments.Visit", "x")})),)),
            "clocks.E001",
        ),
        (replace(GOOD, subject="assessors.Offer"), "clocks.E002"),
        (replace(GOOD, limit_key="acceptance_dayz"), "clocks.E003"),
        (replace(GOOD, extendable=Extendable("nothing")), "clocks.E003"),
        (replace(GOOD, rungs=()), "clocks.E004"),
        (replace(GOOD, rungs=(EXPIRE, EXPIRE)), "clocks.E004"),
        (replace(GOOD, rungs=(RungPolicy(RungName.WARN, 0), EXPIRE)), "clocks.E004"),
        (replace(GOOD, executor="deem_excepted"), "clocks.E005"),
        (replace(GOOD, executor="", remedy=""), "clocks.E005"),
        (replace(BY_CODE["decision"], remedy="nothing"), "clocks.E007"),
        (replace(BY_CODE["renewal"], until=""), "clocks.E004"),
    ],
)  # fmt: skip
def test_a_wrong_entry_stops_the_start_up(bad: ClockPolicy, number: str) -> None:
    assert _ids(bad) == [number]


def test_a_rung_without_an_executor_stops_the_start_up() -> None:
    assert _ids(GOOD, EXECUTORS - {"deem_accepted"}) == ["clocks.E005"]


def test_somebody_must_be_told() -> None:
    assert [e.id for e in checks.problems([GOOD], (), EXECUTORS, has_notifier=False)] == ["clocks.E006"]


def test_a_case_ends_by_a_real_step() -> None:
    errors = checks.problems([], {("applications.Application", "evaporate")}, EXECUTORS, has_notifier=True)
    assert [error.id for error in errors] == ["clocks.E001"]
