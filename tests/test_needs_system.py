"""The mark `needs_system`: a skip that is counted, or a failure where programs are required."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards import ROOT

SAMPLE = """
import pytest

@pytest.mark.needs_system("python3", "no-such-program")
def test_missing(): ...

@pytest.mark.needs_system("sh")
def test_there(): ...
"""


def run(folder: Path, required: str) -> tuple[int, str]:
    sample = folder / "test_sample.py"
    sample.write_text(SAMPLE)
    line = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-p", "no:xdist"]
    told = subprocess.run(
        [*line, "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), str(sample)],
        cwd=ROOT,
        env=os.environ | {"TONGZHENG_REQUIRE_SYSTEM": required},
        capture_output=True,
        text=True,
        check=False,
    )
    return told.returncode, told.stdout


def test_a_missing_program_skips_and_is_counted(tmp_path: Path) -> None:
    code, out = run(tmp_path, "")
    assert code == pytest.ExitCode.OK
    assert "Skipped because a program is missing: 1 (no-such-program 1)" in out
    assert "1 passed, 1 skipped" in out


def test_where_programs_are_required_it_fails(tmp_path: Path) -> None:
    code, out = run(tmp_path, "1")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "needs the program no-such-program" in out
