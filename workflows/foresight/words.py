"""What is foretold of one open limit: its chance, and the days on which its case has probably ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from qualification.regions import calendars
from qualification.regions.settings import SETTINGS
from workflows.clocks.enums import Unit
from workflows.clocks.policy import POLICY
from workflows.foresight import history
from workflows.foresight.chances import Chance, Finish, History
from workflows.foresight.days import DayTable
from workflows.foresight.history import Samples, Standing

DAYS_A_WEEK, WORKING_A_WEEK = 7, 5


@dataclass(frozen=True, slots=True)
class Word:
    """What is foretold of one open limit."""

    clock_id: int
    code: str
    chance: Chance
    finish: Finish | None
    days: tuple[dt.date | None, dt.date | None, dt.date | None]

    def columns(self) -> dict[str, object]:
        """As the rows keep it."""
        low, middle, high = self.days
        said = self.chance
        return {"clock_id": self.clock_id, "chance": said.chance, "basis": said.basis, "samples": said.samples,
                "low_on": low, "mid_on": middle, "high_on": high}  # fmt: skip


def limits_of_law() -> dict[str, int]:
    """What a stage lasts by its limit alone, in working days: taken where no history says better."""
    found = {}
    for policy in POLICY:
        days = int(SETTINGS[policy.limit_key].default) if policy.limit_key in SETTINGS else 0
        found[policy.code] = days if policy.unit == Unit.WORKING else -(-days * WORKING_A_WEEK // DAYS_A_WEEK)
    return found


def history_of(samples: Samples) -> History:
    """The ended limits, ready to be asked."""
    return History(samples, limits_of_law())


def words_of(standing: Standing, past: History, today: dt.date) -> Iterator[Word]:
    """What is foretold of each open limit."""
    known = calendars.current()
    tables: dict[int, DayTable] = {}
    names = ("pk", "code", "kinds", "authority", "used", "gone", "limit")
    for pk, code, kinds, authority, used, gone, limit in zip(
        *(getattr(standing, name).tolist() for name in names), strict=True
    ):
        table = tables.get(authority) or tables.setdefault(authority, DayTable(known.of(authority)))
        chance = past.chance((code, kinds, authority), used, limit)
        finish = past.finish((code, kinds, authority), gone)
        yield Word(pk, history.CODES[code], chance, finish, _days(finish, table, today.toordinal()))


def _days(finish: Finish | None, table: DayTable, today: int) -> tuple[dt.date | None, dt.date | None, dt.date | None]:
    if finish is None:
        return None, None, None
    low, middle, high = (
        None if days is None else dt.date.fromordinal(table.ahead(today, days))
        for days in (finish.low, finish.middle, finish.high)
    )
    return low, middle, high
