"""Messages about tasks that have nobody, and about tasks that were handed to somebody."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from qualification.accounts.enums import Role
from qualification.accounts.models import Membership
from workflows.outbox.enums import Kind
from workflows.outbox.models import Message

if TYPE_CHECKING:
    from viewflow.workflow.models import Task

    from qualification.applications.models import Application
    from qualification.models import TransitionLog
    from workflows.inbox.models import Vacancy


def tell_vacant(vacancy: Vacancy, *, now: dt.datetime) -> None:
    """Tell the time-limit administrators of the authority that a task has nobody who may do it."""
    place = authority_of(vacancy.task, vacancy.application)
    people = Membership.objects.in_force().filter(role=Role.SLA_ADMIN, authority_id=place, user__is_active=True)
    Message.objects.bulk_create(
        Message(
            recipient_id=user_id, authority_id=place, kind=Kind.TASK_VACANT, application=vacancy.application,
            subject_type=vacancy._meta.label, subject_id=vacancy.pk, created_at=now,
        )
        for user_id in people.order_by("user_id").values_list("user_id", flat=True)
    )  # fmt: skip


def tell_handed(task: Task, application: Application, log: TransitionLog) -> None:
    """Tell somebody that a task is theirs now, unless they took it themselves."""
    if task.owner_id is None or task.owner_id == log.by_id:
        return
    Message.objects.create(
        recipient_id=task.owner_id, authority_id=authority_of(task, application), kind=Kind.TASK_HANDED,
        application=application, subject_type=log.subject_type, subject_id=task.pk, log=log, created_at=log.at,
    )  # fmt: skip


def authority_of(task: Task, application: Application) -> int:
    """The authority that has a task: the one that is asked, else the lead."""
    return int(task.data.get("authority") or application.authority_id)
