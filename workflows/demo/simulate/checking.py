"""What must be true when a simulation ends: the checks of `check_consistency`, and that somebody is waited for by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from django.db import connections
from viewflow.workflow.models import Task

from qualification.applications.models import Application
from workflows.consistency import findings
from workflows.demo.simulate.cases import Case
from workflows.follow import OPEN

CHUNK = 200


def differences(cases: Sequence[Case], workers: int) -> list[str]:
    """Everything that does not agree in the cases of a run, and in what belongs to no case."""
    pks = [case.application for case in cases if case.application]
    chunks = [pks[n : n + CHUNK] for n in range(0, len(pks), CHUNK)]
    if workers == 1:
        found = [text for chunk in chunks for text in _check(chunk)]
    else:
        connections.close_all()  # a connection does not survive a fork
        with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
            found = [text for texts in pool.map(_check, chunks) for text in texts]
    return sorted({*found, *unnamed(pks)})


def _check(pks: Sequence[int]) -> list[str]:
    return list(findings(Application.objects.filter(pk__in=pks).order_by("pk")))


def unnamed(pks: Sequence[int]) -> Iterator[str]:
    """Open tasks that no person has."""
    tasks = Task.objects.filter(process__case__application__in=pks, status__in=OPEN, flow_task_type="HUMAN")
    rows = tasks.filter(owner=None).order_by("pk").values_list("process__case__application", "flow_task")
    return (f"{case}: the open step {step.name} waits for nobody by name." for case, step in rows)
