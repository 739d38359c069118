"""Malware: a real clamd, and what happens when it finds something, gives no clear answer, or is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import scanning
from documents.clamd import ClamdScanner
from documents.enums import Purpose, ScanLevel, ScanState
from documents.models import StoredFile, Version
from documents.scanning import ScanFailed
from documents.serving import NotServable, hand_out
from documents.upload import UploadRefused
from tests.documents import files
from tests.documents.owners import NOW, Owner, add, keys_in
from tests.documents.real_clamd import EICAR, LARGEST, needs_clamd


@pytest.fixture
def scanner(clamd_address: str, monkeypatch: Any) -> Iterator[ClamdScanner]:
    found = ClamdScanner(clamd_address)
    monkeypatch.setattr(scanning, "_scanners", [*scanning._scanners, found])
    yield found


@needs_clamd
def test_eicar_in_a_document_is_refused_and_never_leaves_the_quarantine(
    owner: Owner, writer: Any, scanner: ClamdScanner, buckets: Path
) -> None:
    with pytest.raises(UploadRefused) as refused:
        add(owner, writer, "a.txt", EICAR, code="anything")
    assert refused.value.code in {"malware", "wrong_type"}
    infected = files.pdf("a") + b"\n%" + EICAR + b"\n"
    with pytest.raises(UploadRefused) as refused:
        add(owner, writer, "a.pdf", infected)
    assert refused.value.code == "malware"
    assert "Eicar-Test-Signature" in refused.value.message
    assert keys_in(buckets, "clean") == []
    assert not Version.objects.live().exists()


@needs_clamd
def test_what_clamd_finds_clean_is_served_in_production(
    owner: Owner, writer: Any, scanner: ClamdScanner, buckets: Path, settings: Any
) -> None:
    settings.DEMO = False
    file = add(owner, writer).file
    assert (file.scan_state, file.scan_level) == (ScanState.CLEAN, ScanLevel.MALWARE)
    assert file.scan_verdict["clamd"].startswith("ClamAV")
    handed = hand_out(file=file, user=writer, purpose=Purpose.DOWNLOAD, ip=None, now=NOW)
    assert b"".join(handed).startswith(b"%PDF")


@needs_clamd
def test_what_clamd_has_looked_at_in_part_only_is_not_clean(
    owner: Owner, writer: Any, scanner: ClamdScanner, buckets: Path
) -> None:
    large = files.pdf("a") + b"\n%" + b"a" * (LARGEST + 100)
    file = add(owner, writer, "a.pdf", large).file
    assert file.scan_state == ScanState.FAILED
    with pytest.raises(NotServable):
        hand_out(file=file, user=writer, purpose=Purpose.DOWNLOAD, ip=None, now=NOW)


@needs_clamd
def test_the_version_tells_the_daemon(scanner: ClamdScanner) -> None:
    assert scanner.version().startswith("ClamAV")


def test_a_scanner_that_is_not_there_makes_nothing_clean_and_it_is_tried_again(
    owner: Owner, writer: Any, buckets: Path, monkeypatch: Any, tmp_path: Path
) -> None:
    away = ClamdScanner(f"unix:{tmp_path}/nobody.sock")
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "_scanners", [*scanning._scanners, away])
        file = add(owner, writer).file
        assert (file.scan_state, file.scan_verdict["problem"]) == (ScanState.FAILED, "failed")
    scanning.check(file.pk, now=NOW)
    assert StoredFile.objects.get().scan_state == ScanState.CLEAN


@pytest.mark.parametrize("address", ["", "clamd", "tcp://host", "unix:", "http://host:1"])
def test_an_address_that_is_none_is_an_error(address: str) -> None:
    with pytest.raises(ValueError, match="CLAMD"):
        ClamdScanner(address)


def test_no_answer_is_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a")
    with pytest.raises(ScanFailed):
        ClamdScanner("tcp://127.0.0.1:9").scan(path, "a")
