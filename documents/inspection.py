"""The structural check of one file, run in a child process with limits of its own (see `documents.inspector`).

Prints one line of JSON: what the file is, and the first problem found. Nothing here trusts the file, and
nothing here imports Django: a file that breaks this process breaks nothing else.
"""

from __future__ import annotations

import json
import resource
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any, NoReturn

from documents.formats import HEAD_BYTES, PICTURES, Family, Format, family_of, is_text, picture_of

CPU_SECONDS = 60
MEMORY_BYTES = 1536 * 1024 * 1024
MAX_PAGES = 5_000
MAX_PIXELS = 100_000_000
MAX_FRAMES = 500
MAX_ENTRIES = 5_000
MAX_INFLATED = 1024 * 1024 * 1024
# Office files shrink ten to thirty times; a hundred times is a bomb. Small ones may shrink more and do no harm.
MAX_RATIO = 100
RATIO_FREE_BYTES = 20 * 1024 * 1024
CHUNK = 256 * 1024


class Problem(Exception):
    """The file is refused; `code` names the sentence, `params` fill it."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def inspect(path: Path, promised: Format) -> dict[str, Any]:
    """What the file is: its format, pages and flags. Raises Problem, or whatever a broken file provokes."""
    with path.open("rb") as handle:
        head = handle.read(HEAD_BYTES)
    facts = _CHECKS.get(family_of(head), _unknown)(path, head)
    found = Format(facts["format"])
    if found is not promised and not {found, promised} <= {Format.CSV, Format.TXT}:
        raise Problem("mismatch", promised=promised.value, found=found.value)
    return {**facts, "format": promised.value}


def _unknown(path: Path, head: bytes) -> NoReturn:
    raise Problem("unknown")


def _pdf(path: Path, head: bytes) -> dict[str, Any]:
    import pypdfium2 as pdfium  # type: ignore[import-untyped,unused-ignore]

    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        raise Problem("password" if "password" in str(error).lower() else "broken") from error
    try:
        pages = len(document)
        if not 0 < pages <= MAX_PAGES:
            raise Problem("broken" if not pages else "too_many_pages", pages=pages, limit=MAX_PAGES)
        document[0].get_size()
    except pdfium.PdfiumError as error:
        raise Problem("broken") from error
    finally:
        document.close()
    return {"format": Format.PDF, "pages": pages, "flags": _pdf_flags(path)}


def _pdf_flags(path: Path) -> list[str]:
    """What a PDF could do by itself: scripts, attachments. Told to the reader, not refused."""
    from pypdf import PdfReader

    try:
        root = PdfReader(path).root_object
        names = root.get("/Names", {}).get_object() if "/Names" in root else {}
    except Exception:  # pdfium opened it; that pypdf cannot is no ground for refusal
        return []
    action = root["/OpenAction"].get_object() if "/OpenAction" in root else None
    has_script = "/JavaScript" in names or (isinstance(action, dict) and action.get("/S") in {"/JavaScript", "/Launch"})
    return [flag for flag, is_there in (("script", has_script), ("attachments", "/EmbeddedFiles" in names)) if is_there]


def _zip(path: Path, head: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        _guard_entries(entries, path.stat().st_size)
        found = _zip_format({entry.filename for entry in entries})
        if any(_is_macro(entry.filename) for entry in entries):
            raise Problem("macros")
        _read_all(archive, entries)
    flags = ["attachments"] if any("/embeddings/" in entry.filename for entry in entries) else []
    return {"format": found, "flags": flags}


def _guard_entries(entries: list[zipfile.ZipInfo], packed: int) -> None:
    inflated = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES:
        raise Problem("too_many_entries", entries=len(entries), limit=MAX_ENTRIES)
    if inflated > MAX_INFLATED or (inflated > RATIO_FREE_BYTES and inflated > packed * MAX_RATIO):
        raise Problem("inflates", megabytes=inflated // 1024**2)
    if any(entry.flag_bits & 1 for entry in entries):
        raise Problem("password")
    if any(entry.filename.startswith(("/", "\\")) or ".." in Path(entry.filename).parts for entry in entries):
        raise Problem("broken")


def _zip_format(names: set[str]) -> Format:
    if "OFD.xml" in names:
        return Format.OFD
    if "[Content_Types].xml" in names:
        for part, found in (("xl/workbook.xml", Format.XLSX), ("word/document.xml", Format.DOCX)):
            if part in names:
                return found
    raise Problem("unknown")


def _is_macro(name: str) -> bool:
    lowered = name.lower()
    return lowered.endswith("vbaproject.bin") or "/macrosheets/" in lowered


def _read_all(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    for entry in entries:
        with archive.open(entry) as part:
            while part.read(CHUNK):  # checks every sum; no entry yields more than it declares
                pass


def _ole(path: Path, head: bytes) -> dict[str, Any]:
    import olefile  # type: ignore[import-untyped,unused-ignore]

    with olefile.OleFileIO(str(path)) as container:
        names = {part.lower() for entry in container.listdir(streams=True, storages=True) for part in entry}
        if "encryptedpackage" in names:
            raise Problem("password")
        if names & {"_vba_project", "_vba_project_cur", "vba", "macros"}:
            raise Problem("macros")
        if "worddocument" in names:
            _guard_word(container.openstream("WordDocument").read(12))
            return {"format": Format.DOC, "flags": []}
        book = next((name for name in ("Workbook", "Book") if container.exists(name)), None)
        if book is None:
            raise Problem("unknown")
        _guard_workbook(container.openstream(book))
        return {"format": Format.XLS, "flags": []}


def _guard_word(header: bytes) -> None:
    if len(header) < 12:
        raise Problem("broken")
    if header[11] & 0x01:  # fEncrypted of the file information block
        raise Problem("password")


def _guard_workbook(stream: Any) -> None:
    """Walk the records of the workbook's first part: FILEPASS is a password, a BOUNDSHEET of type 1 a macro sheet."""
    while len(head := stream.read(4)) == 4:
        kind, size = int.from_bytes(head[:2], "little"), int.from_bytes(head[2:], "little")
        body = stream.read(size)
        if kind == 0x002F:
            raise Problem("password")
        if kind == 0x0085 and len(body) > 5 and body[5] == 1:
            raise Problem("macros")
        if kind == 0x000A:
            return


def _picture(path: Path, head: bytes) -> dict[str, Any]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own limit below says which picture and how large
    with Image.open(path) as picture:
        width, height = picture.size
        frames = getattr(picture, "n_frames", 1)
        if width * height > MAX_PIXELS:
            raise Problem("too_many_pixels", width=width, height=height, limit=MAX_PIXELS // 1_000_000)
        if frames > MAX_FRAMES:
            raise Problem("too_many_pages", pages=frames, limit=MAX_FRAMES)
        picture.load()
    found = picture_of(head)
    if found not in PICTURES:
        raise Problem("unknown")
    return {"format": found, "pages": frames, "width": width, "height": height, "flags": []}


def _text(path: Path, head: bytes) -> dict[str, Any]:
    with path.open("rb") as handle:
        while line := handle.readline(CHUNK):
            if b"\0" in line:
                raise Problem("broken")
    if not is_text(head):
        raise Problem("broken")
    return {"format": Format.TXT, "flags": []}


def _program(path: Path, head: bytes) -> NoReturn:
    raise Problem("program")


_CHECKS = {
    Family.PDF: _pdf,
    Family.ZIP: _zip,
    Family.OLE: _ole,
    Family.PICTURE: _picture,
    Family.TEXT: _text,
    Family.PROGRAM: _program,
}


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(path: str, promised: str) -> int:
    """Inspect one file and print the finding. A file that cannot be opened as what it is counts as broken."""
    _limit()
    warnings.simplefilter("ignore")
    try:
        finding: dict[str, Any] = inspect(Path(path), Format(promised))
    except Problem as problem:
        finding = {"problem": problem.code, "params": problem.params}
    except MemoryError:
        finding = {"problem": "too_heavy", "params": {}}
    except Exception as error:  # any library's complaint about this file
        finding = {"problem": "broken", "params": {}, "detail": f"{type(error).__name__}: {error}"[:300]}
    sys.stdout.write(f"{json.dumps(finding)}\n")
    return 0


def preload() -> None:
    """Everything a check imports, so that no child has to."""
    import olefile  # type: ignore[import-untyped,unused-ignore]  # noqa: F401
    import pypdf  # noqa: F401
    import pypdfium2  # type: ignore[import-untyped,unused-ignore]  # noqa: F401
    from PIL import Image

    Image.init()
