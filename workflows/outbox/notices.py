"""Notices of the clocks: reminders, missed limits, escalations, moved and extended limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.apps import apps

from qualification.accounts.enums import Role
from workflows.clocks.executors import CORRECTED, EXTENDED, MOVED
from workflows.clocks.models import Clock
from workflows.clocks.policy import RungName
from workflows.outbox.enums import Kind
from workflows.outbox.models import Message
from workflows.outbox.recipients import LAB, LEADER, Group, National, OfferedAssessor, People, Scene, asked, at

# Whose act each limit waits for.
RESPONSIBLE: dict[str, tuple[Group, ...]] = {
    "acceptance": (at(Role.INTAKE),),
    "acceptance_after_supplement": (at(Role.INTAKE),),
    "supplement": (LAB,),
    "offer": (OfferedAssessor(),),
    "file_review": (LEADER,),
    "technical_review": (at(Role.COORDINATOR), LEADER),
    "rectification": (LAB,),
    "verification": (LEADER,),
    "concurrence": (asked(Role.DECISION),),
    "decision": (at(Role.DECISION),),
    "issue": (at(Role.ISSUER),),
    "commitment_decision": (at(Role.DECISION),),
    "commitment_issue": (at(Role.ISSUER),),
    "commitment_check": (at(Role.COORDINATOR),),
    "commitment_check_at_once": (at(Role.COORDINATOR),),
    "renewal": (LAB,),
    "validity": (LAB,),
}
WATCHERS: tuple[Group, ...] = (at(Role.SLA_ADMIN),)
JOINT_MEETING = National(frozenset({Role.JOINT_MEETING}))

KIND_OF: dict[str, Kind] = {
    RungName.REMIND: Kind.CLOCK_REMINDER,
    RungName.WARN: Kind.CLOCK_REMINDER,
    RungName.LAST_DAY: Kind.CLOCK_REMINDER,
    RungName.EXPIRE: Kind.CLOCK_OVERDUE,
    RungName.ESCALATE: Kind.CLOCK_ESCALATED,
    MOVED: Kind.CLOCK_MOVED,
    EXTENDED: Kind.CLOCK_EXTENDED,
    CORRECTED: Kind.CLOCK_CORRECTED,
}


def notify(clock: Clock, name: str, now: dt.datetime) -> None:
    """Tell whom one happening on a clock concerns; runs in the transaction of whoever fired it.

    Raises KeyError for a name or a clock code this table does not know: nobody told is an error.
    """
    groups = _groups(clock, name)
    if not groups:
        return
    told = People(_scene(clock), groups).of(groups)
    Message.objects.bulk_create(
        Message(
            recipient_id=user_id, authority_id=authority_id, kind=KIND_OF[name], application_id=clock.application_id,
            subject_type=clock._meta.label, subject_id=clock.pk, facts={"code": clock.code, "event": name},
            created_at=now,
        )
        for user_id, authority_id in told.items()
    )  # fmt: skip


def _groups(clock: Clock, name: str) -> Sequence[Group]:
    responsible = RESPONSIBLE[clock.code]
    if name == RungName.EXPIRE:
        # Where the law itself acts at the end, the message of that act tells more.
        return () if clock.policy.executor else responsible
    if name == RungName.ESCALATE:
        return (*_watchers(clock), *_superiors(clock))
    if name in (EXTENDED, CORRECTED):
        return (LAB, *responsible)
    return responsible


def _watchers(clock: Clock) -> tuple[Group, ...]:
    return (asked(Role.SLA_ADMIN),) if clock.code == "concurrence" else WATCHERS


def _superiors(clock: Clock) -> tuple[Group, ...]:
    """An authority that does not answer another one is the joint meeting's business; a trial is nobody's."""
    return (JOINT_MEETING,) if clock.code == "concurrence" and not clock.authority.is_trial else ()


def _scene(clock: Clock) -> Scene:
    subject = apps.get_model(clock.subject_type)._base_manager.get(pk=clock.subject_id)
    around = clock.application or subject
    return Scene(clock.application_id, around.laboratory_id, around.authority_id, subject)
