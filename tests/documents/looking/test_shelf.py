"""The shelf: bounded, whole or not at all, and nothing in use is lost."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from documents.looking.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf", 1_000)


def age(shelf: Shelf, name: str, seconds: int) -> None:
    then = time.time() - seconds
    os.utime(shelf._path(name), (then, then))


def size(shelf: Shelf) -> int:
    return sum(path.stat().st_size for path in shelf.root.rglob("*") if path.is_file())


def test_what_was_laid_down_is_found(shelf: Shelf) -> None:
    assert shelf.get("ab-1") is None
    shelf.put("ab-1", b"one")
    shelf.put("ab-1", b"two")
    assert shelf.get("ab-1") == b"two"
    assert shelf._path("ab-1").stat().st_mode & 0o077 == 0


def test_what_was_not_used_for_longest_goes_first(shelf: Shelf) -> None:
    for number in range(1, 11):
        shelf.put(f"{number:02}-page", b"x" * 100)
        age(shelf, f"{number:02}-page", 100 - number)
    assert shelf.get("01-page") is not None  # used just now
    shelf.put("11-page", b"x" * 100)  # one too many: from here on the shelf may trim itself
    shelf.trim()
    assert size(shelf) <= 800
    assert shelf.get("01-page") is not None
    assert shelf.get("02-page") is None
    assert shelf.get("11-page") is not None


def test_the_shelf_stays_bounded(shelf: Shelf) -> None:
    for number in range(300):
        shelf.put(f"{number:03}-page", b"x" * 100)
    shelf.trim()
    assert size(shelf) <= 1_000


def test_a_file_in_use_stays_though_it_is_larger_than_the_shelf(shelf: Shelf) -> None:
    made = []

    def write(path: Path) -> None:
        made.append(path)
        path.write_bytes(b"y" * 5_000)

    with shelf.held("cd-whole", write) as path:
        shelf.trim()
        assert path.stat().st_size == 5_000
    assert not path.exists()
    with shelf.held("cd-whole", write):
        pass
    assert len(made) in {1, 2}


def test_a_copy_is_made_once_while_it_fits(shelf: Shelf) -> None:
    made = []

    def write(path: Path) -> None:
        made.append(path)
        path.write_bytes(b"y" * 50)

    for _turn in range(3):
        with shelf.held("cd-whole", write) as path:
            assert path.read_bytes() == b"y" * 50
    assert len(made) == 1


def test_what_a_killed_process_held_goes_in_the_end(shelf: Shelf) -> None:
    shelf.put("held-dead", b"z" * 2_000)
    shelf.trim()
    assert shelf.get("held-dead") is not None
    age(shelf, "held-dead", 4_000)
    shelf.trim()
    assert shelf.get("held-dead") is None


def test_a_copy_that_broke_off_leaves_nothing(shelf: Shelf) -> None:
    def write(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError

    with pytest.raises(OSError), shelf.held("cd-whole", write):
        pytest.fail("not reached")
    assert [path for path in shelf.root.rglob("*") if path.is_file()] == []
