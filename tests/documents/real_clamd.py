"""A real clamd for a test process, with one hand-made signature: that of the EICAR test file."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

needs_clamd = pytest.mark.needs_system("clamd")
# The EICAR test file, in two halves so that no scanner stumbles over this module.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LARGEST = 1024 * 1024


@pytest.fixture(scope="session")
def clamd_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a clamd that knows EICAR, takes one MiB and says so of what is larger."""
    folder = tmp_path_factory.mktemp("clamd")
    signatures = folder / "signatures"
    signatures.mkdir()
    (signatures / "test.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
    address = folder / "clamd.sock"
    lines = (
        f"LocalSocket {address}", f"DatabaseDirectory {signatures}", f"TemporaryDirectory {folder}", "Foreground yes",
        f"StreamMaxLength {LARGEST}", f"MaxFileSize {LARGEST}", f"MaxScanSize {LARGEST}", "AlertExceedsMax yes",
    )  # fmt: skip
    (folder / "clamd.conf").write_text("\n".join(lines) + "\n")
    line = ["clamd", "--config-file", str(folder / "clamd.conf")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(line, stdout=log, stderr=log)
    _wait(address, process)
    yield f"unix:{address}"
    process.terminate()
    process.wait(timeout=30)


def _wait(address: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, (address.parent / "log").read_text()
        with socket.socket(socket.AF_UNIX) as line:
            if address.exists() and line.connect_ex(str(address)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("clamd does not answer")
