"""How many queries one whole step through the door takes: rule, lock, change, log, clocks, messages, flow."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_fsm import ConcurrentTransition

from qualification import door
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.regions import calendars
from tests.factories.cases import World

pytestmark = pytest.mark.django_db

LOCK, SEATS, SUBJECT = "lock", "seats of the person", "the subject itself"
SAVE, LOG = "save", "log"
CLOCK_STOPS, PLACE, CLOCK_STARTS = "a clock stops", "calendar and settings", "a clock starts"
PEOPLE, MESSAGES = "who is told", "messages"
# The one query more that a named person costs: who is fit, chosen and made the holder of the running clock, at once.
PERSON = "who has the next task"
FLOW = ["open tasks", "the task is done", PERSON, "the next task", "its link to the one before"]

STEPS: dict[str, tuple[str, list[str]]] = {
    "accept": ("submit", [LOCK, SAVE, LOG, CLOCK_STOPS, PLACE, CLOCK_STARTS, PEOPLE, MESSAGES, *FLOW]),
    "pass_file": ("accept_offers", [LOCK, SUBJECT, SEATS, SAVE, LOG, CLOCK_STOPS, *FLOW]),
    "decide": ("concur", [LOCK, SEATS, SAVE, LOG, *FLOW]),
    "grant": ("decide", [LOCK, SEATS, SAVE, LOG, CLOCK_STOPS, PLACE, CLOCK_STARTS, PEOPLE, MESSAGES, *FLOW]),
}
TABLES = {
    LOCK: "SELECT applications_application", SUBJECT: "SELECT assessments_assessment", SEATS: "SELECT assessors_seat",
    LOG: "INSERT qualification_transitionlog", CLOCK_STOPS: "UPDATE clocks_clock", PLACE: "SELECT regions_calendaryear",
    CLOCK_STARTS: "INSERT clocks_clock", PEOPLE: "SELECT accounts_membership", MESSAGES: "INSERT outbox_message",
    PERSON: "WITH chosen", FLOW[0]: "SELECT viewflow_task", FLOW[1]: "UPDATE viewflow_task",
    FLOW[3]: "INSERT viewflow_task", FLOW[4]: "INSERT viewflow_task_previous",
}  # fmt: skip


def _table(sql: str) -> str:
    """Kind and first table of a query."""
    words = sql.replace('"', "").split()
    kind = words[0]
    if kind == "WITH":
        return f"{kind} {words[1]}"
    after = {"SELECT": "FROM", "INSERT": "INTO", "UPDATE": "UPDATE"}[kind]
    return f"{kind} {words[words.index(after) + 1]}"


@pytest.mark.parametrize("verb", STEPS)
def test_a_step_takes_these_queries_and_no_others(world: World, verb: str) -> None:
    stage, wanted = STEPS[verb]
    walk = world.walk(stage)
    subject = walk.assessment if verb == "pass_file" else walk.application
    person = walk.leader if verb == "pass_file" else {"accept": world.intake}.get(verb, world.decider)
    user = User.objects.get(pk=person.pk)
    # A request has read its person's memberships before the step begins, and a process the calendars once.
    user.active_memberships  # noqa: B018
    calendars.current()
    with CaptureQueriesContext(connection) as captured:
        door.perform(subject, verb, by=user, now=world.moments())
    found = [_table(q["sql"]) for q in captured.captured_queries if "SAVEPOINT" not in q["sql"]]
    save = f"UPDATE {subject._meta.db_table}"
    assert found == [save if name == SAVE else TABLES[name] for name in wanted]


def test_a_step_does_not_overwrite_a_state_it_has_not_seen(world: World) -> None:
    walk = world.walk("submit")

    def elsewhere(locked: Application) -> None:
        Application.objects.filter(pk=locked.pk).update(state="withdrawn", closed_at=world.moments())

    with pytest.raises(ConcurrentTransition):
        door.perform(walk.application, "accept", by=world.intake, now=world.moments(), before=elsewhere)
    assert Application.objects.get(pk=walk.application.pk).state == "submitted"


def test_a_step_writes_only_what_it_changes(world: World) -> None:
    walk = world.walk("submit")
    with CaptureQueriesContext(connection) as captured:
        door.perform(walk.application, "accept", by=world.intake, now=world.moments())
    (update,) = [
        q["sql"] for q in captured.captured_queries if q["sql"].startswith('UPDATE "applications_application"')
    ]
    columns = update.split(" SET ")[1].split(" WHERE ")[0]
    assert [part.split('"')[1] for part in columns.split(", ")] == [
        "state", "saved_at", "accepted_at", "accepted_by_id", "accepted_on",
    ]  # fmt: skip
    assert "\"state\" = 'submitted'" in update.split(" WHERE ")[1]
