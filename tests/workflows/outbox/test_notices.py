"""Reminders go to those whose act is due, escalations to those who watch over them."""

from __future__ import annotations

import datetime as dt

import pytest

from qualification.applications.models import SupplementRequest
from qualification.assessments.models import Rectification
from tests.workflows.outbox.conftest import World
from workflows.clocks.models import Clock, ClockExtension
from workflows.outbox import notices
from workflows.outbox.models import Message
from workflows.outbox.rendering import render

LAB = ["lab.manager", "lab.member"]
RESPONSIBLE = [
    ("acceptance", ["hebei.intake"]),
    ("acceptance_after_supplement", ["hebei.intake"]),
    ("supplement", LAB),
    ("offer", ["drawn"]),
    ("file_review", ["leader"]),
    ("technical_review", ["hebei.coordinator", "leader"]),
    ("rectification", LAB),
    ("verification", ["leader"]),
    ("concurrence", ["tianjin.decision"]),
    ("decision", ["hebei.decision"]),
    ("issue", ["hebei.issuer"]),
]


def a_clock(world: World, code: str) -> Clock:
    from workflows.clocks.policy import BY_CODE

    label = BY_CODE[code].subject
    if label == "applications.SupplementRequest":
        world.rows[label] = SupplementRequest.objects.create(application=world.case)
    if label == "assessments.Rectification":
        assessment = world.rows["assessments.Assessment"]
        world.rows[label] = Rectification.objects.create(application=world.case, assessment=assessment, days=5)
    subject = world.rows[label]
    return Clock.objects.create(
        application=world.case, authority=getattr(subject, "authority", world.case.authority), code=code,
        subject_type=label, subject_id=subject.pk, edition="x", budget=5, unit="working", started_at=world.now,
        started_on=world.now.date(), due_at=world.now + dt.timedelta(days=7),
    )  # fmt: skip


@pytest.mark.parametrize(("code", "people"), RESPONSIBLE)
@pytest.mark.parametrize("name", ["remind", "warn"])
def test_those_whose_act_is_due_are_reminded(world: World, code: str, people: list[str], name: str) -> None:
    notices.notify(a_clock(world, code), name, world.now)
    assert world.told() == {"clock_reminder": people}


def test_a_missed_limit_is_told_to_those_who_missed_it(world: World) -> None:
    notices.notify(a_clock(world, "decision"), "expire", world.now)
    assert world.told() == {"clock_overdue": ["hebei.decision"]}


def test_where_the_law_acts_its_own_message_tells(world: World) -> None:
    notices.notify(a_clock(world, "acceptance"), "expire", world.now)
    assert world.told() == {}


def test_escalations_go_to_the_time_limit_administrators(world: World) -> None:
    notices.notify(a_clock(world, "decision"), "escalate", world.now)
    assert world.told() == {"clock_escalated": ["hebei.sla_admin"]}


def test_an_authority_that_does_not_answer_is_the_joint_meetings_business(world: World) -> None:
    notices.notify(a_clock(world, "concurrence"), "escalate", world.now)
    assert world.told() == {"clock_escalated": ["joint_meeting", "tianjin.sla_admin"]}


def test_a_trial_is_not_the_joint_meetings_business(world: World) -> None:
    clock = a_clock(world, "concurrence")
    clock.authority.is_trial = True
    notices.notify(clock, "escalate", world.now)
    assert world.told() == {"clock_escalated": ["tianjin.sla_admin"]}


def test_an_extension_is_told_to_the_laboratory_with_its_reasons(world: World) -> None:
    clock = a_clock(world, "decision")
    ClockExtension.objects.create(
        clock=clock, days=5, reason="案情复杂", granted_by=world["hebei.decision"], granted_at=world.now
    )
    notices.notify(clock, "extended", world.now)
    assert world.told() == {"clock_extended": ["hebei.decision", *LAB]}
    message = Message.objects.get(recipient=world["lab.manager"])
    assert render(message, "en").paragraphs == (
        "A time limit in 冀20260001 of 冀津检测有限公司 has been extended: Decision.",
        "Reason: 案情复杂",
        "The last day is Fri 27 Nov 2026, until 24:00 Beijing time (UTC+8).",
        "You need not do anything.",
    )


def test_a_moved_limit_is_told_to_those_whose_act_is_due(world: World) -> None:
    notices.notify(a_clock(world, "supplement"), "moved", world.now)
    assert world.told() == {"clock_moved": LAB}


def test_an_unknown_happening_is_an_error(world: World) -> None:
    with pytest.raises(KeyError):
        notices.notify(a_clock(world, "decision"), "sing", world.now)
