"""Opening a register sheet in a child process with limits; its end, however bad, is an answer for the user."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from qualification.scope.findings import SheetRefused
from qualification.scope.layout import Grid
from qualification.scope.limits import Limits

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells as text, and the places (zero-based) of numbers too long to be exact."""

    grid: Grid
    inexact: frozenset[tuple[int, int]]


def limits() -> Limits:
    """The limits of this installation: a register is smaller than a capability table."""
    return Limits(**{"max_rows": 5_000, "max_file": 5 * 1024 * 1024, **getattr(settings, "REGISTER_LIMITS", {})})


def read_upload(upload: UploadedFile[bytes]) -> Sheet:
    """Read an uploaded sheet. Raises SheetRefused."""
    within = limits()
    if (upload.size or 0) > within.max_file:
        raise SheetRefused("file_too_large", size_mb=_mb(upload.size or 0), limit_mb=_mb(within.max_file))
    with tempfile.NamedTemporaryFile(suffix=".sheet") as copy:
        for chunk in upload.chunks():
            copy.write(chunk)
        copy.flush()
        return read_file(Path(copy.name))


def _mb(size: int) -> str:
    return f"{size / 1024 / 1024:.1f}"


def read_file(path: Path) -> Sheet:
    """Read one sheet. Raises SheetRefused, also when the child was killed, crashed or took too long."""
    within = limits()
    done = _run(path, within)
    if done.returncode != 0:
        logger.warning("Reading a register ended with %s: %s", done.returncode, done.stderr[-500:])
        raise SheetRefused("needs_too_much")
    return sheet_of(json.loads(done.stdout))


def _run(path: Path, within: Limits) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "qualification.laboratories.child", str(path.resolve()), within.to_json()]
    environment = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=within.wall, check=False)
    except subprocess.TimeoutExpired as error:
        raise SheetRefused("takes_too_long", seconds=within.wall) from error


def sheet_of(data: dict[str, Any]) -> Sheet:
    """What the child wrote; raises SheetRefused where it refused."""
    if "refused" in data:
        problem = data["refused"]
        raise SheetRefused(
            problem["code"], cell=problem["cell"], sheet=problem["sheet"], read=problem["read"], **problem["params"]
        )
    merged = [((top, left), (bottom, right)) for (top, left), (bottom, right) in data["merged"]]
    return Sheet(Grid(data["name"], data["values"], merged), frozenset((r, c) for r, c in data["inexact"]))
