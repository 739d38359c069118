"""Files that deceive, burst or hide something: each gets its own answer, in both languages, on every way in."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from pypdf import PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from documents import archives, incoming, inspection, messages, scanning, storage
from documents.archives import Problem
from documents.clamd import ClamdScanner
from documents.enums import Bucket, ScanState, UploadState
from documents.formats import Format
from documents.inspection import inspect
from documents.models import StoredFile, Upload, Version
from documents.upload import UploadRefused
from tests.documents import files
from tests.documents.owners import KIND, NOW, Owner, complete
from tests.documents.real_clamd import EICAR, needs_clamd
from tests.documents.test_incoming import send

DATA = Path(__file__).parents[1] / "data"
FAR = '<worksheet><sheetData><row r="{row}"><c r="{cell}" t="n"><v>1</v></c></row></sheetData></worksheet>'


def sheet(cell: str) -> bytes:
    """A workbook of four KB whose one cell lies there."""
    row = "".join(char for char in cell if char.isdigit())
    return files.xlsx(extra={"xl/worksheets/sheet2.xml": FAR.format(row=row, cell=cell).encode()})


def nested(floors: int, inner: bytes = b"x") -> bytes:
    """A Word document with archives inside archives."""
    content = inner
    for _ in range(floors - 1):
        content = files.archive({"a.zip": content})
    return files.docx({"word/embeddings/a.zip": content})


def bomb() -> bytes:
    """An archive of a few KB with sixty MB in it."""
    return files.archive({"a.xml": b"\0" * 60_000_000})


def active_pdf(kind: str) -> bytes:
    """A PDF that does something: on opening, at a click, by an attached file, or packed away in an object stream."""
    writer = PdfWriter()
    page = writer.add_blank_page(width=200, height=200)
    launch = DictionaryObject({NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("cmd.exe")})
    if kind == "launch":
        writer.root_object[NameObject("/OpenAction")] = launch
    elif kind == "click":
        note = FreeText(text="click", rect=(0, 0, 50, 50))
        note[NameObject("/A")] = launch
        page[NameObject("/Annots")] = ArrayObject([note])
    elif kind == "attachment":
        writer.add_attachment("a.exe", files.PROGRAM)
    elif kind == "script":
        action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
        page[NameObject("/AA")] = DictionaryObject({NameObject("/O"): DictionaryObject(action)})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def macro_xls() -> bytes:
    """A real old workbook, one of whose streams is called as macros are."""
    content = (DATA / "signatories-template.xls").read_bytes()
    old, new = "\x05SummaryInformation", "_VBA_PROJECT_CUR"
    entry = content.index(old.encode("utf-16-le") + b"\0\0")
    name = new.encode("utf-16-le").ljust(64, b"\0") + (2 * len(new) + 2).to_bytes(2, "little")
    return content[:entry] + name + content[entry + 66 :]


PDF = files.pdf()
BAD: list[tuple[str, str, bytes]] = [
    ("far_cell", "a.xlsx", sheet("XFD1048576")),
    ("far_cell", "a.xlsx", sheet("AB900000")),
    ("far_cell", "a.xlsx", sheet("XFE1")),
    ("inflates", "a.xlsx", files.xlsx(extra={"xl/bomb.xml": b"\0" * 60_000_000})),
    ("inflates", "a.docx", files.docx({"word/embeddings/b.docx": bomb()})),
    ("inflates", "a.docx", nested(2, bomb())),
    ("inflates", "a.ofd", files.archive({"OFD.xml": b"<x/>", "b.xml": b"\0" * 60_000_000})),
    ("nested", "a.docx", nested(5, bomb())),
    ("too_many_entries", "a.docx", files.docx({f"word/{n}.xml": b"x" for n in range(10_000)})),
    ("too_many_entries", "a.docx", files.docx({"a.zip": files.archive({str(n): b"" for n in range(5_001)})})),
    ("macros", "a.docx", files.docx({"word/vbaProject.bin": b"x"})),
    ("macros", "a.docx", files.docx({"word/embeddings/b.xlsm": files.xlsx(extra={"xl/vbaProject.bin": b"x"})})),
    ("macros", "a.docx", files.docx(types=f"{files.CONTENT_TYPES}<!-- ms-word.document.macroEnabled.12 -->")),
    ("macros", "a.xlsx", files.xlsx(extra={"xl/macrosheets/sheet1.xml": b"x"})),
    ("macros", "a.xls", macro_xls()),
    ("program_inside", "a.docx", files.docx({"word/embeddings/oleObject1.bin": files.PROGRAM})),
    ("broken", "a.docx", files.docx({"..\\..\\windows\\a.dll": b"x"})),
    ("broken", "a.docx", files.docx({"/etc/passwd": b"x"})),
    ("password", "a.pdf", files.pdf(password="secret")),
    ("broken", "a.pdf", b"%PDF-1.7\n%broken"),
    ("broken", "a.pdf", PDF[: len(PDF) // 2]),
    ("program", "a.pdf", files.PROGRAM),
    ("two_kinds", "a.pdf", PDF + files.archive({"a.jar": b"x"})),
    ("two_kinds", "a.png", files.picture() + files.archive({"a.class": b"x"})),
    ("two_kinds", "a.docx", files.archive({"%PDF-1.7": b"x", "[Content_Types].xml": b"", "word/document.xml": b""})),
    ("ofd_structure", "a.ofd", files.ofd("一", without="Doc_0/Document.xml")),
    ("ofd_structure", "a.ofd", files.ofd("一", without="Doc_0/Pages/Page_0/Content.xml")),
    ("ofd_structure", "a.ofd", files.ofd()),
    ("ofd_structure", "a.ofd", files.ofd("一", root="../../etc/passwd")),
    ("ofd_structure", "a.ofd", files.archive({"OFD.xml": b"<OFD/>"})),
    ("ofd_structure", "a.ofd", files.archive({"OFD.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><OFD>&b;</OFD>'})),
    ("ofd_structure", "a.ofd", files.archive({"OFD.xml": b"<OFD"})),
]  # fmt: skip


def finding(path: Path, name: str, content: bytes) -> tuple[str, dict[str, Any]]:
    """What the check says of these bytes under this name."""
    path.write_bytes(content)
    promised = Format(name.rpartition(".")[2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return "", inspect(path, promised)
        except Problem as problem:
            return problem.code, {"promised": promised.value, **problem.params}
        except Exception:  # as the child's own `main` does: what a library cannot read is broken
            return "broken", {"promised": promised.value}


@pytest.mark.parametrize("number", range(len(BAD)), ids=[f"{code}-{n}" for n, (code, *_rest) in enumerate(BAD)])
def test_each_bad_file_gets_its_own_answer_in_both_languages(tmp_path: Path, number: int) -> None:
    code, name, content = BAD[number]
    found, params = finding(tmp_path / "file", name, content)
    assert found == code
    said = set()
    for language in ("en", "zh-hans"):
        with translation.override(language):
            said.add(messages.sentence(found, name, params))
    assert len(said) == 2
    assert all(name in sentence and "%(" not in sentence for sentence in said)


@pytest.mark.parametrize(
    ("kind", "flags"),
    [("launch", ["launch"]), ("click", ["launch"]), ("attachment", ["attachments"]), ("script", ["script"]), ("", [])],
)
def test_what_a_pdf_could_do_by_itself_is_told(tmp_path: Path, kind: str, flags: list[str]) -> None:
    assert finding(tmp_path / "file", "a.pdf", active_pdf(kind))[1]["flags"] == flags


def test_a_template_from_elsewhere_and_an_embedded_table_are_told(tmp_path: Path) -> None:
    rels = b'<Relationships><Relationship Type="x/attachedTemplate" Target="http://a/b.dotm" TargetMode="External"/></Relationships>'
    content = files.docx({"word/_rels/settings.xml.rels": rels, "word/embeddings/b.xlsx": files.xlsx()})
    assert finding(tmp_path / "file", "a.docx", content)[1]["flags"] == ["attachments", "template"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ofd", files.ofd("一", "二")),
        ("a.ofd", files.ofd("一", root="/Doc_0/Document.xml")),
        ("a.xlsx", sheet("CV200000")),
        ("a.docx", nested(2)),
        ("a.docx", files.docx({"word/embeddings/a.bin": b"PK\x03\x04 only begins like one"})),
        ("a.pdf", PDF + b"\nPK\x05\x06 is only a word here\n"),
    ],
)
def test_what_only_looks_odd_is_taken(tmp_path: Path, name: str, content: bytes) -> None:
    assert finding(tmp_path / "file", name, content)[0] == ""


def test_pages_of_an_ofd_are_counted(tmp_path: Path) -> None:
    assert finding(tmp_path / "file", "a.ofd", files.ofd("一", "二", "三"))[1]["pages"] == 3


def test_a_cell_is_found_where_two_chunks_meet(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(archives, "CHUNK", 97)
    assert finding(tmp_path / "file", "a.xlsx", sheet("XFD1048576"))[0] == "far_cell"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("both_stores")
@pytest.mark.parametrize("number", [0, 4, 10, 14, 18, 21, 22, 27])
def test_nothing_bad_leaves_the_quarantine_by_the_new_way(owner: Owner, writer: Any, number: int) -> None:
    code, name, content = BAD[number]
    upload = incoming.begin(
        owner_kind=KIND, owner_id=owner.id, code="manual", name=f"../../{name}", size=len(content), by=writer, now=NOW,
        sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    send(upload, content)
    try:
        complete(upload=upload, now=NOW)
    except UploadRefused as refused:
        assert refused.code == code
    file = StoredFile.objects.get()
    assert (file.name, file.scan_state, file.scan_verdict["problem"]) == (name, ScanState.REFUSED, code)
    assert not Version.objects.live().exists()
    assert list(storage.store(Bucket.CLEAN).listing()) == []


@needs_clamd
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("both_stores")
def test_eicar_is_refused_by_the_new_way_also_inside_an_archive(
    owner: Owner, writer: Any, clamd_address: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(scanning, "_scanners", [*scanning._scanners, ClamdScanner(clamd_address)])
    for content in (PDF + b"\n%" + EICAR + b"\n", files.docx({"word/media/a.txt": EICAR})):
        name = "a.pdf" if content.startswith(b"%PDF") else "a.docx"
        upload = incoming.begin(
            owner_kind=KIND, owner_id=owner.id, code=name[2:], name=name, size=len(content), by=writer, now=NOW
        )
        send(upload, content)
        done = complete(upload=upload, now=NOW)
        assert Upload.objects.get(pk=done.pk).state == UploadState.DONE
        file = StoredFile.objects.get(pk=done.file_id)
        assert (file.scan_state, file.scan_verdict["problem"]) == (ScanState.REFUSED, "malware")
    assert list(storage.store(Bucket.CLEAN).listing()) == []


def test_an_archive_that_is_whole_is_read_to_its_last_sum(tmp_path: Path) -> None:
    content = bytearray(files.docx({"word/a.xml": b"a" * 5000}))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        at = archive.getinfo("word/a.xml").header_offset + 45
    content[at] ^= 0xFF
    assert finding(tmp_path / "file", "a.docx", bytes(content))[0] == "broken"


@pytest.mark.parametrize("before", range(30, 36))
def test_what_a_pdf_could_do_is_seen_where_two_windows_meet(monkeypatch: Any, before: int) -> None:
    monkeypatch.setattr(inspection, "WINDOW", 32)
    content = b" " * before + b"/JavaScript" + b" " * 40
    assert inspection._named(io.BytesIO(content)) == {"script"}
    assert inspection._named(io.BytesIO(content.replace(b"Script ", b"Scripts"))) == set()


def test_a_file_larger_than_the_memory_of_its_check_is_checked(tmp_path: Path) -> None:
    path, memory = tmp_path / "large.pdf", 400 * 1024 * 1024
    content = files.pdf()
    cut = content.rindex(b"startxref")
    with path.open("wb") as handle:
        handle.write(content[:cut] + b"%")
        handle.seek(memory + 1024 * 1024)
        handle.write(b"\n" + content[cut:])
    line = (
        f"from documents import inspection as i; i.preload(); i.MEMORY_BYTES = {memory}; i.main({str(path)!r}, 'pdf')"
    )
    said = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert json.loads(said.stdout) == {"format": "pdf", "pages": 1, "flags": []}
