"""The structural check of one file, run in a child process with limits of its own (see `documents.inspector`).

Prints one line of JSON: what the file is, and the first problem found. Nothing here trusts the file, and
nothing here imports Django: a file that breaks this process breaks nothing else.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import IO, Any, NoReturn

from documents import archives
from documents.archives import Problem
from documents.formats import HEAD_BYTES, PICTURES, Family, Format, family_of, is_text, picture_of
from documents.inspector import ENOUGH, SOUND

# Of the processor; a large file is given more.
CPU_SECONDS = 60
CPU_BYTES_A_SECOND = 48 * 1024 * 1024
# Of the processor, for all later files of a sender in one process together.
SPARE_SECONDS = 600
MEMORY_BYTES = 1536 * 1024 * 1024
MAX_PAGES = 5_000
MAX_PIXELS = 100_000_000
MAX_FRAMES = 500
CHUNK = 256 * 1024
WINDOW = 4 * 1024 * 1024
LONGEST_NAME = 32
# Seconds spent on what the packed objects of a PDF could do.
FLAG_SECONDS = 5.0


def inspect(path: Path, promised: Format) -> dict[str, Any]:
    """What the file is: its format, pages and flags. Raises Problem, or whatever a broken file provokes."""
    with path.open("rb") as handle:
        head = handle.read(HEAD_BYTES)
    _demand_one_kind(path, head)
    facts = _CHECKS.get(family_of(head), _unknown)(path, head)
    found = Format(facts["format"])
    if found is not promised and not {found, promised} <= {Format.CSV, Format.TXT}:
        raise Problem("mismatch", promised=promised.value, found=found.value)
    return {**facts, "format": promised.value}


def _demand_one_kind(path: Path, head: bytes) -> None:
    """One file is one thing: what another program would take for something else was made to deceive. Raises Problem."""
    family = family_of(head)
    if family is not Family.PDF and b"%PDF-" in head[:1024] and family is not Family.TEXT:
        raise Problem("two_kinds", found=family.value, other="PDF")
    if family is not Family.ZIP and _ends_as_zip(path):
        raise Problem("two_kinds", found=family.value, other="ZIP")


def _ends_as_zip(path: Path) -> bool:
    """Whether the last bytes are the end of a ZIP's directory, with its comment up to the very last byte."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        handle.seek(max(0, size - 65_557))
        tail = handle.read()
    at = tail.rfind(b"PK\x05\x06")
    return at >= 0 and at + 22 <= len(tail) and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail)


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


# What a PDF could do by itself, by the names it must use for it; packed objects are asked of pypdf below.
_ACTIVE = {
    "script": re.compile(rb"/JavaScript\b"),
    "launch": re.compile(rb"/Launch\b"),
    "attachments": re.compile(rb"/(?:EmbeddedFiles?|FileAttachment)\b"),
}


def _pdf_flags(path: Path) -> list[str]:
    """What a PDF could do by itself: run scripts, start programs, hand over attached files. Told, not refused."""
    with path.open("rb") as handle:
        flags = _named(handle) | _packed_flags(handle)
    return sorted(flags)


def _named(handle: IO[bytes]) -> set[str]:
    """Which of these names stand in the file. Read in windows: a file may be larger than the memory of this process."""
    flags: set[str] = set()
    window = handle.read(WINDOW)
    while window:
        following = handle.read(WINDOW)
        # A name at the very end of a window is judged with what comes after it.
        whole = window + following[:LONGEST_NAME]
        flags |= {flag for flag, name in _ACTIVE.items() if flag not in flags and name.search(whole)}
        window = following
    return flags


def _packed_flags(handle: IO[bytes]) -> set[str]:
    """The same of the catalogue and the first pages, where their objects are packed; for some seconds at most."""
    from pypdf import PdfReader

    flags: set[str] = set()
    end = time.monotonic() + FLAG_SECONDS
    try:
        reader = PdfReader(handle)
        _note_actions(reader.root_object, flags)
        names = reader.root_object.get("/Names", {}).get_object()
        flags |= {"script"} if "/JavaScript" in names else set()
        flags |= {"attachments"} if "/EmbeddedFiles" in names else set()
        for page in reader.pages:
            if time.monotonic() > end:
                break
            _note_actions(page, flags)
            for note in page.get("/Annots", []):
                _note_actions(note.get_object(), flags)
    except Exception:  # pdfium opened it; that pypdf cannot is no ground for refusal
        return flags
    return flags


def _note_actions(thing: Any, flags: set[str]) -> None:
    """What opening, leaving or clicking this starts."""
    if thing.get("/Subtype") == "/FileAttachment":
        flags.add("attachments")
    found = [thing.get(name) for name in ("/OpenAction", "/A")]
    found += list(thing["/AA"].get_object().values()) if "/AA" in thing else []
    for action in (one.get_object() for one in found if one is not None):
        kind = str(action.get("/S")) if isinstance(action, dict) else ""
        flags |= {"/JavaScript": {"script"}, "/Launch": {"launch"}}.get(kind, set())


def _zip(path: Path, head: bytes) -> dict[str, Any]:
    return archives.inspect_archive(path)


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


def limit(cpu_seconds: int = CPU_SECONDS, *, spare: int = 0) -> None:
    """Bind this process: its time from now on, its memory, and no file may be written.

    `spare`: seconds of the processor that files after this one may use besides; nothing raises the end set by the first.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + cpu_seconds + 1
    end = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if end == resource.RLIM_INFINITY:
        end = until + spare
    resource.setrlimit(resource.RLIMIT_CPU, (min(until, end), end))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(path: str, promised: str) -> int:
    """Inspect one file and print the finding. A file that cannot be opened as what it is counts as broken.

    Returns whether this process may look at another file of the same sender: after a sound one only.
    """
    limit(CPU_SECONDS + Path(path).stat().st_size // CPU_BYTES_A_SECOND, spare=SPARE_SECONDS)
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
    return ENOUGH if "problem" in finding else SOUND


def preload() -> None:
    """Everything a check imports, used once on a page of our own, so that no child has to set it up anew."""
    import olefile  # type: ignore[import-untyped,unused-ignore]  # noqa: F401
    import pypdfium2 as pdfium  # type: ignore[import-untyped,unused-ignore]
    from PIL import Image
    from pypdf import PdfReader

    Image.init()
    page = io.BytesIO()
    Image.new("L", (8, 8)).save(page, "PDF")
    document = pdfium.PdfDocument(page.getvalue())
    document[0].get_size()
    document.close()
    PdfReader(page).root_object  # noqa: B018
