"""The door's flow port: after every change of state the flow completes the steps that waited for it."""

from __future__ import annotations

from typing import Any

from viewflow.workflow import STATUS
from viewflow.workflow.models import Process, Task

from qualification import statements
from qualification.applications.models import Application
from qualification.door import Event
from qualification.statements import Statement
from workflows.clocks.policy import EFFECTS
from workflows.flows import (
    APPLICATION,
    ENDS,
    HANDS_OVER,
    OF_CHECK,
    REINSTATE,
    STEPS,
    SUBMIT,
    VERBS,
    VOIDS_CHECK,
    QualificationFlow,
)
from workflows.inbox import assigning
from workflows.models import CaseProcess
from workflows.nodes import OPEN, Step, Verb, moving


class FlowMissing(RuntimeError):
    """A case has no open step for what has just happened: state and flow do not agree."""


# Limits of steps that begin after the step itself: the clock takes the holder of the task that is already there.
STARTS_LATE: frozenset[Verb] = frozenset(
    verb for verb, effects in EFFECTS.items()
    if {policy.code for policy, _start in effects.starts} & {code for step in STEPS.values() for code in step.clocks}
) - VERBS - ENDS - HANDS_OVER - {SUBMIT}  # fmt: skip


# Ends of a case that close whatever is open. The check of a commitment goes on after the issue.
CLOSES: frozenset[Verb] = ENDS - {(APPLICATION, "complete_issue")}


def on_event(event: Event) -> None:
    """Start, move or finish the case's process. A verb no step waits for costs no query.

    Raises FlowMissing when a step should have waited for the verb and none did; the whole change is undone.
    """
    verb = (event.label, event.verb)
    if verb == SUBMIT:
        _start(event)
    elif verb == REINSTATE:
        _reinstate(event)
    elif verb in VERBS or verb in ENDS:
        _advance(event, verb)
    elif verb == VOIDS_CHECK:
        _end_check(event)
    elif verb in HANDS_OVER:
        _hand_over(event)
    elif verb in STARTS_LATE and event.application is not None:
        assigning.align(event.application.pk)


def _start(event: Event) -> None:
    with moving(event):
        process = QualificationFlow.start.run(event=event)
    statements.insert([CaseProcess(application_id=event.subject.pk, process=process)])


def _reinstate(event: Event) -> None:
    """The process of a lapsed case goes on with a new supplement step behind the one that ran out."""
    process = CaseProcess.objects.select_related("process").get(application_id=event.subject.pk).process
    Process.objects.filter(pk=process.pk).update(status=STATUS.NEW, finished=None)
    step = QualificationFlow.instance.node("supplement")
    last = Task.objects.filter(process=process, flow_task=step).select_related("process").order_by("-pk").first()
    if last is None:
        raise FlowMissing(f"Case {event.subject.pk} never waited for a supplement.")
    with moving(event):
        step._create(last.flow_task.activation_class(last), last.token)


def _open_tasks(case: int) -> Any:
    tasks = Task.objects.filter(process__case__application_id=case, status__in=OPEN, flow_task_type="HUMAN")
    return tasks.select_related("process").order_by("pk")


OPEN_TASKS = Statement(_open_tasks, case=int)


def open_tasks(application: Application) -> list[Task]:
    """The tasks of the case that wait for somebody, with their process."""
    return list(OPEN_TASKS.instances(case=application.pk))


def _advance(event: Event, verb: tuple[str, str]) -> None:
    assert event.application is not None
    tasks = open_tasks(event.application)
    waiting = [t for t in tasks if verb in _step(t).verbs and _is_branch_of(t, event)]
    if not waiting and verb not in ENDS:
        raise FlowMissing(f"No step of case {event.application.pk} waits for {verb}.")
    for task in waiting:
        _execute(task, event)
    if verb in CLOSES:
        for task in tasks:
            if task not in waiting:
                _execute(task, event)


def _end_check(event: Event) -> None:
    assert event.application is not None
    for task in open_tasks(event.application):
        if task.flow_task.name in OF_CHECK:
            _execute(task, event)


def _step(task: Task) -> Step:
    step = STEPS.get(task.flow_task.name)
    if step is None:
        raise FlowMissing(f"Task {task.pk} is of the step {task.flow_task.name!r}, which the flow does not know.")
    return step


def _is_branch_of(task: Task, event: Event) -> bool:
    branch = _step(task).branch
    return not branch or task.data.get(branch) == _branch_value(event, branch)


def _branch_value(event: Event, branch: str) -> Any:
    return getattr(event.subject, f"{branch}_id")


def _execute(task: Task, event: Event) -> None:
    activation = task.flow_task.activation_class(task)
    with moving(event):
        activation.begin()
        activation.execute()


def _hand_over(event: Event) -> None:
    """The open task of a seat belongs to whom it is offered, or to the coordinator when nobody is left."""
    assert event.application is not None
    tasks = Task.objects.filter(
        process__case__application=event.application, status__in=OPEN, flow_task=QualificationFlow.answer_offer
    )
    if event.verb == "send":
        owner = event.subject.assessor.user_id  # type: ignore[attr-defined]
        tasks.filter(data__seat=event.facts["seat"]).update(owner=owner, status=STATUS.ASSIGNED, assigned=event.at)
    else:
        seat = event.facts.get("seat")
        empty = tasks.filter(data__seat=seat) if seat else tasks.filter(status=STATUS.NEW)
        empty.update(owner=None, status=STATUS.NEW, assigned=None)
        _to_coordinator(list(empty.select_related("process").order_by("pk")), event)
    assigning.align(event.application.pk)


def _to_coordinator(tasks: list[Task], event: Event) -> None:
    """Seats nobody in the pool can take stay new, and wait for the coordinator."""
    assert event.application is not None
    owner = assigning.choose_again(tasks[0], event.application) if tasks else None
    for task in tasks:
        if owner is None:
            assigning.vacate(task, event.application, event.at)
        else:
            Task.objects.filter(pk=task.pk).update(owner=owner, assigned=event.at)


def process_of(application: Application) -> Process | None:
    """The case's process, None for a draft or a filing."""
    link = CaseProcess.objects.filter(application=application).select_related("process").first()
    return link.process if link else None
