"""Runs the benches of tests/bench, all or those named, one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "bench"


def main(names: list[str]) -> int:
    """Returns the number of benches that failed; 2 for a name that does not exist."""
    known = sorted(
        path.stem for path in FOLDER.glob("[a-z]*.py") if path.stem not in {"apps", "flows", "sender", "settings"}
    )
    unknown = sorted(set(names) - set(known))
    if unknown or not known:
        print(f"No bench {', '.join(unknown) or 'at all'}. There are: {', '.join(known) or 'none'}.", file=sys.stderr)
        return 2
    codes = [subprocess.call([sys.executable, "-m", f"tests.bench.{name}"]) for name in names or known]
    return sum(code != 0 for code in codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
