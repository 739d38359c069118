"""Chances and ends from history alone: counted by hand here."""

from __future__ import annotations

import numpy as np
import pytest

from workflows.foresight.chances import History
from workflows.foresight.enums import LONGEST, Basis
from workflows.foresight.history import CODES, END, Samples

DECISION, ISSUE, REVIEW = (CODES.index(code) for code in ("decision", "issue", "technical_review"))
FIRST, RENEWAL = 1, 2


def samples(*rows: tuple[int, int, int, int, int, int, int], times: int = 1) -> Samples:
    """Rows of code, kinds, authority, net, gross, then, limit."""
    table = np.array([row for row in rows for _ in range(times)])
    return Samples.of(*(table[:, n] for n in range(table.shape[1])))


def decisions(days: list[int], *, kinds: int = FIRST, place: int = 3, then: int = END) -> list[tuple[int, ...]]:
    return [(DECISION, kinds, place, n, n, then, 10) for n in days]


def test_equal_samples_are_counted_together_and_survive_the_database() -> None:
    found = samples(*decisions([3, 4]), times=5)
    assert found.count.tolist() == [5, 5]
    again = Samples.unpack(found.pack())
    assert [again.net.tolist(), again.count.tolist(), again.then.tolist()] == [[3, 4], [5, 5], [END, END]]


def test_the_chance_is_that_of_those_that_ran_as_long() -> None:
    past = History(samples(*decisions([5] * 20 + [9] * 10 + [12] * 10)))
    fresh = past.chance((DECISION, FIRST, 3), 0, 10)
    assert (fresh.basis, fresh.samples) == (Basis.OWN, 40)
    assert fresh.chance == pytest.approx(10.5 / 41)
    late = past.chance((DECISION, FIRST, 3), 6, 10)
    assert (late.samples, late.chance) == (20, pytest.approx(10.5 / 21))
    assert past.chance((DECISION, FIRST, 3), 10, 10).chance == pytest.approx(10.5 / 11)


def test_a_longer_limit_is_missed_less_often() -> None:
    past = History(samples(*decisions([5] * 20 + [12] * 10)))
    assert past.chance((DECISION, FIRST, 3), 0, 12).chance == pytest.approx(0.5 / 31)


def test_too_little_history_of_ones_own_asks_the_wider_group() -> None:
    rows = [*decisions([9] * 19), *decisions([12] * 19, place=1), *decisions([4] * 30, kinds=RENEWAL, place=1)]
    past = History(samples(*rows))
    kind = past.chance((DECISION, FIRST, 3), 0, 10)
    assert (kind.basis, kind.samples) == (Basis.KIND, 38)
    stage = past.chance((DECISION, 4, 5), 0, 10)
    assert (stage.basis, stage.samples) == (Basis.STAGE, 68)


def test_too_little_history_at_all_says_nothing() -> None:
    past = History(samples(*decisions([5] * 19)))
    assert past.chance((DECISION, FIRST, 3), 0, 10).chance is None
    assert past.chance((DECISION, FIRST, 3), 0, 10).basis == Basis.NONE
    enough = History(samples(*decisions([5] * 40 + [30] * 7)))
    assert enough.chance((DECISION, FIRST, 3), 6, 10).chance is None, "seven that ran so long are too few"
    assert enough.finish((DECISION, FIRST, 3), 6) is None


def test_the_end_is_the_sum_of_what_is_left_and_what_follows() -> None:
    rows = decisions([4] * 50 + [8] * 50, then=ISSUE) + [(ISSUE, FIRST, 3, n, n, END, 7) for n in [2] * 50 + [6] * 50]
    past = History(samples(*rows))
    found = past.finish((DECISION, FIRST, 3), 0)
    # 6, 10, 10 and 14 working days, a quarter each.
    assert found is not None
    assert (found.low, found.middle, found.high) == (6, 10, 14)
    later = past.finish((DECISION, FIRST, 3), 5)
    assert later is not None
    assert (later.low, later.middle, later.high) == (5, 5, 9)


def test_a_way_that_forks_is_weighted() -> None:
    rows = decisions([1] * 80, then=END) + decisions([1] * 20, then=ISSUE) + [(ISSUE, FIRST, 3, 5, 5, END, 7)] * 30
    found = History(samples(*rows)).finish((DECISION, FIRST, 3), 0)
    assert found is not None
    assert (found.low, found.middle, found.high) == (1, 1, 6)


def test_a_stage_to_come_without_history_is_taken_from_the_law_and_no_interval_is_told() -> None:
    past = History(samples(*[(REVIEW, FIRST, 3, n, n, DECISION, 30) for n in [20] * 30]), {"decision": 10, "issue": 7})
    found = past.finish((REVIEW, FIRST, 3), 0)
    assert found is not None
    assert (found.low, found.middle, found.high) == (None, 37, None)


def test_nothing_is_lost_beyond_the_longest() -> None:
    rows = decisions([LONGEST] * 30, then=ISSUE) + [(ISSUE, FIRST, 3, 5, LONGEST, END, 7)] * 30
    past = History(samples(*rows))
    weights, is_thin = past.ahead((DECISION, FIRST, 3))
    assert (weights.sum(), weights[LONGEST], is_thin) == (pytest.approx(1), pytest.approx(1), False)


def test_a_limit_beside_the_way_ends_no_case() -> None:
    rows = [(CODES.index("offer"), FIRST, 3, 1, 1, END, 2)] * 30
    past = History(samples(*rows))
    assert past.finish((CODES.index("offer"), FIRST, 3), 0) is None
    assert past.chance((CODES.index("offer"), FIRST, 3), 0, 2).chance == pytest.approx(0.5 / 31)


def test_the_same_history_in_another_order_says_the_same() -> None:
    rows = decisions([5, 6, 7, 9, 12] * 10, then=ISSUE) + [(ISSUE, FIRST, 3, 5, 6, END, 7)] * 30
    one, other = History(samples(*rows)), History(samples(*reversed(rows)))
    assert one.chance((DECISION, FIRST, 3), 6, 10) == other.chance((DECISION, FIRST, 3), 6, 10)
    assert one.finish((DECISION, FIRST, 3), 2) == other.finish((DECISION, FIRST, 3), 2)
