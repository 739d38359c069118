"""What is refused before a spreadsheet library sees it, and what the child process answers."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from qualification.scope import guard, importing
from qualification.scope.findings import SheetRefused
from qualification.scope.limits import Limits
from qualification.scope.messages import tell
from tests.qualification.scope.conftest import DATA, HEAD, TEMPLATE

SHEET = "xl/worksheets/sheet1.xml"


def code_of(path: Path, limits: Limits | None = None) -> tuple[str, str]:
    with pytest.raises(SheetRefused) as refused:
        guard.check(path, limits or Limits())
    return refused.value.problem.code, refused.value.problem.cell


def saved(book: Workbook, path: Path) -> Path:
    book.save(path)
    return path


def replaced(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """The template with one part changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(TEMPLATE) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(entry.filename, change(data) if entry.filename == part else data)
    path.write_bytes(stream.getvalue())
    return path


@pytest.mark.parametrize(
    "name", ["capability-table-template.xlsx", "equipment-table-template.xlsx", "staff-template.xls"]
)
def test_real_files_pass(name: str) -> None:
    guard.check(DATA / name, Limits())


def test_one_cell_at_the_far_corner(tmp_path: Path) -> None:
    book = Workbook()
    book.active["XFD1048576"] = 1
    path = saved(book, tmp_path / "far.xlsx")
    assert path.stat().st_size < 5000
    assert code_of(path) == ("cell_far_away", "XFD1048576")


def test_an_empty_sheet(tmp_path: Path) -> None:
    assert code_of(saved(Workbook(), tmp_path / "empty.xlsx")) == ("sheet_empty", "")


def test_painted_cells_are_not_counted(tmp_path: Path) -> None:
    from openpyxl.styles import Font

    book = Workbook()
    book.active["A1"] = "序号"
    book.active.cell(1_000_000, 5).font = Font(bold=True)
    guard.check(saved(book, tmp_path / "painted.xlsx"), Limits())


def test_a_huge_sheet(tmp_path: Path) -> None:
    book = Workbook(write_only=True)
    rows = book.create_sheet()
    for number in range(101):
        rows.append([number])
    path = saved(book, tmp_path / "huge.xlsx")
    assert code_of(path, Limits(max_rows=100)) == ("sheet_huge", "")
    guard.check(path, Limits(max_rows=101))


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    dtd = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    path = replaced(tmp_path / "dtd.xlsx", SHEET, lambda data: data.replace(b"<worksheet", dtd + b"<worksheet", 1))
    assert code_of(path) == ("entities", "")


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    path = replaced(
        tmp_path / "bomb.xlsx", SHEET, lambda data: data.replace(b"</worksheet>", b" " * 3_000_000 + b"</worksheet>")
    )
    assert code_of(path) == ("packed_too_tightly", "")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "file_empty"), (b"hello, world", "wrong_type"), (b"%PDF-1.7 ...", "wrong_type"), (b"PK\x03\x04broken", "not_readable"),
     (guard.OLE_MAGIC + "EncryptedPackage".encode("utf-16-le"), "password"), (guard.OLE_MAGIC + b"word", "wrong_type")],
)  # fmt: skip
def test_wrong_files(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "file.xlsx"
    path.write_bytes(content)
    assert code_of(path)[0] == code


def test_macros_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "macro.xlsx"
    path.write_bytes(TEMPLATE.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    assert code_of(path) == ("macros", "")


# -- the child


def test_formula_errors_are_told_by_cell(tmp_path: Path) -> None:
    book = Workbook()
    for row in (HEAD, ["1", "水", "1.1", "pH", "GB 1-2020", "#REF!", ""]):
        book.active.append(row)
    result = importing.read_file(saved(book, tmp_path / "error.xlsx"))
    assert [(p["code"], p["cell"]) for p in result.problems] == [("cell_error", "F2")]


def test_the_child_reads_the_form() -> None:
    assert len(importing.read_file(TEMPLATE).rows) == 20


def test_the_child_loads_no_django() -> None:
    script = (
        "import sys; from qualification.scope import child, guard, reader; "
        "from qualification.scope.limits import Limits; child.answer(sys.argv[1], Limits()); "
        "print(sorted(m for m in sys.modules if m.split('.')[0] == 'django'))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(TEMPLATE)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_child_out_of_memory_is_an_answer(settings: object, tmp_path: Path) -> None:
    settings.SCOPE_LIMITS = {"memory": 20 * 1024 * 1024}  # type: ignore[attr-defined]
    book = Workbook()
    for number in range(5_000):
        book.active.append([number, "x" * 200, f"{number}" * 20])
    with pytest.raises(SheetRefused) as refused:
        importing.read_file(saved(book, tmp_path / "long.xlsx"))
    assert refused.value.problem.code == "needs_too_much"


def test_a_child_that_takes_too_long_is_an_answer(settings: object) -> None:
    settings.SCOPE_LIMITS = {"wall": 0.001}  # type: ignore[attr-defined]
    with pytest.raises(SheetRefused) as refused:
        importing.read_file(TEMPLATE)
    assert refused.value.problem.code == "takes_too_long"


def test_the_childs_refusal_comes_through(tmp_path: Path) -> None:
    book = Workbook()
    book.active["XFD1048576"] = 1
    with pytest.raises(SheetRefused) as refused:
        importing.read_file(saved(book, tmp_path / "far.xlsx"))
    problem = refused.value.problem
    assert (problem.code, problem.cell, problem.params) == (
        "cell_far_away",
        "XFD1048576",
        {"rows": 20_000, "columns": 100},
    )
    assert "XFD1048576" in tell(problem.as_json()).wrong
