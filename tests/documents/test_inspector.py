"""The process that checks files: a child of its own per file, ended by its limits, gone with its owner."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from documents.inspector import KIN_FILES, Inspector
from tests.documents import files

PDF: dict[str, Any] = {"format": "pdf", "pages": 1, "flags": []}


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    made = Inspector()
    yield made
    made.stop()


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "a.pdf"
    path.write_bytes(files.pdf())
    return path


@pytest.fixture
def stuck(tmp_path: Path) -> Path:
    """A file whose check never ends: a pipe that nobody writes to."""
    path = tmp_path / "stuck.pdf"
    os.mkfifo(path)
    return path


def write_if_read(pipe: Path, content: bytes) -> None:
    """Give a pipe its content if somebody waits for it."""
    with suppress(OSError), os.fdopen(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK), "wb") as writer:
        writer.write(content)
    time.sleep(0.01)


def ask(inspector: Inspector, path: Path, seconds: int = 30) -> Any:
    ended, said = inspector.ask(path, "pdf", seconds)
    return ended if ended else json.loads(said)


def kin_of(inspector: Inspector) -> list[int]:
    """The children that the process has just now."""
    pid = pid_of(inspector)
    return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def ask_for(inspector: Inspector, path: Path, kin: str, seconds: int = 30) -> Any:
    ended, said = inspector.ask(path, "pdf", seconds, kin=kin)
    return ended if ended else json.loads(said)


def pid_of(inspector: Inspector) -> int:
    assert inspector._process is not None
    return inspector._process.pid


def is_gone(pid: int) -> bool:
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_one_process_checks_file_after_file(inspector: Inspector, pdf: Path) -> None:
    assert ask(inspector, pdf) == PDF
    first = pid_of(inspector)
    assert ask(inspector, pdf) == PDF
    assert pid_of(inspector) == first


def test_the_process_knows_no_secret_of_its_owner(inspector: Inspector, pdf: Path) -> None:
    ask(inspector, pdf)
    assert Path(f"/proc/{pid_of(inspector)}/environ").read_bytes() == b""


def test_a_check_that_takes_too_long_is_ended(inspector: Inspector, stuck: Path, pdf: Path) -> None:
    assert ask(inspector, stuck, seconds=1) == -signal.SIGALRM
    assert ask(inspector, pdf) == PDF


def test_a_stuck_file_does_not_hold_up_another(inspector: Inspector, stuck: Path, pdf: Path) -> None:
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.append(ask(inspector, stuck, seconds=60)))
    waiting.start()
    assert ask(inspector, pdf) == PDF
    assert found == []
    while waiting.is_alive():  # the check opens it more than once
        write_if_read(stuck, b"%PDF-1.7 nothing")
    assert [(answer["problem"]) for answer in found] == ["broken"]


def test_sound_files_of_one_sender_share_a_child(inspector: Inspector, pdf: Path) -> None:
    assert ask_for(inspector, pdf, "a") == PDF
    (first,) = kin_of(inspector)
    assert ask_for(inspector, pdf, "a") == PDF
    assert kin_of(inspector) == [first]


def test_a_child_sees_files_of_nobody_else(inspector: Inspector, pdf: Path) -> None:
    ask_for(inspector, pdf, "a")
    (first,) = kin_of(inspector)
    assert ask_for(inspector, pdf, "b") == PDF
    assert is_gone(first)
    assert ask(inspector, pdf) == PDF  # of a sender without a name
    assert ask(inspector, pdf) == PDF
    for pid in kin_of(inspector):
        assert is_gone(pid)


def test_a_child_ends_with_the_first_file_that_is_not_sound(inspector: Inspector, pdf: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing")
    ask_for(inspector, pdf, "a")
    (first,) = kin_of(inspector)
    assert ask_for(inspector, broken, "a")["problem"] == "broken"
    assert is_gone(first)
    assert ask_for(inspector, pdf, "a") == PDF


def test_a_child_is_not_kept_for_ever(inspector: Inspector, pdf: Path) -> None:
    ask_for(inspector, pdf, "a")
    (first,) = kin_of(inspector)
    assert is_gone(first), "it waits for some seconds only"
    assert ask_for(inspector, pdf, "a") == PDF
    (second,) = kin_of(inspector)
    for _ in range(KIN_FILES):
        assert ask_for(inspector, pdf, "a") == PDF
    assert kin_of(inspector) != [second]


def test_a_later_file_is_not_blamed_for_the_end_of_a_child(inspector: Inspector, stuck: Path, pdf: Path) -> None:
    ask_for(inspector, pdf, "a")
    (first,) = kin_of(inspector)
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.append(ask_for(inspector, stuck, "a", seconds=60)))
    waiting.start()
    time.sleep(0.2)  # it looks at the second file now
    os.kill(first, signal.SIGKILL)
    while waiting.is_alive():
        write_if_read(stuck, b"%PDF-1.7 nothing")
    assert [answer["problem"] for answer in found] == ["broken"]


def test_a_child_that_is_killed_while_it_waits_is_replaced(inspector: Inspector, pdf: Path) -> None:
    for _ in range(20):
        assert ask_for(inspector, pdf, "a") == PDF
        for child in kin_of(inspector):  # none is kept of a file that had to be tried once more
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def test_many_that_end_at_once_are_all_answered(inspector: Inspector, pdf: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing")
    ask(inspector, pdf)
    first, found = pid_of(inspector), []

    def many(kin: str) -> None:
        for path in (broken, pdf, pdf, broken) * 5:
            found.append(ask_for(inspector, path, kin).get("problem", ""))

    senders = [threading.Thread(target=many, args=(kin,)) for kin in "abcd"]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert (found.count("broken"), found.count("")) == (40, 40)
    assert pid_of(inspector) == first


def test_what_is_said_against_a_file_is_said_by_a_child_of_its_own(
    inspector: Inspector, pdf: Path, stuck: Path, tmp_path: Path
) -> None:
    ask_for(inspector, pdf, "a")
    (first,) = kin_of(inspector)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing")
    ended, said = inspector.ask(broken, "pdf", 30, kin="a")
    assert ended == 0
    assert json.loads(said)["problem"] == "broken"  # one answer, not two
    assert is_gone(first)
    ask_for(inspector, pdf, "a")
    begun = time.monotonic()
    assert ask_for(inspector, stuck, "a", seconds=2) == -signal.SIGALRM
    assert time.monotonic() - begun < 3.9, "its time was its own, and is not given twice"


def test_a_process_that_was_killed_is_started_again(inspector: Inspector, pdf: Path) -> None:
    ask(inspector, pdf)
    first = pid_of(inspector)
    os.kill(first, signal.SIGKILL)
    assert ask(inspector, pdf) == PDF
    assert pid_of(inspector) != first


def test_a_forked_owner_has_a_process_of_its_own(inspector: Inspector, pdf: Path) -> None:
    ask(inspector, pdf)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            answer = ask(inspector, pdf)
            os.write(writing, json.dumps([answer, pid_of(inspector)]).encode())
            inspector.stop()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    answer, its_process = json.loads(os.read(reading, 4096))
    os.close(reading)
    os.close(writing)
    assert (answer, its_process == pid_of(inspector)) == (PDF, False)
    assert ask(inspector, pdf) == PDF


def test_the_process_ends_with_an_owner_that_was_killed(pdf: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from documents.inspector import Inspector; "
        "one = Inspector(); one.ask(Path(sys.argv[1]), 'pdf', 30); "
        "print(one._process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    line = [sys.executable, "-c", script, str(pdf)]
    told = subprocess.run(line, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    assert told.returncode == -signal.SIGKILL
    assert is_gone(int(told.stdout))
