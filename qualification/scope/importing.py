"""Reading a sheet in a child process with limits; its end, however bad, is an answer for the user."""

from __future__ import annotations

import json
import logging
import signal
from pathlib import Path

from django.conf import settings

from documents.inspector import Inspector, InspectorFailed
from qualification.scope.findings import ReadResult, SheetRefused
from qualification.scope.limits import Limits

logger = logging.getLogger(__name__)


def limits() -> Limits:
    """The limits of this installation: the defaults with what `settings.SCOPE_LIMITS` says otherwise."""
    return Limits(**getattr(settings, "SCOPE_LIMITS", {}))


_reader = Inspector("qualification.scope.child")


def read_file(path: str | Path) -> ReadResult:
    """Read one sheet. Raises SheetRefused, also when the child was killed, crashed or took too long."""
    within = limits()
    ended, said = _read(Path(path), within)
    if ended == -signal.SIGALRM:
        raise SheetRefused("takes_too_long", seconds=within.wall)
    if ended:
        logger.warning("Reading %s ended with %s.", path, ended)
        raise SheetRefused("needs_too_much")
    try:
        data = json.loads(said)
    except json.JSONDecodeError as error:
        raise SheetRefused("needs_too_much") from error
    if "refused" in data:
        raise _refused(data["refused"])
    return ReadResult.from_json(data)


def _read(path: Path, within: Limits) -> tuple[int, bytes]:
    try:
        return _reader.ask(path, within.to_json(), within.wall)
    except InspectorFailed as error:
        raise SheetRefused("needs_too_much") from error


def _refused(problem: dict[str, object]) -> SheetRefused:
    params = problem.get("params")
    return SheetRefused(
        str(problem["code"]), cell=str(problem["cell"]), sheet=str(problem["sheet"]), read=str(problem["read"]),
        **(params if isinstance(params, dict) else {}),
    )  # fmt: skip
