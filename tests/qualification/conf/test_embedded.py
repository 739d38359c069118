from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from qualification.conf import embedded
from qualification.conf.environment import BASE_DIR


@pytest.fixture
def var_dir() -> Iterator[Path]:
    # Short, because a socket's path may have 100 characters only; readable for the server's own account.
    with tempfile.TemporaryDirectory(prefix="tz") as name:
        Path(name).chmod(0o755)
        yield Path(name)
        embedded.stop_if_idle(Path(name))


def test_one_server_for_several_processes_stopped_when_idle(var_dir: Path) -> None:
    assert not embedded.is_running(var_dir)
    url = embedded.start(var_dir)
    assert embedded.start(var_dir) == url
    print_port = [sys.executable, "-m", "qualification.conf.embedded", "printenv", "DATABASE_URL"]
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | {"VAR_DIR": str(var_dir)}
    told = subprocess.run(print_port, env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=True).stdout
    assert told.strip() == url
    assert embedded.is_running(var_dir), "the child has not started it and must not stop it"
    with psycopg.connect(url):
        assert not embedded.stop_if_idle(var_dir)
    assert embedded.stop_if_idle(var_dir)
    assert not embedded.is_running(var_dir)
    assert embedded.start(var_dir) == url, "it starts again after a stop"


def test_a_process_that_bears_the_old_number_is_not_the_server(var_dir: Path) -> None:
    folder = var_dir / "postgres"
    folder.mkdir()
    lines = [str(os.getpid()), str(folder), "1795220729", "5432", str(folder), "", "1 2", "ready"]
    (folder / "postmaster.pid").write_text("\n".join(lines))
    assert not embedded.is_running(var_dir)
    assert not (folder / "postmaster.pid").exists()
