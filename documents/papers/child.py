"""The process that runs typst: no Django, no environment, limited memory and time.

Run as a script with the path of a job file; writes the PDF (and the places of the seals) beside it.
A job is JSON: root, main, fonts, inputs, output, seals, timestamp, memory_mb, seconds.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any, cast

TEMPLATE_ERROR = 3


def limit(memory_mb: int, seconds: int) -> None:
    """Bind this process to an address space (MiB) and CPU seconds, without core dumps."""
    space = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def render(job: dict[str, Any]) -> None:
    """Compile the job's main file and, when asked for, query the places of the seals."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=job["fonts"])
    compiler = typst.Compiler(
        job["main"], root=job["root"], font_paths=fonts, ignore_system_fonts=True, sys_inputs=job["inputs"]
    )
    pdf = compiler.compile(format="pdf", timestamp=job["timestamp"])
    if job["seals"]:
        Path(job["seals"]).write_text(compiler.query("<seal>", field="value"))
    Path(job["output"]).write_bytes(cast("bytes", pdf))


def main() -> int:
    job = json.loads(Path(sys.argv[1]).read_text())
    limit(job["memory_mb"], job["seconds"])
    try:
        render(job)
    except RuntimeError as error:
        sys.stderr.write(str(getattr(error, "diagnostic", None) or error))
        return TEMPLATE_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
