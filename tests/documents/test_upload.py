from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from documents import queries, slots, storage
from documents.enums import Bucket, ScanLevel, ScanState
from documents.formats import Format
from documents.models import Document, StoredFile, Version
from documents.upload import UploadRefused, add_version, clean_name
from tests.documents import files
from tests.documents.owners import KIND, NOW, Owner, add, keys_in

pytestmark = pytest.mark.usefixtures("buckets")

DATA = Path(__file__).parents[1] / "data"


def test_a_good_file_lies_in_the_clean_bucket_with_its_facts(owner: Owner, writer: Any, buckets: Path) -> None:
    data = files.pdf()
    version = add(owner, writer, "质量手册.pdf", data)
    file = version.file
    assert (version.number, version.uploaded_by, version.uploaded_at) == (1, writer, NOW)
    assert (file.name, file.size, file.content_type) == ("质量手册.pdf", len(data), "application/pdf")
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert (file.bucket, file.scan_state, file.scan_level) == (Bucket.CLEAN, ScanState.CLEAN, ScanLevel.STRUCTURE)
    assert file.scan_verdict == {"scanners": ["structure"], "format": "pdf", "pages": 1, "flags": []}
    assert (keys_in(buckets, "quarantine"), keys_in(buckets, "clean")) == ([], [file.key])
    assert (buckets / "clean" / file.key).read_bytes() == data


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.xlsx", files.xlsx(), Format.XLSX),
        ("A.JPG", files.picture("JPEG"), Format.JPEG),
        ("a.tif", files.picture("TIFF"), Format.TIFF),
        ("a.bmp", files.picture("BMP"), Format.BMP),
        ("a.gif", files.picture("GIF"), Format.GIF),
        ("a.webp", files.picture("WEBP"), Format.WEBP),
        ("a.ofd", files.ofd("一", "二"), Format.OFD),
        ("a.docx", files.archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<x/>"}), Format.DOCX),
    ],
)
def test_usual_kinds_are_taken(owner: Owner, writer: Any, name: str, data: bytes, kind: Format) -> None:
    assert add(owner, writer, name, data).file.scan_verdict["format"] == kind


@pytest.mark.parametrize("name", ["capability-table-template.xlsx", "signatories-template.xls", "staff-template.xls"])
def test_real_forms_are_taken(owner: Owner, writer: Any, name: str) -> None:
    assert add(owner, writer, name, (DATA / name).read_bytes()).file.scan_state == ScanState.CLEAN


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("setup.pdf", files.PROGRAM, "program"),
        ("a.pdf", b"", "empty"),
        ("a.exe", files.PROGRAM, "wrong_type"),
        ("a.xlsm", files.xlsx(), "macro_type"),
        ("a.pdf", files.picture(), "mismatch"),
        ("a.png", files.picture("JPEG"), "mismatch"),
        ("a.pdf", b"just words", "mismatch"),
        ("noending", files.pdf(), "wrong_type"),
        ("a.docx", files.xlsx(), "mismatch"),
        ("a.xlsx", files.archive({"x.txt": b"x"}), "unknown"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "broken"),
        ("a.pdf", files.pdf(password="secret"), "password"),
        ("a.pdf", b"%PDF-1.7\n%broken", "broken"),
        ("a.xlsx", files.xlsx()[:-400], "broken"),
        ("a.xlsx", files.xlsx(extra={"xl/vbaProject.bin": b"x"}), "macros"),
        ("a.xlsx", files.xlsx(extra={"../../etc/passwd": b"x"}), "broken"),
        ("a.xlsx", files.xlsx(extra={"xl/bomb.xml": b"\0" * 60_000_000}), "inflates"),
        ("a.xlsx", files.xlsx(extra={f"xl/p{n}.xml": b"x" for n in range(5001)}), "too_many_entries"),
        ("a.png", files.huge_png(40_000, 40_000), "too_many_pixels"),
        ("a.png", files.huge_png(100, 100), "broken"),
    ],
)
def test_bad_files_are_refused_with_words(owner: Owner, writer: Any, name: str, data: bytes, code: str) -> None:
    with translation.override("en"), pytest.raises(UploadRefused) as refused:
        add(owner, writer, name, data)
    assert refused.value.code == code
    assert refused.value.message.startswith(("“" + name, "The content of “" + name))
    assert queries.current_version(owner_kind=KIND, owner_id=owner.id, code="manual") is None


def test_a_refused_file_never_reaches_the_clean_bucket(owner: Owner, writer: Any, buckets: Path) -> None:
    with pytest.raises(UploadRefused):
        add(owner, writer, "a.pdf", files.pdf(password="secret"))
    file = StoredFile.objects.get()
    assert (file.scan_state, file.bucket, file.is_servable) == (ScanState.REFUSED, Bucket.QUARANTINE, False)
    assert keys_in(buckets, "clean") == []
    slot = queries.slot_of(owner_kind=KIND, owner_id=owner.id, code="manual")
    assert (slot.is_filled, slot.just_refused) == (False, Version.objects.get())


def test_too_large_is_told_with_the_limit(owner: Owner, writer: Any, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1024
    with translation.override("en"), pytest.raises(UploadRefused) as refused:
        add(owner, writer, "a.pdf", files.pdf() + b"\n" * 2000)
    assert refused.value.code == "too_large"
    assert "1.0\xa0KB" in refused.value.message
    assert list(StoredFile.objects.all()) == []


def test_more_bytes_than_said_are_cut_off(buckets: Path) -> None:
    with pytest.raises(storage.TooLarge):
        storage.write(Bucket.QUARANTINE, "aa/x", files.upload("a.pdf", b"x" * 100), limit=99)


def test_bytes_are_given_up_only_with_the_row_that_says_so(owner: Owner, writer: Any, buckets: Path) -> None:
    add(owner, writer)
    with pytest.raises(RuntimeError), transaction.atomic():
        with pytest.raises(UploadRefused):
            add(owner, writer)
        raise RuntimeError
    assert len(keys_in(buckets, "quarantine")) == 1


def test_a_file_costs_these_queries_and_no_others(owner: Owner, writer: Any) -> None:
    add(owner, writer, code="another")
    with CaptureQueriesContext(connection) as captured:
        add(owner, writer, data=files.pdf("b"))
    found = [q["sql"].replace('"', "").split() for q in captured.captured_queries if "SAVEPOINT" not in q["sql"]]
    where = {"INSERT": slice(0, 3, 2), "UPDATE": slice(0, 2), "SELECT": slice(0, 1)}
    assert [" ".join(words[where[words[0]]]) for words in found] == [
        "SELECT", "INSERT documents_storedfile",  # before the bytes
        "INSERT documents_document", "UPDATE documents_storedfile", "INSERT documents_version",  # received
        "SELECT", "UPDATE documents_storedfile",  # checked and moved
        "INSERT document_texts_filetext",  # to be read
    ]  # fmt: skip


def test_a_slot_takes_its_own_types_only(owner: Owner, writer: Any) -> None:
    slots.register_type("test-sheet", {Format.XLSX}, max_size=10_000)
    with pytest.raises(UploadRefused) as refused:
        add(owner, writer, "a.pdf", code="test-sheet")
    assert refused.value.code == "wrong_type"
    with pytest.raises(UploadRefused) as refused:
        add(owner, writer, "a.xlsx", files.xlsx() + b"x" * 10_000, code="test-sheet")
    assert refused.value.code == "too_large"
    assert add(owner, writer, "a.xlsx", files.xlsx(), code="test-sheet").number == 1


def test_a_code_cannot_be_described_twice() -> None:
    slots.register_type("test-twice", {Format.PDF})
    slots.register_type("test-twice", {Format.PDF})
    with pytest.raises(slots.CodeTaken):
        slots.register_type("test-twice", {Format.XLSX})


def test_versions_are_counted_and_the_newest_is_current(owner: Owner, writer: Any) -> None:
    first, second = add(owner, writer), add(owner, writer, data=files.pdf("b"))
    other = add(owner, writer, label="another site")
    assert (first.number, second.number, other.number) == (1, 2, 1)
    slot = queries.slot_of(owner_kind=KIND, owner_id=owner.id, code="manual")
    assert (slot.current, slot.earlier) == (second, (first,))
    assert Document.objects.count() == 2


def test_the_same_content_is_told_and_adds_nothing(
    owner: Owner, writer: Any, buckets: Path, django_capture_on_commit_callbacks: Any
) -> None:
    version = add(owner, writer)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(UploadRefused) as refused:
        add(owner, writer, "other name.pdf")
    assert refused.value.code == "same"
    assert list(Version.objects.all()) == [version]
    assert keys_in(buckets, "quarantine") == []
    add(owner, writer, data=files.pdf("b"))
    assert add(owner, writer).number == 3


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\me\\手册.pdf", "手册.pdf"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        ("fdp\u202efdp.exe", "fdpfdp.exe"),
        ("..", "-"),
        ("", "-"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("报告：一/二.pdf", "二.pdf"),
    ],
)
def test_names_are_data_without_paths(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_who_may_not_write_adds_nothing(owner: Owner, writer: Any, django_user_model: Any) -> None:
    stranger = django_user_model.objects.create(username="stranger", name="s", email="s@example.cn")
    owner.readers.add(stranger.pk)
    with pytest.raises(PermissionDenied):
        add(owner, stranger)
    with pytest.raises(PermissionDenied):
        add_version(owner_kind="unknown", owner_id=uuid.uuid4(), code="x", upload=files.upload("a.pdf", files.pdf()),
                    by=writer, now=NOW)  # fmt: skip
    assert list(StoredFile.objects.all()) == []


def test_scripts_in_a_pdf_are_flagged_not_refused(owner: Owner, writer: Any) -> None:
    assert add(owner, writer, data=files.pdf(script="app.alert(1)")).file.scan_verdict["flags"] == ["script"]


def test_a_large_file_is_checked_by_the_job(owner: Owner, writer: Any, settings: Any) -> None:
    settings.UPLOAD_CHECK_AT_ONCE_BYTES = 10
    version = add(owner, writer)
    assert version.file.scan_state == ScanState.PENDING
    assert queries.slot_of(owner_kind=KIND, owner_id=owner.id, code="manual").is_filled
    from documents.tasks import check_file

    assert check_file.call(file_id=str(version.file_id)) == ScanState.CLEAN
    assert StoredFile.objects.get().is_stored
