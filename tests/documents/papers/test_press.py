"""A press makes many papers; each is as if it were the only one."""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from documents.papers import press, rendering
from documents.papers.press import Press, PressBroke, Presses

MADE_AT = dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC)


@pytest.fixture
def presses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Presses]:
    made = Presses()
    monkeypatch.setattr(rendering, "presses", made)
    yield made
    made.stop()


def seal(name: str) -> bytes:
    return rendering.render_seal(name, caption="", made_at=MADE_AT)


def test_a_paper_is_the_same_on_a_new_press_and_on_one_that_has_made_others(presses: Presses) -> None:
    first = seal("甲机关")
    presses.stop()
    others = [seal(f"第{number}机关") for number in range(5)]
    assert seal("甲机关") == first
    assert len({first, *others}) == 6
    assert [one.papers for one in presses._idle] == [6]


@pytest.mark.parametrize("is_over", [True, False], ids=["dead", "dying"])
def test_a_press_that_died_while_it_waited_is_replaced(presses: Presses, *, is_over: bool) -> None:
    seal("甲机关")
    process = presses._idle[0]._process
    os.kill(process.pid, signal.SIGKILL)
    if is_over:
        process.wait()
    assert seal("乙机关").startswith(b"%PDF")
    assert [one.papers for one in presses._idle] == [1]


def test_a_press_that_breaks_over_its_first_paper_says_how(presses: Presses, tmp_path: Any) -> None:
    with pytest.raises(PressBroke, match="FileNotFoundError") as raised:
        presses.make(tmp_path / "missing.json", 30)
    assert raised.value.status == 1
    assert presses._idle == []


def test_a_press_that_was_too_slow_is_stopped(presses: Presses) -> None:
    seal("甲机关")
    process = presses._idle[0]._process
    with pytest.raises(press.TookTooLong):
        presses.make(rendering.conf.templates_folder(), 0)
    assert process.poll() == -signal.SIGKILL
    assert presses._idle == []


def test_a_press_ends_after_its_papers(presses: Presses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "MOST_PAPERS", 2)
    seal("甲机关")
    process = presses._idle[0]._process
    seal("乙机关")
    assert presses._idle == []
    assert process.poll() is not None


def test_two_threads_have_a_press_each(presses: Presses) -> None:
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda n=n: made.append(seal(f"第{n}机关"))) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({*made}) == 2
    assert sum(one.papers for one in presses._idle) == 2


def test_a_press_ends_with_its_owner() -> None:
    one = Press()
    one.let_go()
    assert one._process.wait(timeout=20) == 0
