"""The process that runs typst: no Django, no environment, limited memory and time (see `documents.papers.press`).

Run as a script; reads the paths of job files line by line, writes the PDF (and the places of the seals) beside each and
answers with a line: `[status, what typst said]`. A job is JSON: root, main, fonts, inputs, output, seals, timestamp,
memory_mb, seconds.
"""

from __future__ import annotations

import json
import resource
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

TEMPLATE_ERROR = 3


def limit(memory_mb: int, seconds: int) -> None:
    """Bind this process to an address space (MiB) and, from now on, CPU seconds, without core dumps."""
    space = memory_mb * 1024 * 1024
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_AS, (space, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@lru_cache(maxsize=2)
def _fonts(folders: tuple[str, ...]) -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders))


def render(job: dict[str, Any]) -> None:
    """Compile the job's main file and, when asked for, query the places of the seals."""
    import typst

    compiler = typst.Compiler(
        job["main"], root=job["root"], font_paths=_fonts(tuple(job["fonts"])), ignore_system_fonts=True,
        sys_inputs=job["inputs"],
    )  # fmt: skip
    pdf = compiler.compile(format="pdf", timestamp=job["timestamp"])
    if job["seals"]:
        Path(job["seals"]).write_text(compiler.query("<seal>", field="value"))
    Path(job["output"]).write_bytes(cast("bytes", pdf))


def _answer(path: str) -> tuple[int, str]:
    job = json.loads(Path(path).read_text())
    limit(job["memory_mb"], job["seconds"])
    try:
        render(job)
    except RuntimeError as error:
        return TEMPLATE_ERROR, str(getattr(error, "diagnostic", None) or error)
    return 0, ""


def main() -> int:
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(_answer(line.rstrip()))}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
