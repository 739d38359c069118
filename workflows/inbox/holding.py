"""Who has the open tasks of a case, told to its reader, with what the reader can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qualification.accounts.models import User
from workflows.flows import STEPS
from workflows.inbox import queries
from workflows.inbox.audience import Audience
from workflows.nodes import Who

if TYPE_CHECKING:
    from viewflow.workflow.models import Task

    from workflows.inbox.casefile import CaseFile


@dataclass(frozen=True, slots=True)
class Held:
    """One open task: what is to do, who has it, and whether the reader may take it or hand it on.

    `waits_for` is the laboratory, told to others than itself, where the act is the laboratory's.
    """

    number: int
    title: str
    owner: User | None
    waits_for: str
    may_take: bool
    may_hand_over: bool


def held_tasks(file: CaseFile) -> list[Held]:
    """The open tasks whose people the reader may know: the authorities all, a laboratory its own.

    A decision that waits for its release is told as one still to be decided, except to the lead authority.
    """
    tasks = [task for task in file.tasks if _is_told(file, task)]
    owners = User.objects.in_bulk({task.owner_id for task in tasks if task.owner_id})
    doable = set(queries.open_to(file.user).filter(pk__in=[t.pk for t in tasks]).values_list("pk", flat=True))
    return [
        Held(
            number=task.pk, title=_title(file, task), owner=owners.get(task.owner_id or 0),
            waits_for=_waits_for(file, task),
            may_take=task.pk in doable and task.owner_id != file.user.pk and queries.can_be_handed(task),
            may_hand_over=queries.may_hand_over(file.user, task, file.application, is_doable=task.pk in doable),
        )
        for task in tasks
    ]  # fmt: skip


def _is_told(file: CaseFile, task: Task) -> bool:
    who = STEPS[task.flow_task.name].who
    if who == Who.SYSTEM:
        return False
    return file.audience.sees_internal or (file.audience == Audience.LABORATORY and who == Who.LABORATORY)


def _waits_for(file: CaseFile, task: Task) -> str:
    is_own = file.audience == Audience.LABORATORY
    return str(file.application.laboratory) if STEPS[task.flow_task.name].who == Who.LABORATORY and not is_own else ""


def _title(file: CaseFile, task: Task) -> str:
    name = task.flow_task.name
    return str(STEPS["decide" if name == "release" and not file.audience.sees_pending else name].task_title)
