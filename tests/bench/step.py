"""One whole human step through the door against a step of a plain viewflow flow (claim and complete).

Both run in turns in one process on one database; what counts is the ratio of the medians.
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"

import django

django.setup()

from django.db import connection
from django.test.utils import CaptureQueriesContext, setup_databases, teardown_databases
from viewflow.workflow import STATUS
from viewflow.workflow.flow.utils import wrap_task_view, wrap_view
from viewflow.workflow.models import Task

from qualification import door
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.assessments.models import Assessment
from tests.bench.flows import PlainFlow
from tests.factories.cases import World

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "60"))


class Timed:
    """Milliseconds and queries of many runs of one thing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.times: list[float] = []
        self.queries = 0

    def run(self, act: Callable[[], object]) -> None:
        """Run it once."""
        begun = time.perf_counter()
        act()
        self.times.append((time.perf_counter() - begun) * 1000)

    @property
    def median(self) -> float:
        """Median in milliseconds."""
        return statistics.median(self.times)


def count(act: Callable[[], object]) -> int:
    """Queries of one run, without the transaction's own BEGIN and COMMIT."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(
        [q for q in captured.captured_queries if q["sql"].split()[0] not in {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"}]
    )


def claim(request: Any, **address: int) -> None:
    """What viewflow's own page to take a task does once it is confirmed."""
    request.activation.assign(request.user)


def complete(request: Any, **address: int) -> None:
    """What viewflow's own page of a step does once its form is valid."""
    request.activation.execute()


def plain_step(user: User, process_id: int) -> Callable[[], object]:
    """The open task; the returned act claims it and completes it: two pages, each through viewflow's own wrapper."""
    task = Task.objects.get(process_id=process_id, status=STATUS.NEW)
    node, address = task.flow_task, {"process_pk": process_id, "task_pk": task.pk}
    pages = wrap_task_view(node, claim, permission=node.can_assign), wrap_view(node, complete)
    return lambda: [page(SimpleNamespace(method="POST", user=user), **address) for page in pages]


class Steps:
    """Human steps of real cases, each fresh from the database with the person who does it."""

    def __init__(self, world: World) -> None:
        self.world = world

    def prepare(self, verb: str) -> Callable[[], object]:
        """A case walked up to just before the verb; the returned act is the step alone."""
        stage = {"accept": "submit", "pass_file": "accept_offers", "decide": "concur", "grant": "decide"}[verb]
        # The pool must not run dry by recusal: what earlier rounds assessed was long ago.
        Assessment.objects.filter(state="reported").update(reported_at=dt.datetime(2010, 1, 1, tzinfo=dt.UTC))
        walk = self.world.walk(stage)
        subject: Application | Assessment = walk.application if verb != "pass_file" else walk.assessment
        person = {"accept": self.world.intake, "pass_file": walk.leader if verb == "pass_file" else None}.get(
            verb
        ) or self.world.decider
        user = User.objects.get(pk=person.pk)
        # A request has its user and the user's memberships before the step begins.
        user.active_memberships  # noqa: B018
        return lambda: door.perform(subject, verb, by=user, now=self.world.moments())


def main() -> None:
    """Print the medians, the queries and the ratio."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        print(f"PostgreSQL {connection.pg_version}, fsync {cursor.fetchone()[0]}", flush=True)
    world = World()
    steps, user = Steps(world), world.intake
    plain = Timed("plain viewflow flow, claim and complete")
    ours = {verb: Timed(f"whole step “{verb}” through the door") for verb in ("accept", "pass_file", "decide", "grant")}
    process = PlainFlow.start.run()
    plain.queries = count(plain_step(user, process.pk))
    for verb, timed in ours.items():
        timed.queries = count(steps.prepare(verb))
    for number in range(ROUNDS):
        if number % 7 == 0:
            process = PlainFlow.start.run()
        timed = list(ours.values())[number % len(ours)]
        act = steps.prepare(list(ours)[number % len(ours)])
        plain.run(plain_step(user, process.pk))
        timed.run(act)
    report(plain, ours)


def report(plain: Timed, ours: dict[str, Timed]) -> None:
    """The table."""
    print(f"{'what':<48}{'median ms':>10}{'queries':>9}{'ratio':>7}")
    print(f"{plain.name:<48}{plain.median:>10.2f}{plain.queries:>9}{1:>7.2f}")
    for timed in ours.values():
        print(f"{timed.name:<48}{timed.median:>10.2f}{timed.queries:>9}{timed.median / plain.median:>7.2f}")
    every = statistics.median([t for timed in ours.values() for t in timed.times])
    print(f"{'all our steps together':<48}{every:>10.2f}{'':>9}{every / plain.median:>7.2f}")


if __name__ == "__main__":
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        main()
    finally:
        teardown_databases(databases, verbosity=0)
