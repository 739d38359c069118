"""Papers are asked for in a transaction, made outside, stored once, and never lost."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from documents.access import Owner, owners_of
from documents.models import StoredFile
from documents.papers import registry, services, tasks
from documents.papers.contexts import ContextError
from documents.papers.enums import PaperState
from documents.papers.models import Paper
from documents.papers.queries import papers_of, stuck
from tests.documents.papers import samples
from tests.documents.papers.conftest import ask, stored_files

PDF = b"%PDF-1.7 any bytes"


@pytest.fixture
def handle() -> Iterator[Callable[[registry.Handler], None]]:
    """Register handlers of supplement notices for one test."""
    registered: list[registry.Handler] = []

    def add(handler: registry.Handler) -> None:
        services.when_stored("supplement_notice", handler)
        registered.append(handler)

    yield add
    for handler in registered:
        registry.forget("supplement_notice", handler)


def test_asking_writes_the_row_and_queues_the_job_after_commit(
    db: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        paper = ask()
        assert DBTaskResult.objects.count() == 0
    for callback in callbacks:
        callback()
    queued = DBTaskResult.objects.get()
    assert (queued.task_path, queued.args_kwargs) == (
        "documents.papers.tasks.produce",
        {"args": [], "kwargs": {"paper_id": paper.pk}},
    )
    assert (paper.state, paper.attempts, paper.next_try_at - paper.requested_at) == (
        PaperState.PENDING, 0, dt.timedelta(minutes=2))  # fmt: skip


def test_asking_rolls_back_with_the_step(db: Any) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ask()
        raise ZeroDivisionError
    assert Paper.objects.count() == 0


@pytest.mark.parametrize("signers", [[], ["03", "03"]])
def test_asking_without_or_with_doubled_signers_is_refused(db: Any, signers: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^A paper needs at least one signer, and each once; got "):
        ask(signers=signers)


def test_asking_with_wrong_facts_is_refused(db: Any) -> None:
    with pytest.raises(ContextError, match="addressee: Field required"):
        ask(context={"authority": "03", "authority_name": "x", "paragraphs": ["x"]})
    assert Paper.objects.count() == 0


def test_a_paper_is_made_stored_and_clean(db: Any, clean_folder: Path) -> None:
    paper = services.produce(ask().pk)
    assert (paper.state, paper.attempts, paper.last_error) == (PaperState.STORED, 1, "")
    [path] = stored_files(clean_folder)
    content = path.read_bytes()
    file = paper.file
    assert file is not None
    assert (file.sha256, file.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (file.scan_state, file.scan_level, file.bucket, file.is_servable) == ("clean", "produced", "clean", True)
    assert (file.name, file.content_type, file.created_at) == (
        "补正材料告知书_冀市监资补〔2026〕12号.pdf", "application/pdf", paper.stored_at)  # fmt: skip


def test_making_twice_changes_nothing(db: Any, clean_folder: Path) -> None:
    first = services.produce(ask().pk)
    again = services.produce(first.pk)
    assert (again.file_id, again.stored_at, again.attempts) == (first.file_id, first.stored_at, 1)
    assert len(stored_files(clean_folder)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_lost_answer_to_the_commit_loses_no_paper(clean_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper, commit = ask(), connection.commit

    def lost() -> None:
        commit()
        monkeypatch.undo()
        raise OperationalError("server closed the connection unexpectedly")

    def cut(_paper: Paper) -> None:
        monkeypatch.setattr(connection, "commit", lost)

    services.when_stored("supplement_notice", cut)
    try:
        made = services.produce(paper.pk)
    finally:
        registry.forget("supplement_notice", cut)
    assert (made.state, made.last_error) == (PaperState.STORED, "")
    assert made.file is not None
    assert [path.name for path in stored_files(clean_folder)] == [Path(made.file.key).name]


def test_handlers_run_in_the_storing_transaction(db: Any, handle: Any) -> None:
    seen: list[tuple[Any, ...]] = []
    other: list[Paper] = []
    handle(
        lambda paper: seen.append((paper.pk, paper.state, paper.file_id, paper.stored_at, connection.in_atomic_block))
    )
    services.when_stored("certificate", other.append)
    paper = services.produce(ask().pk)
    registry.forget("certificate", other.append)
    assert seen == [(paper.pk, PaperState.STORED, paper.file_id, paper.stored_at, True)]
    assert other == []


def test_a_failing_handler_leaves_nothing_stored_and_the_paper_waiting(
    db: Any, handle: Any, clean_folder: Path
) -> None:
    def refuse(paper: Paper) -> None:
        raise RuntimeError("the register is closed")

    handle(refuse)
    paper = services.produce(ask().pk)
    assert (paper.state, paper.last_error, paper.file_id) == (
        PaperState.FAILED, "RuntimeError: the register is closed", None)  # fmt: skip
    assert (StoredFile.objects.count(), stored_files(clean_folder)) == (0, [])
    assert list(stuck()) == [paper]


def test_without_a_key_there_is_no_paper_until_the_key_is_there(
    db: Any, settings: Any, tmp_path: Path, made_keys: Path, clean_folder: Path
) -> None:
    settings.KEYS_DIR = tmp_path / "keys"
    paper = services.produce(ask().pk)
    assert (paper.state, paper.file_id, stored_files(clean_folder)) == (PaperState.FAILED, None, [])
    assert paper.last_error.startswith("KeyMissing: ")
    shutil.copytree(made_keys, settings.KEYS_DIR)
    paper = services.produce(paper.pk)
    assert (paper.state, paper.last_error, paper.attempts) == (PaperState.STORED, "", 2)


def test_a_demonstration_key_signs_trial_papers_only_in_production(db: Any, settings: Any) -> None:
    settings.DEMO = False
    real, trial = ask(), ask(context=samples.notice(is_trial=True))
    assert [services.produce(paper.pk).state for paper in (real, trial)] == [PaperState.FAILED, PaperState.STORED]


def test_the_delay_doubles_up_to_an_hour() -> None:
    minutes = [services.delay_after(attempt) / dt.timedelta(minutes=1) for attempt in (1, 2, 3, 6, 7, 8, 5000)]
    assert minutes == [1, 2, 4, 32, 60, 60, 60]


def test_each_try_moves_the_next_one(db: Any, settings: Any, tmp_path: Path, now: dt.datetime) -> None:
    settings.KEYS_DIR = tmp_path / "none"
    paper = ask(now=now)
    waits = [(services.produce(paper.pk, now=now).next_try_at - now) / dt.timedelta(minutes=1) for _ in range(3)]
    assert waits == [1, 2, 4]


def test_the_sweep_makes_what_is_due_only(db: Any) -> None:
    earlier = timezone.now() - dt.timedelta(minutes=5)
    due, fresh = ask(now=earlier), ask()
    stored = services.produce(ask(now=earlier).pk)
    assert tasks.sweep() == 1
    states = {paper.pk: paper.state for paper in Paper.objects.all()}
    assert states == {due.pk: PaperState.STORED, fresh.pk: PaperState.PENDING, stored.pk: PaperState.STORED}
    assert tasks.sweep() == 0


def test_the_sweep_goes_on_after_a_failure(db: Any) -> None:
    earlier = timezone.now() - dt.timedelta(minutes=5)
    bad, good = ask(now=earlier, signers=["98"]), ask(now=earlier)
    assert tasks.sweep() == 2
    assert [Paper.objects.get(pk=paper.pk).state for paper in (bad, good)] == [PaperState.FAILED, PaperState.STORED]


def test_a_retry_is_queued(db: Any, django_capture_on_commit_callbacks: Any, now: dt.datetime) -> None:
    paper = services.produce(ask(signers=["98"]).pk)
    with django_capture_on_commit_callbacks(execute=True):
        services.retry(paper=paper, now=now)
    assert [row.args_kwargs["kwargs"] for row in DBTaskResult.objects.all()] == [{"paper_id": paper.pk}]


def test_a_papers_file_belongs_to_its_owner(db: Any) -> None:
    owner, other = uuid.uuid4(), uuid.uuid4()
    mine, theirs = services.produce(ask(owner_id=owner).pk), services.produce(ask(owner_id=other).pk)
    assert mine.file is not None and theirs.file is not None
    assert owners_of(mine.file) == [Owner("case", owner)]
    assert owners_of(theirs.file) == [Owner("case", other)]
    assert list(papers_of("case", owner)) == [mine]


@pytest.mark.parametrize(
    "spoilt",
    [{"state": "stored"}, {"state": "failed", "last_error": ""}, {"signers": []}],
)
def test_the_database_refuses_impossible_papers(db: Any, spoilt: dict[str, Any]) -> None:
    paper = ask()
    with pytest.raises(IntegrityError), transaction.atomic():
        Paper.objects.filter(pk=paper.pk).update(**spoilt)


@pytest.mark.django_db(transaction=True)
def test_it_is_never_stored_inside_a_transaction(clean_folder: Path) -> None:
    paper = ask()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        services.store(paper=paper, pdf=PDF, now=timezone.now())
    assert (Paper.objects.get(pk=paper.pk).state, stored_files(clean_folder)) == (PaperState.PENDING, [])


@pytest.mark.django_db(transaction=True)
def test_two_workers_end_with_one_file(clean_folder: Path, handle: Any) -> None:
    handled: list[int] = []
    handle(lambda paper: handled.append(paper.pk))
    paper = ask()
    won = side_by_side(lambda: services.store(paper=paper, pdf=PDF, now=timezone.now()), times=4)
    assert sorted(won) == [False, False, False, True]
    assert (StoredFile.objects.count(), len(stored_files(clean_folder)), handled) == (1, 1, [paper.pk])


@pytest.mark.django_db(transaction=True)
def test_two_jobs_of_one_paper_end_with_one_file(clean_folder: Path) -> None:
    paper = ask()
    side_by_side(lambda: services.produce(paper.pk), times=2)
    assert Paper.objects.get(pk=paper.pk).state == PaperState.STORED
    assert (StoredFile.objects.count(), len(stored_files(clean_folder))) == (1, 1)


def side_by_side(work: Callable[[], Any], *, times: int) -> list[Any]:
    """Run the same work in threads that start together, each with a connection of its own."""
    barrier, results = threading.Barrier(times), []

    def run() -> None:
        try:
            barrier.wait(10)
            results.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results
