"""The process that reads one sheet; `documents.inspector` forks it.

It limits itself first, loads neither Django nor our settings, writes one JSON object and ends. Whatever the
spreadsheet library does to its process, ours goes on.
"""

from __future__ import annotations

import json
import resource
import sys

from qualification.scope.findings import SheetRefused
from qualification.scope.limits import Limits


def limit(limits: Limits) -> None:
    """Bound memory and processor time of this process; it may write no file and open few."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu, limits.cpu + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def answer(path: str, limits: Limits) -> dict[str, object]:
    """Guard, then read: `{"rows", "problems"}` or `{"refused"}`."""
    from qualification.scope import guard, reader

    try:
        errors = guard.check(path, limits)
        result = reader.read(path, limits)
        result.problems += [problem.as_json() for problem in errors]
        return result.as_json()
    except SheetRefused as refused:
        return {"refused": refused.problem.as_json()}
    except MemoryError:
        return {"refused": SheetRefused("needs_too_much").problem.as_json()}


def main(path: str, limits: str) -> int:
    """Read the file named first, within the limits given second."""
    within = Limits.from_json(limits)
    limit(within)
    json.dump(answer(path, within), sys.stdout, ensure_ascii=True)
    return 0


def preload() -> None:
    """Everything a reading imports, so that no child has to."""
    from qualification.scope import guard, reader  # noqa: F401
