"""One's own deadlines: the tasks of the inbox that a time limit runs for, by the inbox's own predicates."""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from qualification.certificates.models import Certificate
from workflows.clocks.models import Clock
from workflows.inbox import queries as inbox
from workflows.inbox.actions import task_url
from workflows.inbox.lists import case_of, title_of
from workflows.nodes import Who

if TYPE_CHECKING:
    from viewflow.workflow.models import Task

    from qualification.accounts.models import User


RENEWAL = "renewal"


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
    return sorted([*_tasks(user), *_renewals(user)], key=lambda one: (one.due_at, one.clock.pk))


def _tasks(user: User) -> list[Deadline]:
    """What waits for the person by name, for nobody, or for their laboratory whoever of it has taken it up."""
    own = Q(owner=user) | Q(owner__isnull=True) | Q(flow_task__in=inbox.steps_of(Who.LABORATORY))
    tasks = inbox.with_facts(inbox.open_to(user).filter(own)).filter(clock_pk__isnull=False, due_at__isnull=False)
    by_clock: dict[int, list[Task]] = {}
    for task in tasks.order_by("due_at", "pk"):
        by_clock.setdefault(task.clock_pk, []).append(task)
    clocks = Clock.objects.select_related("authority").in_bulk(list(by_clock))
    return [_deadline(clocks[pk], tasks) for pk, tasks in by_clock.items() if pk in clocks]


def _renewals(user: User) -> list[Deadline]:
    """The last days on which the person's laboratories apply in time for the renewal of their certificates."""
    own = Certificate.objects.filter(laboratory__in=user.laboratory_ids()).select_related("laboratory").order_by("pk")
    certificates = {certificate.pk: certificate for certificate in own}
    clocks = Clock.objects.open().filter(
        code=RENEWAL, subject_type=Certificate._meta.label, subject_id__in=list(certificates), due_at__isnull=False
    )
    return [
        _renewal(clock, certificates[clock.subject_id]) for clock in clocks.select_related("authority").order_by("pk")
    ]


def _renewal(clock: Clock, certificate: Certificate) -> Deadline:
    what = _("Apply for the renewal of certificate %(number)s") % {"number": certificate.number}
    page = absolute(reverse("certificates:public", args=[certificate.number]))
    start = absolute(reverse("applications:start"))
    return Deadline(clock, what, certificate.number, certificate.laboratory.name, page, start)


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
