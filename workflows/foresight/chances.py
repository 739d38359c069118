"""From history to chances: empirical distributions, conditioned on the days already used, and their sums.

Stages are taken as independent of one another within a group; the remaining way is the sum of their distributions, worked
out exactly by convolution. Nothing is drawn at random: the same history says the same, to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workflows.foresight.enums import HIGH, LONGEST, LOW, MIDDLE, MIN_ALIVE, MIN_SAMPLES, THEN, Basis
from workflows.foresight.history import CODES, END, RANK, Samples

Weights = NDArray[np.float64]
# Code, kinds, authority.
Group = tuple[int, int, int]
LEVELS = (Basis.OWN, Basis.KIND, Basis.STAGE)


@dataclass(frozen=True, slots=True)
class Chance:
    """The chance to miss a limit; None where too few limits ran that long."""

    chance: float | None
    basis: Basis
    samples: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Working days until the case has ended; without the outer two where a stage had to be taken from the law."""

    low: int | None
    middle: int
    high: int | None


@dataclass
class Pool:
    """The ended limits of one group."""

    net: NDArray[np.int64]
    gross: NDArray[np.int64]
    then: NDArray[np.int64]
    count: NDArray[np.int64]

    @property
    def size(self) -> int:
        """How many."""
        return int(self.count.sum())


@dataclass
class History:
    """All ended limits, ready to be asked."""

    samples: Samples
    limits: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pools: dict[tuple[Basis, Group], Pool] = {}
        self._rows = {code: np.flatnonzero(self.samples.code == code) for code in range(len(CODES))}
        self._ahead: dict[Group, tuple[Weights, bool]] = {}
        self._finish: dict[tuple[Group, int], Finish | None] = {}
        self._chances: dict[tuple[Group, int, int], Chance] = {}

    @property
    def size(self) -> int:
        """How many limits have ended."""
        return int(self.samples.count.sum())

    def pool(self, basis: Basis, group: Group) -> Pool:
        """The ended limits of a group, as wide as the basis says."""
        code, kinds, authority = group
        key = (basis, (code, 0 if basis == Basis.STAGE else kinds, authority if basis == Basis.OWN else 0))
        if key not in self._pools:
            of, rows = self.samples, self._rows[code]
            if basis != Basis.STAGE:
                rows = rows[of.kinds[rows] == kinds]
            if basis == Basis.OWN:
                rows = rows[of.authority[rows] == authority]
            self._pools[key] = Pool(of.net[rows], of.gross[rows], of.then[rows], of.count[rows])
        return self._pools[key]

    def chance(self, group: Group, used: int, limit: int) -> Chance:
        """How likely a limit is to be missed that has used so many days and not ended.

        Of those in the narrowest group with enough of them that ran at least as long: the share that ran past the
        limit, drawn towards the middle by half a case on either side, so that nothing is ever called certain.
        """
        key = (group, used, limit)
        if key not in self._chances:
            self._chances[key] = self._counted(group, used, limit)
        return self._chances[key]

    def _counted(self, group: Group, used: int, limit: int) -> Chance:
        for basis in LEVELS:
            pool = self.pool(basis, group)
            alive = pool.net >= used
            count = int(pool.count[alive].sum())
            if pool.size >= MIN_SAMPLES and count >= MIN_ALIVE:
                late = int(pool.count[alive & (pool.net > limit)].sum())
                return Chance((late + 0.5) / (count + 1), basis, count)
        return Chance(None, Basis.NONE, 0)

    def finish(self, group: Group, gone: int) -> Finish | None:
        """When the case has ended that is in a stage for so many working days; None where too few were there so long."""
        key = (group, gone)
        if key not in self._finish:
            self._finish[key] = self._worked_out(group, gone)
        return self._finish[key]

    def _worked_out(self, group: Group, gone: int) -> Finish | None:
        if RANK[group[0]] < 0:
            return None
        for basis in LEVELS:
            pool = self.pool(basis, group)
            alive = pool.gross >= gone
            if pool.size >= MIN_SAMPLES and pool.count[alive].sum() >= MIN_ALIVE:
                return _told(*self._sum(group, pool, alive, gone))
        return None

    def _sum(self, group: Group, pool: Pool, alive: Any, gone: int) -> tuple[Weights, bool]:
        """The days left of a stage, and all that follows it; whether a stage of it had to be taken from the law."""
        found, is_thin = np.zeros(LONGEST + 1), False
        total = pool.count[alive].sum()
        for then in np.unique(pool.then[alive]).tolist():
            chosen = alive & (pool.then == then)
            share = pool.count[chosen] / total
            here: Any = np.bincount(pool.gross[chosen] - gone, weights=share, minlength=LONGEST + 1)
            after, is_law = self.ahead((then, *group[1:]))
            found += _added(here, after)
            is_thin |= is_law
        return found, is_thin

    def ahead(self, group: Group) -> tuple[Weights, bool]:
        """The working days from the beginning of a stage to the case's end, as weights; after the last one none."""
        if group[0] == END:
            return _exactly(0), False
        if group not in self._ahead:
            self._ahead[group] = self._stage(group)
        return self._ahead[group]

    def _stage(self, group: Group) -> tuple[Weights, bool]:
        for basis in LEVELS:
            pool = self.pool(basis, group)
            if pool.size >= MIN_SAMPLES:
                return self._sum(group, pool, np.ones(len(pool.gross), dtype=bool), 0)
        code = CODES[group[0]]
        following = CODES.index(THEN[code]) if code in THEN else END
        after, _is_thin = self.ahead((following, *group[1:]))
        return _added(_exactly(self.limits.get(code, 0)), after), True


def _exactly(days: int) -> Weights:
    found = np.zeros(LONGEST + 1)
    found[days] = 1.0
    return found


def _added(one: Weights, other: Weights) -> Weights:
    """The distribution of a sum; what goes beyond the longest is counted as the longest."""
    whole = np.convolve(np.trim_zeros(one, "b"), np.trim_zeros(other, "b"))
    found = np.zeros(LONGEST + 1)
    found[: len(whole)] = whole[: LONGEST + 1]
    found[LONGEST] += whole[LONGEST + 1 :].sum()
    return found


def _told(weights: Weights, is_thin: bool) -> Finish:
    low, middle, high = (_quantile(weights, share) for share in (LOW, MIDDLE, HIGH))
    return Finish(None, middle, None) if is_thin else Finish(low, middle, high)


def _quantile(weights: Weights, share: float) -> int:
    # A hair less than the share: sums of many small numbers end a little below it.
    return int(np.searchsorted(np.cumsum(weights), share - 1e-9))
