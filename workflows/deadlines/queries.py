"""One's own deadlines: the tasks of the inbox that a time limit runs for, by the inbox's own predicates."""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows.clocks.models import Clock
from workflows.inbox import queries as inbox
from workflows.inbox.actions import task_url
from workflows.inbox.lists import case_of, title_of

if TYPE_CHECKING:
    from viewflow.workflow.models import Task

    from qualification.accounts.models import User


@dataclass(frozen=True, slots=True)
class Deadline:
    """One running limit, with what the person must do before it ends; several tasks of one limit are one deadline."""

    clock: Clock
    what: str
    case: str
    laboratory: str
    case_url: str
    task_url: str

    @property
    def uuid(self) -> uuids.UUID:
        """The limit's own name: it stays as long as the limit runs."""
        return self.clock.uuid

    @property
    def due_at(self) -> dt.datetime:
        """The moment from which an act is late."""
        assert self.clock.due_at is not None
        return self.clock.due_at


def deadlines_of(user: User) -> list[Deadline]:
    """What waits for this person and is limited in time, the first due first. Nothing for whoever may not sign in."""
    if not user.is_active:
        return []
    tasks = inbox.with_facts(inbox.mine(user)).filter(clock_pk__isnull=False, due_at__isnull=False)
    by_clock: dict[int, list[Task]] = {}
    for task in tasks.order_by("due_at", "pk"):
        by_clock.setdefault(task.clock_pk, []).append(task)
    clocks = Clock.objects.select_related("authority").in_bulk(list(by_clock))
    found = [_deadline(clocks[pk], tasks) for pk, tasks in by_clock.items() if pk in clocks]
    return sorted(found, key=lambda one: (one.due_at, one.clock.pk))


def _deadline(clock: Clock, tasks: Iterable[Any]) -> Deadline:
    first, *_rest = tasks = list(tasks)
    case = case_of(first)
    what = str(_(", ")).join(dict.fromkeys(title_of(task) for task in tasks))
    return Deadline(
        clock, what, case.reference, case.laboratory.name,
        absolute(reverse("inbox:case", args=[case.uuid])), absolute(task_url(first, case)),
    )  # fmt: skip


def absolute(path: str) -> str:
    """An address that can be followed from another program."""
    return f"{settings.PUBLIC_URL}{path}"
