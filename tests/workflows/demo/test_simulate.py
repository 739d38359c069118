"""A simulated year: the same totals for the same seed, everything in virtual time, every kind of ending."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import DateTimeField
from django.utils import timezone

from documents.papers import demo_keys
from qualification.applications.models import Application
from qualification.assessors.models import Draw
from qualification.certificates.models import Certificate
from qualification.regions.calendars import current
from tests.factories.cases import World, load_reference
from workflows.clocks import executors
from workflows.clocks.counting import ZONE
from workflows.demo.simulate import checking, planning
from workflows.demo.simulate.acts import ACTS
from workflows.demo.simulate.cases import REGIONS, clients
from workflows.demo.simulate.dice import CHANCES, Dice
from workflows.demo.simulate.running import NotEmpty, Simulation, demand_empty
from workflows.flows import STEPS

YEAR, END = 2025, dt.datetime(2026, 1, 1, tzinfo=ZONE)
# Often enough that the few cases of a test meet all of it.
OFTEN = {
    "examine.supplement": 0.4, "examine.refuse": 0.2, "examine.forgotten": 0.1, "supplement.never": 0.5,
    "answer_offer.never": 0.2, "case.withdraw": 0.15, "case.terminate": 0.6, "rectify.never": 0.3, "concur.object": 0.3,
}  # fmt: skip
CASES = 18


@pytest.fixture
def simulate(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Simulation]]:
    """Simulate in an emptied database."""
    monkeypatch.setattr(demo_keys, "RSA_BITS", 2048)
    for name, chance in OFTEN.items():
        monkeypatch.setitem(CHANCES, name, chance)  # type: ignore[arg-type]

    def run(
        seed: int, cases: int = CASES, workers: int = 1, until: dt.datetime = END, commitments: float = 0.0
    ) -> Simulation:
        monkeypatch.setattr("workflows.demo.simulate.cases.COMMITMENT_SHARE", commitments)
        call_command("flush", interactive=False, verbosity=0)
        load_reference()
        call_command("make_demo_keys", *REGIONS, verbosity=0)
        done = Simulation(YEAR, cases, seed, until, workers, tell=lambda line: None)
        done.run()
        return done

    yield run


def _facts() -> list[Any]:
    """What happened, without what differs from run to run: numbers of rows."""
    cases = Application.objects.order_by("laboratory__credit_code")
    return list(
        cases.values_list("laboratory__credit_code", "state", "submitted_at", "accepted_at", "reviewed_at", "closed_at")
    )


def _draws() -> list[str]:
    return sorted(Draw.objects.order_by("pk").values_list("seed", flat=True))


def test_the_same_seed_gives_the_same_year_on_one_process_and_on_two(simulate: Callable[..., Simulation]) -> None:
    begun = timezone.now()
    alone = simulate(7)
    found, facts, draws = alone.totals(), _facts(), _draws()
    assert checking.differences(alone.cases, workers=1) == []
    _demand_no_moment_between(begun, timezone.now())
    _demand_every_ending(found)
    together = simulate(7, workers=2)
    assert (together.totals(), _facts(), _draws()) == (found, facts, draws)


def _demand_no_moment_between(begun: dt.datetime, ended: dt.datetime) -> None:
    """No column of any row says when this test ran."""
    found = []
    for model in apps.get_models():
        if model._meta.app_label in {"regions", "migrations"}:  # reference data, loaded by the test itself
            continue
        for field in model._meta.concrete_fields:
            if isinstance(field, DateTimeField):
                span = {f"{field.name}__range": (begun, ended)}
                found += [f"{model._meta.label}.{field.name}"] if model._base_manager.filter(**span).exists() else []
    assert found == []


def _demand_every_ending(found: dict[str, Any]) -> None:
    assert set(found["endings"]) == {"issued", "refused", "not_accepted", "lapsed", "withdrawn", "terminated"}
    assert found["deemed"]["accepted"] and found["deemed"]["offers_expired"] and found["deemed"]["items_failed"]
    assert found["applied"] == CASES
    assert sum(found["endings"].values()) + sum(found["open"].values()) == CASES


def test_commitments_are_checked_after_the_issue(
    simulate: Callable[..., Simulation], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, chance in {"examine.supplement": 0.0, "examine.refuse": 0.0, "examine.forgotten": 0.0, "case.withdraw": 0.0,
                         "check.false": 0.5}.items():  # fmt: skip
        monkeypatch.setitem(CHANCES, name, chance)  # type: ignore[arg-type]
    done = simulate(11, 6, commitments=1.0)
    found = done.totals()
    assert checking.differences(done.cases, workers=1) == []
    assert set(found["stages"]) <= {
        "acceptance", "offer", "concurrence", "commitment_decision", "commitment_issue", "commitment_check",
        "commitment_check_at_once", "renewal", "validity",
    }  # fmt: skip
    assert found["checks"].get("done") and found["checks"].get("settled")


def test_another_seed_gives_another_year(simulate: Callable[..., Simulation]) -> None:
    until = dt.datetime(YEAR, 6, 1, tzinfo=ZONE)
    first = simulate(1, 5, until=until)
    totals, facts = first.totals(), _facts()
    assert checking.differences(first.cases, workers=1) == []
    second = simulate(2, 5, until=until)
    assert _facts() != facts
    assert second.totals() != totals


@pytest.mark.django_db
def test_a_simulation_does_not_mix_with_other_cases(world: World) -> None:
    demand_empty()
    world.walk("draft")
    with pytest.raises(NotEmpty, match="--add"):
        demand_empty()
    with pytest.raises(CommandError, match="There are applications"):
        call_command("simulate", "--cases", "1")
    assert Certificate.objects.count() == 0


@pytest.mark.django_db
def test_in_production_the_database_must_be_named(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="--i-know"):
        call_command("simulate", "--cases", "1", "--i-know", "another")


def test_every_step_of_the_flow_is_planned_and_every_plan_can_be_acted() -> None:
    assert set(planning.STEPS) == set(STEPS)
    assert set(executors.registered()) >= {"expire_offer"}
    assert {"apply", "object", "sign"} <= set(ACTS)


def test_dice_of_a_question_do_not_depend_on_other_questions() -> None:
    first = Dice(7, 12, "examine", 1)
    again = Dice(7, 12, "examine", 1)
    Dice(7, 12, "examine", 2).days("examine")
    assert [first.days("examine") for _ in range(3)] == [again.days("examine") for _ in range(3)]
    assert Dice(8, 12, "examine", 1).days("examine") != Dice(7, 12, "examine", 1).days("examine")


@pytest.mark.django_db
def test_people_work_in_working_hours(world: World) -> None:
    calendar = current().of(None)
    friday_evening = dt.datetime(2026, 9, 30, 17, 25, tzinfo=ZONE)
    for number in range(50):
        moment = Dice(number).moment(friday_evening, 0.2, calendar)
        assert moment.date() == dt.date(2026, 10, 8)
        assert dt.time(8, 40) <= moment.time() <= dt.time(17, 30)
    assert Dice(1).moment(friday_evening, 3, calendar).date() == dt.date(2026, 10, 12)


@pytest.mark.django_db
def test_clients_apply_on_working_days_and_renewals_before_the_end(world: World) -> None:
    calendar = current().of(None)
    found = list(clients(2026, 200, 7, calendar))
    assert all(calendar.is_working(client.applies_at.date()) for client in found)
    ends = [(c.certificate_until, c.applies_at.date()) for c in found if c.kind != "first"]
    assert ends and all(until is not None and until > day for until, day in ends)
    assert {c.kind for c in found} == {"first", "renewal", "extension"}
    assert any(len(c.sites) == 2 for c in found)
