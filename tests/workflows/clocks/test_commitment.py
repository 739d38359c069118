"""Clocks of the procedure of commitment, on rows made as its issue will make them."""

from __future__ import annotations

import datetime as dt

import pytest

from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.assessments.models import CommitmentCheck
from tests.workflows.clocks.conftest import at, clock_of, step
from workflows.clocks.models import Clock

pytestmark = pytest.mark.django_db
D = dt.date


@pytest.fixture
def committed(submitted: Application) -> Application:
    Application.objects.filter(pk=submitted.pk).update(procedure="commitment")
    submitted.procedure = "commitment"
    return submitted


def codes(case: Application) -> set[str]:
    return set(Clock.objects.open().filter(application=case).values_list("code", flat=True))


def test_an_accepted_commitment_is_decided_without_a_review(committed: Application, person: User) -> None:
    step(committed, "accept", at("2026-03-03 10:00"), by=person)
    assert codes(committed) == {"commitment_decision"}
    assert clock_of(committed, "commitment_decision").due_on == D(2026, 3, 10)


def test_a_commitment_deemed_accepted_counts_from_the_receipt(committed: Application) -> None:
    step(committed, "deem_accepted", at("2026-03-10 00:05"))
    assert (codes(committed), clock_of(committed, "commitment_decision").due_on) == (
        {"commitment_decision"}, D(2026, 3, 9),
    )  # fmt: skip


def test_the_grant_ends_the_decision_and_starts_the_issue(committed: Application, person: User) -> None:
    step(committed, "accept", at("2026-03-03 10:00"), by=person)
    Application.objects.filter(pk=committed.pk).update(state="decided", decided_at=at("2026-03-05 09:00"))
    decided = Application.objects.get(pk=committed.pk)
    step(decided, "grant", at("2026-03-05 10:00"), by=person)
    assert codes(decided) == {"commitment_issue"}
    assert clock_of(decided, "commitment_issue").due_on == D(2026, 3, 16)


@pytest.mark.parametrize(
    ("at_once", "code", "unit", "day"),
    [
        (False, "commitment_check", "months", D(2026, 6, 5)),
        (True, "commitment_check_at_once", "working", D(2026, 3, 12)),
    ],
)
def test_the_check_follows_within_three_months_or_at_once(
    committed: Application, person: User, at_once: bool, code: str, unit: str, day: dt.date
) -> None:
    check = CommitmentCheck.objects.create(application=committed, is_at_once=at_once)
    step(check, "order", at("2026-03-05 10:00"))
    clock = clock_of(committed, code)
    assert (clock.unit, clock.due_on, clock.subject_id) == (unit, day, check.pk)
    check.conclusion = "true"
    step(check, "record", at("2026-03-06 10:00"), by=person)
    clock.refresh_from_db()
    assert (clock.state, clock.breached_at) == ("stopped", None)


def test_the_general_procedure_starts_none_of_them(in_review: Application) -> None:
    assert codes(in_review) == {"technical_review"}
