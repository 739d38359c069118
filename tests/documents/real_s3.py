"""A real S3 server (Ceph) for a test process, started by the first test that wants it."""

from __future__ import annotations

import atexit
import random
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("radosgw", "ceph-mon", "ceph-osd", "ceph-mgr")
needs_s3 = pytest.mark.needs_system(*PROGRAMS)
SCRIPT = Path(__file__).parents[1] / "tools" / "real-s3.sh"
# Below the ports that the system gives to clients; the script takes two others, so far below.
PORTS = range(25000, 32000)
BELOW = (0, 14180, 10691)
_running: dict[str, str] = {}


def _is_free(port: int) -> bool:
    for below in BELOW:
        with socket.socket() as place:
            try:
                place.bind(("127.0.0.1", port - below))
            except OSError:
                return False
    return True


def _start(folder: Path) -> None:
    port = next(p for p in random.sample(PORTS, 100) if _is_free(p))
    up = subprocess.run(
        ["bash", str(SCRIPT), "up", str(folder), str(port)], capture_output=True, text=True, check=False, timeout=180
    )
    assert up.returncode == 0, up.stderr[-2000:]
    _running.update(folder=str(folder), endpoint_url=f"http://127.0.0.1:{port}")
    atexit.register(subprocess.run, ["bash", str(SCRIPT), "down", str(folder)], check=False, timeout=60)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Endpoint of the server of this test process, whichever folder's tests ask first; it ends with the process."""
    if not _running:
        _start(tmp_path_factory.mktemp("s3"))
    return _running


@pytest.fixture
def s3_buckets(s3_server: dict[str, str], settings: Any) -> Iterator[dict[str, str]]:
    """Two buckets of their own for one test, as `documents setup` makes them."""
    from documents import buckets, storage

    mark = uuid.uuid4().hex[:12]
    names = {bucket: f"{bucket}-{mark}" for bucket in ("quarantine", "clean")}
    settings.STORAGES = {
        **settings.STORAGES,
        **{
            bucket: {
                "BACKEND": "documents.objects.ObjectStorage",
                "OPTIONS": {
                    "bucket_name": name, "endpoint_url": s3_server["endpoint_url"], "access_key": "test",
                    "secret_key": "testtest", "region_name": "us-east-1", "default_acl": None, "file_overwrite": True,
                    "lock_mode": "GOVERNANCE",
                },
            }
            for bucket, name in names.items()
        },
    }  # fmt: skip
    buckets.prepare()
    yield names
    for bucket in names:
        storage.store(bucket).client.close()  # type: ignore[attr-defined]
