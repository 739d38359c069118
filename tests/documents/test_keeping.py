"""What was handed in is locked and proved; what lies about is found. On the disk and on a real S3 store."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.core.management import CommandError, call_command

from documents import bundle, keeping, services, storage, tasks
from documents.enums import Bucket, Fault
from documents.models import StoredFile
from tests.documents import files
from tests.documents.owners import KIND, NOW, Owner, add

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("both_stores")]


def run(verb: str, *args: Any, **options: Any) -> str:
    out = StringIO()
    call_command("documents", verb, *args, stdout=out, **options)
    return out.getvalue()


def test_what_is_handed_in_is_locked_for_six_years_and_a_draft_is_not(
    owner: Owner, writer: Any, both_stores: str
) -> None:
    handed_in = add(owner, writer).file
    now = dt.datetime.now(dt.UTC)
    services.freeze(owner_kind=KIND, owner_id=owner.id, now=now)
    draft = add(owner, writer, "b.pdf", files.pdf("b")).file
    tasks.sweep()
    handed_in.refresh_from_db()
    draft.refresh_from_db()
    assert (draft.retain_until, draft.locked_until) == (None, None)
    assert handed_in.retain_until == keeping.retention_end(now) == handed_in.locked_until
    assert (handed_in.retain_until - now).days in (2191, 2192)
    if both_stores == "disk":
        return
    clean: Any = storage.store(Bucket.CLEAN)
    assert abs(clean.retained_until(handed_in.key) - handed_in.retain_until) < dt.timedelta(seconds=1)
    assert clean.retained_until(draft.key) is None
    with pytest.raises(ClientError):
        clean.purge(handed_in.key)


def test_a_leap_day_ends_on_the_last_day_of_its_february(settings: Any) -> None:
    settings.RETENTION_YEARS = 6
    assert keeping.retention_end(dt.datetime(2028, 2, 29, 4, tzinfo=dt.UTC)).date() == dt.date(2034, 2, 28)


def test_a_file_altered_or_lost_behind_our_back_is_found(owner: Owner, writer: Any) -> None:
    whole, altered, lost = (add(owner, writer, code=c, data=files.pdf(c)).file for c in ("a", "b", "c"))
    assert "3 files proved, 0 lost, 0 altered" in run("verify")
    clean = storage.store(Bucket.CLEAN)
    clean.purge(altered.key)
    clean.save(altered.key, files.upload("x", b"forged"))
    clean.purge(lost.key)
    with pytest.raises(CommandError):
        run("verify")
    faults = dict(StoredFile.objects.values_list("pk", "fault"))
    assert faults == {whole.pk: "", altered.pk: Fault.ALTERED, lost.pk: Fault.LOST}
    proof = keeping.prove_due(now=dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    assert (proof.proved, proof.bad) == (3, 2)
    assert keeping.prove_due(now=dt.datetime.now(dt.UTC)).proved == 0


def test_orphans_of_every_kind_are_told_and_only_the_quarantine_is_emptied(
    owner: Owner, writer: Any, monkeypatch: Any
) -> None:
    file = add(owner, writer).file
    storage.store(Bucket.CLEAN).purge(file.key)
    for bucket in Bucket:
        storage.store(bucket).save(f"zz/{bucket.value}", files.upload("x", b"x"))
    token = storage.store(Bucket.QUARANTINE).begin_parts("zz/parts", "application/pdf")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("documents", "orphans", "--remove", stdout=out)
    said = out.getvalue()
    assert all(word in said for word in ("zz/clean", "zz/quarantine", token, file.key, "2 removed"))
    assert [key for key, _at in storage.store(Bucket.CLEAN).listing()] == ["zz/clean"]
    assert list(storage.store(Bucket.QUARANTINE).listing()) == []
    assert list(storage.store(Bucket.QUARANTINE).unfinished_parts()) == []


def test_the_export_holds_every_version_and_its_index_the_true_hashes(
    owner: Owner, writer: Any, tmp_path: Path
) -> None:
    contents = [files.pdf(str(n)) for n in range(3)]
    add(owner, writer, "手册.pdf", contents[0])
    add(owner, writer, "手册.pdf", contents[1])
    add(owner, writer, "a/../b.pdf", contents[2], code="report", label="水/土壤")
    target = tmp_path / "all.zip"
    assert "3 files written" in run("export", KIND, str(owner.id), str(target))
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        rows = list(csv.reader(io.StringIO(archive.read(bundle.INDEX).decode("utf-8-sig"))))[1:]
        assert {row[4] for row in rows} == {hashlib.sha256(content).hexdigest() for content in contents}
        for row in rows:
            assert hashlib.sha256(archive.read(row[0])).hexdigest() == row[4]
            assert ".." not in Path(row[0]).parts
            assert len(Path(row[0]).parts) == 2


def test_an_export_of_nothing_is_an_error(owner: Owner, tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        run("export", KIND, str(owner.id), str(tmp_path / "x.zip"))


def test_set_up_is_done_twice_without_harm(both_stores: str) -> None:
    assert run("setup") == run("setup")
    assert NOW
