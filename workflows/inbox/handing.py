"""Take a task over, hand it to a colleague, and give the tasks of absent people to others."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from viewflow.workflow import STATUS
from viewflow.workflow.models import Task

from qualification import door, statements
from qualification.applications.models import Application
from qualification.models import TransitionLog
from workflows.inbox import assigning, notices, queries
from workflows.inbox.models import Vacancy
from workflows.nodes import OPEN

if TYPE_CHECKING:
    from qualification.accounts.models import User

logger = logging.getLogger(__name__)

TASK = "viewflow.Task"
NOT_YOURS = _lazy("Only who may do a task, or manages the work of its authority, hands it over.")
TAKE, HAND_OVER, REASSIGN = "take", "hand_over", "reassign"


def take(*, task: Task, seen: int | None, by: User, now: dt.datetime) -> Task:
    """The person makes the task their own.

    `seen` is the owner whom they saw when they asked. Raises Refused for who may not do the task, Stale when it is
    done, already theirs, or somebody else was quicker.
    """
    with transaction.atomic():
        fresh, application = _lock(task)
        if not queries.may_do(by, fresh):
            raise door.Refused(_("Only who may do a task can take it over."))
        if fresh.owner_id == by.pk:
            raise door.Stale(_("This task is yours already."))
        if fresh.owner_id != seen:
            raise door.Stale(_("%s has this task now. Reload the page.") % (fresh.owner or _("Nobody")))
        _give(fresh, application, by.pk, verb=TAKE, by=by, now=now)
    return fresh


def hand_over(*, task: Task, to: User, seen: int | None, note: str, by: User, now: dt.datetime) -> Task:
    """Give the task to a colleague who may do it; the note tells them why, and stays in the case's history.

    Raises Refused for who may neither do the task nor manage its authority's work, ValidationError without a note or
    for a colleague who may not do it, Stale when the task is done or has another owner than was seen.
    """
    if not note.strip():
        raise ValidationError({"note": _("Say why you hand the task over; your colleague reads it.")})
    with transaction.atomic():
        fresh, application = _lock(task)
        if not queries.may_hand_over(by, fresh, application):
            raise door.Refused(NOT_YOURS)
        if fresh.owner_id != seen:
            raise door.Stale(_("%s has this task now. Reload the page.") % (fresh.owner or _("Nobody")))
        if to not in queries.colleagues(fresh, application):
            raise ValidationError({"to": _("%s may not do this task, or has it already.") % to})
        log = _give(fresh, application, to.pk, verb=HAND_OVER, by=by, now=now, note=note.strip())
        notices.tell_handed(fresh, application, log)
    return fresh


def _lock(task: Task) -> tuple[Task, Application]:
    """The task as it is now, with its case locked as the door locks it. Raises Stale when it waits for nobody."""
    case = Application.objects.filter(case_process__process_id=task.process_id).values_list("pk", flat=True).get()
    application = statements.lock(Application, case)
    fresh = Task.objects.select_related("owner", "process").filter(pk=task.pk, status__in=OPEN).first()
    if fresh is None:
        raise door.Stale(door.stale_message(application))
    return fresh, application


def _give(
    task: Task,
    application: Application,
    to: int | None,
    *,
    verb: str,
    by: User | None,
    now: dt.datetime,
    note: str = "",
) -> TransitionLog:
    """Write the owner, the holder of the clock, and the line in the case's history."""
    before = task.owner_id
    task.owner_id = to
    # A seat nobody in the pool can take stays new: its owner is the coordinator, not an assessor who was asked.
    if not assigning.is_empty_seat(task):
        task.status = STATUS.ASSIGNED if to else STATUS.NEW
    task.assigned = now if to else None
    Task.objects.filter(pk=task.pk).update(owner_id=to, status=task.status, assigned=task.assigned)
    assigning.align(application.pk)
    name = task.flow_task.name
    log = TransitionLog(
        subject_type=TASK, subject_id=task.pk, application=application, verb=verb, source=name, target=name, by=by,
        at=now, reason=note, facts={"from": before, "to": to},
    )  # fmt: skip
    statements.insert([log])
    return log


def reassign(*, now: dt.datetime, limit: int = 500) -> int:
    """Give tasks whose person may no longer act, and those that have nobody, to somebody who may; how many changed.

    Each in a transaction of its own; one that fails keeps none of the others from being done.
    """
    changed = 0
    for task in queries.astray().order_by("pk")[:limit]:
        try:
            changed += _reassign_one(task, now)
        except door.Stale:
            continue
    rows = Vacancy.objects.open().exclude(task__in=Task.objects.filter(status__in=OPEN, owner__isnull=True))
    rows.update(filled_at=now)
    return changed


def _reassign_one(task: Task, now: dt.datetime) -> bool:
    with transaction.atomic():
        fresh, application = _lock(task)
        if not queries.astray().filter(pk=fresh.pk).exists():
            return False
        to = assigning.choose_again(fresh, application)
        if to is None:
            assigning.vacate(fresh, application, now)
        if to == fresh.owner_id:
            return False
        log = _give(fresh, application, to, verb=REASSIGN, by=None, now=now)
        notices.tell_handed(fresh, application, log)
    return True


def sweep() -> int:
    """What the worker calls."""
    return reassign(now=timezone.now())
