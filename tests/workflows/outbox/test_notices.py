"""Reminders go to those whose act is due, escalations to those who watch over them."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db.models import F
from django.utils import translation

from qualification.applications.models import SupplementRequest
from qualification.assessments.models import Rectification
from tests.workflows.outbox.conftest import World
from workflows.clocks import executors
from workflows.clocks.models import CalendarPass, Clock, ClockExtension, ClockMove
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
        world.rows[label], _created = Rectification.objects.get_or_create(
            application=world.case, assessment=assessment, days=5
        )
    subject = world.rows[label]
    return Clock.objects.create(
        application=world.case, authority=getattr(subject, "authority", world.case.authority), code=code,
        subject_type=label, subject_id=subject.pk, edition="x", budget=5, unit="working", started_at=world.now,
        started_on=world.now.date(), due_at=world.now + dt.timedelta(days=7),
    )  # fmt: skip


@pytest.mark.parametrize(("code", "people"), RESPONSIBLE)
@pytest.mark.parametrize("name", ["remind", "warn"])
def test_those_whose_act_is_due_are_reminded(world: World, code: str, people: list[str], name: str) -> None:
    executors.notify(a_clock(world, code), name, world.now)
    assert world.told() == {"clock_reminder": people}


def test_a_missed_limit_is_told_to_those_who_missed_it(world: World) -> None:
    executors.notify(a_clock(world, "decision"), "expire", world.now)
    assert world.told() == {"clock_overdue": ["hebei.decision"]}


def test_where_the_law_acts_its_own_message_tells(world: World) -> None:
    executors.notify(a_clock(world, "acceptance"), "expire", world.now)
    assert world.told() == {}


def test_escalations_go_to_the_time_limit_administrators(world: World) -> None:
    executors.notify(a_clock(world, "decision"), "escalate", world.now)
    assert world.told() == {"clock_escalated": ["hebei.sla_admin"]}
    with translation.override("en"):
        assert Message.objects.get().title == "Escalated: a time limit has run out (Decision)"


def test_an_authority_that_does_not_answer_is_the_joint_meetings_business(world: World) -> None:
    executors.notify(a_clock(world, "concurrence"), "escalate", world.now)
    assert world.told() == {"clock_escalated": ["joint_meeting", "tianjin.sla_admin"]}


def test_a_trial_is_not_the_joint_meetings_business(world: World) -> None:
    clock = a_clock(world, "concurrence")
    clock.is_trial = True
    executors.notify(clock, "escalate", world.now)
    assert world.told() == {"clock_escalated": ["tianjin.sla_admin"]}


def test_an_extension_is_told_to_the_laboratory_with_its_reasons(world: World) -> None:
    clock = a_clock(world, "decision")
    ClockExtension.objects.create(
        clock=clock, days=5, reason="案情复杂", granted_by=world["hebei.decision"], granted_at=world.now
    )
    executors.notify(clock, "extended", world.now)
    assert world.told() == {"clock_extended": ["hebei.decision", *LAB]}
    message = Message.objects.get(recipient=world["lab.manager"])
    assert render(message, "en").paragraphs == (
        "A time limit in 冀20260001 of 冀津检测有限公司 has been extended: Decision.",
        "Reason: 案情复杂",
        "The last day is Fri 27 Nov 2026, until 24:00 Beijing time (UTC+8).",
        "You need not do anything.",
    )


def a_pass(world: World, *clocks: Clock) -> CalendarPass:
    """A change of the calendar that has moved these limits by a day each."""
    one = CalendarPass.objects.create(edition=7, started_at=world.now, moved=len(clocks))
    for clock in clocks:
        before = clock.due_at - dt.timedelta(days=1)
        ClockMove.objects.create(calendar_pass=one, clock=clock, due_before=before, due_after=clock.due_at)
    return one


def test_a_moved_limit_is_told_to_those_whose_act_is_due_and_to_who_watches(world: World) -> None:
    executors.notify_moved(a_pass(world, a_clock(world, "supplement")), world.now)
    assert world.told() == {"clock_moved": ["hebei.sla_admin", *LAB]}
    message = Message.objects.get(recipient=world["lab.manager"])
    assert (message.application, message.subject_type) == (world.case, "clocks.Clock")
    assert render(message, "en").paragraphs == (
        "The calendar has changed; a time limit in 冀20260001 of 冀津检测有限公司 ends on another day: "
        "Supplement by the laboratory.",
        "Before the change its last day was Thu 26 Nov 2026.",
        "The last day is Fri 27 Nov 2026, until 24:00 Beijing time (UTC+8).",
        "Act before the limit ends.",
    )


def test_many_moved_limits_are_one_message_to_a_person(world: World) -> None:
    executors.notify_moved(a_pass(world, a_clock(world, "decision"), a_clock(world, "issue")), world.now)
    assert world.told() == {"clock_moved": ["hebei.decision", "hebei.issuer", "hebei.sla_admin"]}
    message = Message.objects.get(recipient=world["hebei.sla_admin"])
    assert (message.application, message.facts["count"]) == (None, 2)
    text = render(message, "en").text
    assert "2 time limits that concern you end on another day" in text
    assert "冀20260001 冀津检测有限公司, Decision: Fri 27 Nov 2026 (before: Thu 26 Nov 2026)" in text
    assert "Beijing time (UTC+8)" in text


def test_limits_of_the_same_people_are_counted_and_those_due_first_are_named(world: World) -> None:
    review, one = a_clock(world, "technical_review"), a_clock(world, "decision")
    others = [Clock.objects.get(pk=one.pk) for _number in range(59)]
    for number, clock in enumerate(others):
        clock.pk, clock.uuid, clock.subject_id = None, uuid.uuid4(), world.case.pk + 1 + number
        clock.due_at = world.now + dt.timedelta(days=70 - number)
        clock.save()
    executors.notify_moved(a_pass(world, review, one, *others), world.now)
    said = {message.recipient.name: message.facts for message in Message.objects.order_by("pk")}
    assert {name: facts.get("count", 1) for name, facts in said.items()} == {
        "hebei.coordinator": 1, "hebei.decision": 60, "hebei.sla_admin": 61, "leader": 1,
    }  # fmt: skip
    named = [pk for pk, _before, _after in said["hebei.decision"]["moves"]]
    assert named == [clock.pk for clock in sorted([one, *others], key=lambda clock: clock.due_at)][:50]


def test_only_the_first_of_very_many_are_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "NAMED", 1)
    executors.notify_moved(a_pass(world, a_clock(world, "decision"), a_clock(world, "issue")), world.now)
    text = render(Message.objects.get(recipient=world["hebei.sla_admin"]), "en").text
    assert "冀20260001 冀津检测有限公司, Decision" in text
    assert "冀20260001 冀津检测有限公司, Issue" not in text
    assert "and 1 more" in text


def test_a_limit_that_moved_back_again_is_not_told(world: World) -> None:
    one = a_pass(world, a_clock(world, "decision"))
    one.moves.update(due_before=F("due_after"))
    executors.notify_moved(one, world.now)
    assert world.told() == {}


def test_administrators_get_escalations_in_the_system_and_by_the_digest(world: World) -> None:
    executors.notify(a_clock(world, "concurrence"), "escalate", world.now)
    by_mail = {
        m.recipient.name: not m.is_dispatched for m in Message.objects.order_by("pk").select_related("recipient")
    }
    assert by_mail == {"joint_meeting": True, "tianjin.sla_admin": False}


def test_a_batch_is_told_in_a_handful_of_queries(world: World, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    codes = [code for code, _people in RESPONSIBLE]
    clocks = [a_clock(world, code) for code in codes]
    with django_assert_max_num_queries(7):
        executors.notify_all([executors.Notice(clock, "warn") for clock in clocks], world.now)
    everybody = sorted(person for _code, people in RESPONSIBLE for person in people)
    assert world.told() == {"clock_reminder": everybody}


def test_a_clock_whose_subject_is_gone_is_an_error(world: World) -> None:
    clock = a_clock(world, "offer")
    clock.subject_id = 0
    with pytest.raises(LookupError):
        executors.notify(clock, "warn", world.now)


def test_an_unknown_happening_is_an_error(world: World) -> None:
    with pytest.raises(KeyError):
        executors.notify(a_clock(world, "decision"), "sing", world.now)
