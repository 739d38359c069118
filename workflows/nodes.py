"""Our flow nodes: a step that waits for verbs of the domain, a branch per row, and routing by the verb."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

from django.db import models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import STATUS, flow
from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Edge
from viewflow.workflow.exceptions import FlowRuntimeError
from viewflow.workflow.models import Task
from viewflow.workflow.nodes import Split
from viewflow.workflow.nodes.join import JoinActivation
from viewflow.workflow.nodes.split import SplitActivation
from viewflow.workflow.nodes.view import ViewActivation
from viewflow.workflow.signals import task_finished
from viewflow.workflow.token import Token

from qualification import statements
from qualification.accounts.enums import Role
from qualification.door import Event
from qualification.statements import Statement

# A task in one of these waits for somebody: it has nobody yet, or its person.
OPEN = (STATUS.NEW, STATUS.ASSIGNED)

Verb = tuple[str, str]
Condition = Callable[[Event], bool]


class CaseLock:
    """viewflow's lock is the case's own row: the one that the door has locked before."""

    @contextmanager
    def __call__(self, flow_class: type, process_pk: int) -> Iterator[None]:
        from qualification.applications.models import Application

        with transaction.atomic():
            cases = Application.objects.select_for_update(of=("self",), no_key=True)
            list(cases.filter(case_process__process_id=process_pk).order_by("pk").values_list("pk", flat=True))
            yield


class Who(models.TextChoices):
    """Whose task a step is."""

    LABORATORY = "laboratory", _("laboratory")
    INTAKE = Role.INTAKE.value, _("intake officer")
    COORDINATOR = Role.COORDINATOR.value, _("review coordinator")
    DECISION = Role.DECISION.value, _("decision maker")
    ISSUER = Role.ISSUER.value, _("issuer")
    ASSESSOR = Role.ASSESSOR.value, _("assessor")
    LEADER = "leader", _("team leader")
    SYSTEM = "system", _("the system")


# viewflow reads a joining task anew and with it its process: the event cannot travel on the instance.
_moving: ContextVar[Event] = ContextVar("moving")


@contextmanager
def moving(event: Event) -> Iterator[None]:
    """Move the flow by this change of state."""
    token = _moving.set(event)
    try:
        yield
    finally:
        _moving.reset(token)


def current_event() -> Event:
    """The change of state that moves the flow right now."""
    return _moving.get()


class Ways:
    """Routing without a gateway of its own: where a node leads, by the verb that has just happened.

    A gateway's task would cost five queries at every step and tell nobody anything.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ways: list[tuple[Any, Condition | None, frozenset[Verb]]] = []

    def On(self, node: Any, *verbs: Verb) -> Self:
        """Go to the node when one of the verbs has happened."""
        wanted = frozenset(verbs)
        self._ways.append((node, lambda event: (event.label, event.verb) in wanted, wanted))
        return self

    def Ended(self, node: Any) -> Self:
        """Go to the node when the case has ended."""
        return self.When(node, _has_ended)

    def When(self, node: Any, condition: Condition) -> Self:
        """Go to the node when the condition holds."""
        self._ways.append((node, condition, frozenset()))
        return self

    def Else(self, node: Any) -> Self:
        """Go to the node in every other case."""
        self._ways.append((node, None, frozenset()))
        return self

    def way_on(self, event: Event) -> Any:
        """The node that follows now. Raises FlowRuntimeError when no way is open."""
        for node, condition, __ in self._ways:
            if condition is None or condition(event):
                return node
        raise FlowRuntimeError(f"No way leads on from {self.name} after {event.label}.{event.verb}.")  # type: ignore[attr-defined]

    def _resolve(self, instance: Any) -> None:
        super()._resolve(instance)  # type: ignore[misc]
        self._ways = [(this.resolve(instance, node), condition, verbs) for node, condition, verbs in self._ways]

    def _outgoing(self) -> Iterator[Edge]:
        for node, condition, __ in self._ways:
            yield Edge(src=self, dst=node, edge_class="default" if condition is None else "cond_true")


def _has_ended(event: Event) -> bool:
    application = event.application
    return application is not None and application.state_enum in type(application.state_enum).final()


def _done(pk: int, status: str, owner: int, started: dt.datetime, finished: dt.datetime) -> Any:
    return Task.objects.filter(pk=pk), {"status": status, "owner_id": owner, "started": started, "finished": finished}


DONE = Statement(_done, pk=int, status=str, owner=int, started=dt.datetime, finished=dt.datetime)


class StepActivation(ViewActivation):
    """A task that only the door completes."""

    @classmethod
    def create(cls, flow_task: Any, prev_activation: Activation, token: Any, data: Any = None, seed: Any = None) -> Any:
        """A new task behind the one before it, with its person."""
        from workflows.inbox import assigning

        event, process = current_event(), prev_activation.process
        assert event.application is not None
        owner = assigning.choose(event.application, process.pk, flow_task, data or {})
        task = Task(
            process=process, flow_task=flow_task, flow_task_type=flow_task.task_type, token=token, data=data or {},
            seed=seed, created=event.at, owner_id=owner, assigned=event.at if owner else None,
            status=STATUS.ASSIGNED if owner else STATUS.NEW,
        )  # fmt: skip
        statements.insert([task])
        statements.insert([Task.previous.through(from_task_id=task.pk, to_task_id=prev_activation.task.pk)])
        if owner is None:
            assigning.leave_open(task, event.application, event.at)
        elif flow_task.beside:
            assigning.align(event.application.pk)
        return cls(task)

    @Activation.status.transition(source=[STATUS.NEW, STATUS.ASSIGNED], target=STATUS.STARTED)
    def begin(self) -> None:
        """Take the actor of the event as the owner, without writing."""
        event = current_event()
        self.task.owner = event.by
        self.task.started = event.at

    @Activation.status.transition(source=STATUS.STARTED, target=STATUS.DONE)
    def complete(self) -> None:
        """Write what the step has changed, once."""
        self.task.finished = current_event().at
        task = self.task
        DONE.count(pk=task.pk, status=task.status, owner=task.owner_id, started=task.started, finished=task.finished)
        task_finished.send(sender=self.flow_class, process=self.process, task=self.task)

    @Activation.status.super()
    def create_next(self) -> Iterable[Activation]:
        yield self.flow_task.way_on(current_event())._create(self, self.task.token)


class Step(Ways, flow.View):
    """A human step: it waits for one of its verbs; `clock` is the code of the limit that runs meanwhile.

    `also` is the code of the limit that may run in its place: one of the two is open. A step `beside` others, each with
    a limit of its own, leaves their holders as they are.
    """

    activation_class = StepActivation

    def __init__(
        self, who: Who, *verbs: Verb, clock: str = "", also: str = "", branch: str = "", beside: bool = False
    ) -> None:
        super().__init__(view=None)
        self.who = who
        self.verbs = frozenset(verbs)
        self.clock = clock
        self.also = also
        self.branch = branch
        self.beside = beside

    @property
    def clocks(self) -> tuple[str, ...]:
        """The codes of the limits one of which runs meanwhile."""
        return tuple(code for code in (self.clock, self.also) if code)

    def Title(self, title: str | Promise) -> Step:
        """Words for people: in lists and in the picture."""
        self.task_title = title  # type: ignore[assignment]
        return self


class MeetActivation(JoinActivation):
    """Goes on by the way that is open when the last branch has come."""

    @Activation.status.super()
    def create_next(self) -> Iterable[Activation]:
        yield self.flow_task.way_on(current_event())._create(self, self.task.token)


class Meet(Ways, flow.Join):
    """Waits for all branches of a fan."""

    activation_class = MeetActivation


class FanActivation(SplitActivation):
    """Creates one task per row, each with a token of its own."""

    @Activation.status.super()
    def activate(self) -> None:
        self.rows = list(self.flow_task.rows_of(current_event()))
        if not self.rows:
            raise FlowRuntimeError(f"{self.flow_task.name}: there is no row to branch on.")

    @Activation.status.super()
    def create_next(self) -> Iterable[Activation]:
        tokens = Token.split_token_source(self.task.token, self.task.pk)
        for row in self.rows:
            yield self.flow_task.target._create(self, next(tokens), data=row)


class Fan(Split):
    """A branch per row known only at run time: seats of a team, authorities that are asked."""

    activation_class = FanActivation

    def __init__(self, target: Any, rows_of: Callable[[Event], Iterable[dict[str, Any]]]) -> None:
        super().__init__()
        self.target = target
        self.rows_of = rows_of

    def _resolve(self, instance: Any) -> None:
        super()._resolve(instance)
        self.target = this.resolve(instance, self.target)

    def _outgoing(self) -> Iterator[Edge]:
        yield Edge(src=self, dst=self.target, edge_class="next")
