"""Do states, tasks, clocks and log agree? Each finding is one sentence that names the case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from viewflow.workflow import STATUS
from viewflow.workflow.models import Task

from qualification.applications.enums import ApplicationState as State
from qualification.applications.enums import Procedure
from qualification.applications.models import Application, Concurrence
from qualification.assessments.models import Assessment, CommitmentCheck, Rectification, Visit
from qualification.assessors.models import Offer, Seat
from qualification.certificates.models import Certificate, NumberCounter
from qualification.models import TransitionLog
from workflows.board import tallies
from workflows.clocks import ledger
from workflows.clocks.models import Clock
from workflows.flows import STEPS
from workflows.inbox import assigning, queries
from workflows.inbox.models import Vacancy
from workflows.models import CaseProcess
from workflows.nodes import OPEN

# The stamp that each verb leaves, and the moment its log row must carry.
STAMPS = {
    "submit": "submitted_at", "conclude_review": "reviewed_at", "grant": "released_at", "refuse": "released_at",
}  # fmt: skip


def findings(applications: Iterable[Application] | None = None) -> Iterator[str]:
    """Everything that does not agree; nothing when all is well."""
    cases = applications if applications is not None else Application.objects.order_by("pk").iterator(chunk_size=500)
    for application in cases:
        yield from (f"{application.pk} {application}: {text}" for text in _case(application))
    yield from _unknown_steps()
    yield from _numbers()
    yield from _certificates()
    yield from _corrected_entries()
    yield from tallies.findings()


def _corrected_entries() -> Iterator[str]:
    """Open clocks that still stand under an entry of a limit that was corrected."""
    clocks = Clock.objects.open().filter(limit_entry__corrected_by__isnull=False)
    for clock in clocks.order_by("pk"):
        yield f"clock {clock.pk} ({clock}) runs under entry {clock.limit_entry_id}, which was corrected."


def _certificates() -> Iterator[str]:
    """A certificate in force has the clock of its validity, or is deemed renewed; an ended one has no clock."""
    clocks: dict[int, list[Clock]] = {}
    rows = Clock.objects.open().filter(subject_type=Certificate._meta.label).select_related("extension")
    for clock in rows.prefetch_related("intervals", "rungs").order_by("pk").iterator(chunk_size=500):
        clocks.setdefault(clock.subject_id, []).append(clock)
    for certificate in Certificate.objects.order_by("pk").iterator(chunk_size=500):
        found = clocks.pop(certificate.pk, [])
        yield from (f"certificate {certificate}: {text}" for text in _certificate(certificate, found))
    yield from (f"certificate {pk} does not exist, and has clocks." for pk in clocks)


def _certificate(certificate: Certificate, clocks: list[Clock]) -> Iterator[str]:
    runs = certificate.state == "valid" and certificate.deemed_renewed_on is None
    codes = Counter(clock.code for clock in clocks)
    wanted = 1 if runs else 0
    if codes.pop("validity", 0) != wanted:
        yield f"the clock of its validity must run {wanted} times."
    if codes.pop("renewal", 0) > wanted or codes:
        yield f"clocks run that should not: {[clock.code for clock in clocks]}."
    for clock in clocks:
        yield from ledger_faults(clock)


def _case(application: Application) -> Iterator[str]:
    yield from _log(application)
    yield from _tasks(application)
    yield from _owners(application)
    yield from _clocks(application)


def _log(application: Application) -> Iterator[str]:
    rows = TransitionLog.objects.filter(subject_type=application._meta.label, subject_id=application.pk).order_by("pk")
    state = str(State.DRAFT)
    for row in rows:
        if row.source != state:
            yield f"the log goes from {row.source!r} where the case was {state!r} (row {row.pk})."
        state = row.target
        stamp = STAMPS.get(row.verb)
        if stamp and getattr(application, stamp) != row.at:
            yield f"{stamp} is not the moment of {row.verb} in the log."
    if state != application.state:
        yield f"the state is {application.state!r}, the log ends at {state!r}."


def _tasks(application: Application) -> Iterator[str]:
    wanted = Counter(expected_steps(application))
    tasks = Task.objects.filter(process__case__application=application, status__in=OPEN, flow_task_type="HUMAN")
    found = Counter(t.flow_task.name for t in tasks.order_by("pk"))
    if wanted != found:
        yield f"open steps are {dict(found)}, the state wants {dict(wanted)}."
    process = CaseProcess.objects.filter(application=application).select_related("process").first()
    if process and bool(process.process.finished) != (application.state in State.final() and not wanted):
        yield "the process is finished and the case is not, or the other way round."


def _owners(application: Application) -> Iterator[str]:
    """Each open task has a person who may do it, or is on the list; and they hold the clock that runs for it."""
    tasks = list(queries.open_tasks().filter(process__case__application=application).select_related("owner"))
    listed = set(Vacancy.objects.open().filter(application=application).values_list("task_id", flat=True))
    for task in tasks:
        if task.owner is None and task.pk not in listed:
            yield f"the task {task.flow_task.name} has nobody and is not on the list."
        elif task.owner is not None and not queries.may_do(task.owner, task):
            yield f"{task.owner} has the task {task.flow_task.name} and may not do it."
    for clock in Clock.objects.open().filter(application=application).order_by("pk"):
        expected = _expected_holder(clock, tasks)
        if clock.holder_id != expected:
            yield f"the clock {clock.code} is held by {clock.holder_id}, its task is of {expected}."


def _expected_holder(clock: Clock, tasks: list[Task]) -> int | None:
    """The owner of the task for which a clock runs: of the offer's seat, of the authority asked, or of the step."""
    return next((task.owner_id for task in tasks if _runs_for(clock, task)), None)


def _runs_for(clock: Clock, task: Task) -> bool:
    step = STEPS[task.flow_task.name]
    if step.branch == "seat" and task.status == STATUS.NEW:
        return clock.code in assigning.WAITS_FOR_SEATS
    if clock.code not in step.clocks:
        return False
    if step.branch == "seat":
        return bool(Offer.objects.filter(pk=clock.subject_id, seat_id=task.data["seat"]).exists())
    return not step.branch or task.data["authority"] == clock.authority_id


def expected_steps(application: Application) -> list[str]:
    """The steps that must be open, worked out from the states alone."""
    return _own_steps(application) + _check_steps(application)


def _check(application: Application) -> CommitmentCheck | None:
    return CommitmentCheck.objects.filter(application=application).first()


def _check_steps(application: Application) -> list[str]:
    """The steps of the check of a commitment, which runs beside the issue and after it."""
    check = _check(application)
    if check is None or check.state not in {"ordered", "done"}:
        return []
    if check.state == "done":
        return ["revoke"] if check.is_false else []
    assessment = Assessment.objects.get(application=application)
    if assessment.state == "offering":
        return ["answer_offer"] * Seat.objects.filter(assessment=assessment, assessor__isnull=True).count()
    return ["draw_checkers" if assessment.state == "teaming" else "check"]


def _own_steps(application: Application) -> list[str]:
    state = application.state
    simple = {State.DECIDED: "release", State.GRANTED: "issue", State.ISSUING: "sign"}
    if state in simple:
        return [simple[State(state)]]
    if state == State.SUBMITTED:
        return [_intake_step(application)]
    if state == State.REVIEWED:
        asked = Concurrence.objects.filter(application=application, state="requested").count()
        return ["concur"] * asked or ["decide"]
    return _review_steps(application) if state == State.IN_REVIEW else []


def _intake_step(application: Application) -> str:
    supplement = getattr(application, "supplement", None)
    waiting = {"sent": "supplement", "handed_in": "examine_again"}
    return waiting.get(supplement.state, "examine") if supplement else "examine"


def _review_steps(application: Application) -> list[str]:
    assessment = Assessment.objects.get(application=application)
    simple = {
        "teaming": "draw_team", "file_review": "review_file", "on_hold": "supply_file", "visiting": "visit",
        "reporting": "report",
    }  # fmt: skip
    if assessment.state in simple:
        return [simple[assessment.state]]
    if assessment.state == "offering":
        return ["answer_offer"] * Seat.objects.filter(assessment=assessment, assessor__isnull=True).count()
    if assessment.state == "scheduling":
        asked = Visit.objects.filter(assessment=assessment, state="proposed").exists()
        return ["answer_visit" if asked else "propose_visit"]
    rectification = Rectification.objects.get(assessment=assessment)
    return ["rectify" if rectification.state == "open" else "verify"]


def _clocks(application: Application) -> Iterator[str]:
    wanted = Counter(expected_clocks(application))
    clocks = list(
        Clock.objects.open()
        .filter(application=application)
        .select_related("extension")
        .prefetch_related("intervals", "rungs")
    )
    found = Counter(c.code for c in clocks)
    if wanted != found:
        yield f"open clocks are {dict(found)}, the state wants {dict(wanted)}."
    for clock in clocks:
        yield from ledger_faults(clock)


def ledger_faults(clock: Clock) -> Iterator[str]:
    """Where a clock's stored dates differ from what its ledger says: due moment, warning, ladder and next rung."""
    place = ledger.place_of(clock.authority_id)
    fired = [rung.name for rung in clock.rungs.all()]
    told = Clock(code=clock.code, state=clock.state)
    ledger.project(told, ledger.count_of(clock, place.calendar), place, fired)
    if told.due_at != clock.due_at:
        yield f"clock {clock.code} is due at {clock.due_at}, its ledger says {told.due_at}."
    for name in ("warn_at", "ladder", "next_rung_at", "is_provisional"):
        if getattr(told, name) != getattr(clock, name):
            yield f"clock {clock.code} has {name} {getattr(clock, name)}, its ledger says {getattr(told, name)}."


def expected_clocks(application: Application) -> list[str]:
    """The clocks that must be open, worked out from the states alone."""
    return _own_clocks(application) + _check_clocks(application)


def _check_clocks(application: Application) -> list[str]:
    check = _check(application)
    if check is None or check.state != "ordered":
        return []
    offers = Offer.objects.filter(application=application, state="sent").count()
    return ["commitment_check_at_once" if check.is_at_once else "commitment_check"] + ["offer"] * offers


def _own_clocks(application: Application) -> list[str]:
    if application.state == State.SUBMITTED:
        return [
            {"examine": "acceptance", "supplement": "supplement", "examine_again": "acceptance_after_supplement"}[
                _intake_step(application)
            ]
        ]
    if application.state in {State.REVIEWED, State.DECIDED}:
        asked = Concurrence.objects.filter(application=application, state="requested").count()
        return [_of_procedure("decision", application)] + ["concurrence"] * asked
    if application.state in {State.GRANTED, State.ISSUING}:
        return [_of_procedure("issue", application)]
    return _review_clocks(application) if application.state == State.IN_REVIEW else []


def _of_procedure(code: str, application: Application) -> str:
    return f"commitment_{code}" if application.procedure == Procedure.COMMITMENT else code


def _review_clocks(application: Application) -> list[str]:
    assessment = Assessment.objects.get(application=application)
    codes = ["technical_review"]
    if assessment.state in {"file_review", "on_hold"}:
        codes.append("file_review")
    codes += ["offer"] * Offer.objects.filter(application=application, state="sent").count()
    rectification = Rectification.objects.filter(assessment=assessment).first()
    if rectification and assessment.state == "rectifying":
        codes.append("rectification" if rectification.state == "open" else "verification")
    return codes


def _unknown_steps() -> Iterator[str]:
    """Open tasks whose node the flow no longer has."""
    tasks = Task.objects.filter(status__in=OPEN, flow_task_type="HUMAN", process__case__isnull=False)
    for reference in sorted(set(tasks.order_by("pk").values_list("flow_task", flat=True)), key=str):
        name = getattr(reference, "name", None)
        if name not in STEPS:
            yield f"open tasks wait at {reference}, which the flow does not have."


def _numbers() -> Iterator[str]:
    """Serials of each counter: from 1 to the last, none twice, none left out."""
    for counter in NumberCounter.objects.select_related("authority").order_by("year", "authority__code"):
        prefix = f"{counter.year % 100:02d}{counter.authority.code}"
        numbers = (
            Certificate.objects.filter(number__startswith=prefix).order_by("number").values_list("number", flat=True)
        )
        serials = sorted(int(n[-4:]) for n in numbers)
        if serials != list(range(1, counter.last_serial + 1)):
            yield f"numbers {prefix}…: the counter stands at {counter.last_serial}, the certificates have {len(serials)} serials."
