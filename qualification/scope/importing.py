"""Reading a sheet in a child process with limits; its end, however bad, is an answer for the user."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from qualification.scope.findings import ReadResult, SheetRefused
from qualification.scope.limits import Limits

logger = logging.getLogger(__name__)


def limits() -> Limits:
    """The limits of this installation: the defaults with what `settings.SCOPE_LIMITS` says otherwise."""
    return Limits(**getattr(settings, "SCOPE_LIMITS", {}))


def read_file(path: str | Path) -> ReadResult:
    """Read one sheet. Raises SheetRefused, also when the child was killed, crashed or took too long."""
    within = limits()
    done = _run(Path(path), within)
    if done.returncode != 0:
        logger.warning("Reading %s ended with %s: %s", path, done.returncode, done.stderr[-500:])
        raise SheetRefused("needs_too_much")
    try:
        data = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise SheetRefused("needs_too_much") from error
    if "refused" in data:
        raise _refused(data["refused"])
    return ReadResult.from_json(data)


def _run(path: Path, within: Limits) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "qualification.scope.child", str(path.resolve()), within.to_json()]
    try:
        # The environment is not handed on: the child needs no secret of ours.
        return subprocess.run(
            command, cwd=Path(__file__).resolve().parents[2],
            env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}, capture_output=True, timeout=within.wall, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise SheetRefused("takes_too_long", seconds=within.wall) from error


def _refused(problem: dict[str, object]) -> SheetRefused:
    params = problem.get("params")
    return SheetRefused(
        str(problem["code"]), cell=str(problem["cell"]), sheet=str(problem["sheet"]), read=str(problem["read"]),
        **(params if isinstance(params, dict) else {}),
    )  # fmt: skip
