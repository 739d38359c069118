"""Text of stored files: read by the job, by the sweep, never to the file's harm; and found again."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from documents.enums import ScanLevel
from documents.models import StoredFile
from documents.services import withdraw
from documents.texts import queries, services, tasks, words
from documents.texts.enums import Outcome, Why
from documents.texts.models import FileText, TextPage
from tests.documents import files
from tests.documents.owners import KIND, NOW, Owner, add
from tests.documents.texts import samples

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("buckets")]
LATER = NOW + dt.timedelta(hours=1)


def read(version: Any) -> FileText:
    services.read(file_id=version.file_id, now=LATER)
    return FileText.objects.get(pk=version.file_id)


def found(owner: Owner, query: str) -> list[tuple[str, int, int, bool]]:
    pages = queries.having(queries.pages_of(KIND, owner.id), words.words_of(query))
    rows = pages.order_by("code", "-number", "position")
    return [(row.file.name, row.number, row.page, row.is_current) for row in rows]  # type: ignore[attr-defined]


def test_a_file_that_was_stored_is_read_by_a_job(
    owner: Owner, writer: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        version = add(owner, writer, "手册.pdf", samples.pdf("质量手册"))
    row = FileText.objects.get(pk=version.file_id)
    assert (row.outcome, row.ended_at, row.attempts) == (Outcome.PENDING, None, 0)
    jobs = DBTaskResult.objects.filter(task_path="documents.texts.tasks.read_text")
    assert [job.args_kwargs["kwargs"] for job in jobs] == [{"file_id": str(version.file_id)}]
    assert tasks.read_text.call(file_id=str(version.file_id)) == "read"
    page = TextPage.objects.get(file=version.file)
    assert (page.text.strip(), page.body, page.page) == ("质量手册", "质量手册", 1)
    assert tasks.read_text.call(file_id=str(version.file_id)) == ""


def test_a_refused_file_is_not_read(owner: Owner, writer: Any) -> None:
    from documents.upload import UploadRefused

    with pytest.raises(UploadRefused):
        add(owner, writer, "a.pdf", files.pdf(password="x"))
    assert list(FileText.objects.all()) == []


def test_the_sweep_reads_what_no_job_has_read_and_looks_at_one_index(owner: Owner, writer: Any) -> None:
    version = add(owner, writer, "手册.pdf", samples.pdf("质量手册"))
    FileText.objects.update(due_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    with CaptureQueriesContext(connection) as idle:
        assert tasks.sweep() == 0
    assert len(idle) == 1
    FileText.objects.update(due_at=NOW)
    assert tasks.sweep() == 1
    assert tasks.sweep() == 0
    assert FileText.objects.get(pk=version.file_id).outcome == Outcome.READ


@pytest.mark.parametrize(
    ("name", "data", "outcome", "why"),
    [
        ("a.png", files.picture(), Outcome.WITHOUT, Why.PICTURE),
        ("a.pdf", files.pdf(), Outcome.WITHOUT, Why.SCANNED),
    ],
)
def test_what_has_no_text_says_so(
    owner: Owner, writer: Any, name: str, data: bytes, outcome: Outcome, why: Why
) -> None:
    row = read(add(owner, writer, name, data))
    assert (row.outcome, row.why, row.ended_at) == (outcome, why, LATER)


def test_lost_bytes_and_a_file_that_kills_its_reader_are_told_and_harm_nothing(
    owner: Owner, writer: Any, buckets: Path
) -> None:
    far = add(owner, writer, "远.xlsx", samples.xlsx({"a": {"A1": "这里"}}), code="far")
    # An upload of it is refused; one from before that guard may be stored.
    place = buckets / "clean" / far.file.key
    place.unlink()
    place.write_bytes(samples.xlsx({"a": {"A1": "这里", "XFD1048576": "远"}}))
    row = read(far)
    assert (row.outcome, row.why in {Why.TOO_HEAVY, Why.BROKEN}) == (Outcome.FAILED, True)
    lost = add(owner, writer, "丢.pdf", samples.pdf("丢"))
    (buckets / "clean" / lost.file.key).unlink()
    assert (read(lost).outcome, read(lost).why) == (Outcome.FAILED, Why.LOST)
    assert StoredFile.objects.get(pk=far.file_id).is_servable
    assert [v.file.name for v in queries.not_searched(KIND, owner.id)] == ["远.xlsx", "丢.pdf"]


def test_a_reading_that_does_not_work_is_tried_again_later_and_given_up_in_the_end(
    owner: Owner, writer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = add(owner, writer, "手册.pdf", samples.pdf("质量手册"))
    # The child cannot even be started from here: nothing is known about the file.
    monkeypatch.setattr(services._inspector, "module", "no.such.module")
    services._inspector.stop()
    row = read(version)
    assert (row.outcome, row.attempts, row.due_at > LATER) == (Outcome.PENDING, 1, True)
    for _ in range(services.MAX_ATTEMPTS - 1):
        row = read(version)
    assert (row.outcome, row.why) == (Outcome.FAILED, Why.GAVE_UP)
    monkeypatch.undo()
    services._inspector.stop()
    FileText.objects.update(outcome=Outcome.PENDING, why="", ended_at=None)
    assert read(version).outcome == Outcome.READ


def test_all_words_must_stand_on_the_page_and_old_versions_are_told_apart(owner: Owner, writer: Any) -> None:
    old = add(owner, writer, "旧.pdf", samples.pdf("水分的测定 GB/T 5009.3-2010"))
    new = add(owner, writer, "新.pdf", samples.pdf("封面", "水分的测定 GB/T 5009.3-2016", "水分"))
    for version in (old, new):
        read(version)
    assert found(owner, "GB/T5009.3") == [("新.pdf", 2, 2, True), ("旧.pdf", 1, 1, False)]
    assert found(owner, "水分 2016") == [("新.pdf", 2, 2, True)]
    assert found(owner, "水") == [("新.pdf", 2, 2, True), ("新.pdf", 2, 3, True), ("旧.pdf", 1, 1, False)]
    assert found(owner, "") == []
    withdraw(version=new, by=writer, now=LATER)
    assert found(owner, "水分") == [("旧.pdf", 1, 1, True)]


def test_nothing_of_another_owner_and_in_production_nothing_unscanned_is_found(
    owner: Owner, writer: Any, settings: Any
) -> None:
    read(add(owner, writer, "手册.pdf", samples.pdf("质量手册")))
    stranger = Owner()
    assert found(stranger, "质量") == []
    settings.DEMO = False
    assert found(owner, "质量") == []
    StoredFile.objects.update(scan_level=ScanLevel.MALWARE)
    assert len(found(owner, "质量")) == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_read_a_file_once(owner: Owner, writer: Any) -> None:
    version = add(owner, writer, "手册.pdf", samples.pdf("质量手册"))
    together = threading.Barrier(2)
    outcomes: list[Outcome | None] = []

    def read_it() -> None:
        together.wait()
        outcomes.append(services.read(file_id=version.file_id, now=LATER))
        connections.close_all()

    threads = [threading.Thread(target=read_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [None, Outcome.READ]
    assert TextPage.objects.filter(file=version.file).count() == 1
