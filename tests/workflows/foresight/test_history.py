"""History reads what was known on a day, nothing later; predictions are kept, settled and counted."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.core.management import call_command
from django.utils import timezone

from qualification.applications.models import Application
from qualification.regions import calendars
from tests.workflows.foresight.makes import at, new_case, new_clock
from workflows.clocks.models import Clock, ClockExtension, ClockInterval
from workflows.foresight import history, queries, services, words
from workflows.foresight.chances import History
from workflows.foresight.history import CODES, END, Rows
from workflows.foresight.models import Fit, Forecast, Prediction

pytestmark = pytest.mark.django_db
D = dt.date


@pytest.fixture(autouse=True)
def calendar(db: None) -> None:
    calendars.load_all(now=at(D(2024, 11, 10)))


def ended(case: Application, code: str, start: D, stop: D, **facts: object) -> Clock:
    return new_clock(case, code, start, state="stopped", stopped_at=at(stop, 16), **facts)


def open_on(day: D, *, through_today: bool = False) -> dict[str, tuple[int, int, int]]:
    """Code of each open limit: days used, days gone, limit."""
    now = history.at(Rows.read("true"), day, through_today=through_today).open
    rows = zip(now.code.tolist(), now.used.tolist(), now.gone.tolist(), now.limit.tolist(), strict=True)
    return {CODES[code]: (used, gone, limit) for code, used, gone, limit in rows}


def test_days_used_leave_pauses_out_and_days_gone_do_not() -> None:
    case = new_case()
    review = new_clock(case, "technical_review", D(2026, 3, 2), budget=30)
    ClockInterval.objects.create(clock=review, cause="x", paused_at=at(D(2026, 3, 4)), resumed_at=at(D(2026, 3, 10)))
    # 3 and 4 March count, 5 to 10 do not, 11 to 13 do.
    assert open_on(D(2026, 3, 13)) == {"technical_review": (5, 9, 30)}
    # On the 9th the resumption was not known.
    assert open_on(D(2026, 3, 9)) == {"technical_review": (2, 5, 30)}


def test_an_extension_counts_from_the_day_after_it_was_granted() -> None:
    case = new_case()
    clock = new_clock(case, "decision", D(2026, 3, 2))
    ClockExtension.objects.create(
        clock=clock, days=5, reason="x", granted_by=case.created_by, granted_at=at(D(2026, 3, 10))
    )
    assert open_on(D(2026, 3, 10))["decision"][2] == 10
    assert open_on(D(2026, 3, 11))["decision"][2] == 15
    assert open_on(D(2026, 3, 10), through_today=True)["decision"][2] == 15


def test_what_ends_later_is_not_known_before() -> None:
    case = new_case()
    ended(case, "acceptance", D(2026, 3, 2), D(2026, 3, 5), budget=5)
    new_clock(case, "technical_review", D(2026, 3, 5), budget=30)
    rows = Rows.read("true")
    assert history.at(rows, D(2026, 3, 5)).samples.count.sum() == 0
    assert open_on(D(2026, 3, 5)) == {"acceptance": (3, 3, 5)}
    known = history.at(rows, D(2026, 3, 6)).samples
    assert [known.net.tolist(), known.gross.tolist(), known.then.tolist()] == [
        [3],
        [3],
        [CODES.index("technical_review")],
    ]
    assert open_on(D(2026, 3, 6)) == {"technical_review": (1, 1, 30)}


def test_the_last_stage_is_followed_by_the_end() -> None:
    ended(new_case(), "issue", D(2026, 3, 2), D(2026, 3, 5), budget=7)
    assert history.at(Rows.read("true"), D(2026, 3, 9)).samples.then.tolist() == [END]


def test_a_missed_limit_was_used_beyond_its_last_day_whatever_the_calendar() -> None:
    case = new_case()
    clock = ended(case, "acceptance", D(2026, 3, 2), D(2026, 3, 10), budget=5)
    Clock.objects.filter(pk=clock.pk).update(state="expired", breached_at=clock.due_at)
    assert history.at(Rows.read("true"), D(2026, 4, 1)).samples.net.tolist() == [6]
    Clock.objects.filter(pk=clock.pk).update(excused_at=timezone.now(), excuse="x")
    assert history.at(Rows.read("true"), D(2026, 4, 1)).samples.net.tolist() == [5]


def test_trials_and_limits_in_months_teach_nothing() -> None:
    ended(new_case(), "decision", D(2026, 3, 2), D(2026, 3, 5), is_trial=True)
    ended(new_case(), "commitment_check", D(2026, 3, 2), D(2026, 3, 5), unit="months", budget=3)
    assert history.at(Rows.read("true"), D(2026, 4, 1)).samples.count.sum() == 0


def a_year(cases: int, seed: int = 7) -> None:
    """Cases whose decision takes 4 to 14 days and whose issue takes 1 to 8; some are open at the end."""
    rng = random.Random(seed)
    table = calendars.current().of(None)
    template = new_case()
    for number in range(cases):
        case = Application.objects.create(
            laboratory=template.laboratory, authority=template.authority, kinds=["first"],
            created_by=template.created_by, reference=f"Y{number}",
        )  # fmt: skip
        start = table.next_working(D(2026, 1, 5) + dt.timedelta(days=rng.randint(0, 200)))
        middle = _after(start, rng.randint(4, 14))
        end = _after(middle, rng.randint(1, 8))
        decision = ended(case, "decision", start, middle)
        if decision.stopped_at and decision.due_at and decision.stopped_at >= decision.due_at:
            Clock.objects.filter(pk=decision.pk).update(breached_at=decision.due_at)
        ended(case, "issue", middle, end, budget=7)
        Application.objects.filter(pk=case.pk).update(
            submitted_at=at(start), accepted_at=at(start), accepted_on=start, decided_at=at(middle),
            released_at=at(middle), closed_at=at(end, 16), state="issued",
        )  # fmt: skip


def _after(day: D, working: int) -> D:
    calendar = calendars.current().of(None)
    while working:
        day += dt.timedelta(days=1)
        working -= calendar.is_working(day)
    return day


def test_a_replayed_year_is_right_as_often_as_it_says() -> None:
    a_year(250)
    assert services.replay(first=D(2026, 3, 1), last=D(2026, 8, 30), every=5) > 400
    assert services.settle() > 800
    rate = queries.hit_rate(None)
    assert not rate.is_thin
    assert rate.has_ends
    assert rate.gap < 0.08, rate
    assert 0.72 <= rate.coverage <= 0.95, rate.coverage
    assert rate.median_error <= 4
    kept = Prediction.objects.filter(missed__isnull=False)
    assert sum(line.missed for line in rate.classes) == kept.filter(missed=True, chance__isnull=False).count() > 0
    assert services.settle() == 0


def test_a_replay_can_be_repeated_and_adds_nothing() -> None:
    a_year(60)
    services.replay(first=D(2026, 6, 1), last=D(2026, 7, 1))
    before = list(Prediction.objects.order_by("pk").values())
    services.replay(first=D(2026, 6, 1), last=D(2026, 7, 1))
    assert list(Prediction.objects.order_by("pk").values()) == before
    assert before


def test_the_night_foretells_once_and_keeps_what_it_said() -> None:
    a_year(60)
    case = new_case()
    clock = new_clock(case, "decision", D(2026, 11, 16))
    now = at(D(2026, 11, 20), 3)
    assert services.foretell(now=now) == 1
    assert services.foretell(now=now) == 0
    forecast, kept = Forecast.objects.get(), Prediction.objects.get()
    assert (forecast.pk, kept.clock_id, kept.made_on) == (clock.pk, clock.pk, D(2026, 11, 20))
    assert forecast.chance == kept.chance is not None
    assert forecast.low_on <= forecast.mid_on <= forecast.high_on
    assert services.foretell(now=at(D(2026, 11, 21), 3)) == 1
    assert (Forecast.objects.count(), Prediction.objects.count(), Fit.objects.count()) == (1, 2, 2)


def test_the_page_of_a_case_says_what_the_night_would() -> None:
    a_year(60)
    case = new_case()
    new_clock(case, "decision", D(2026, 11, 16))
    assert queries.likely_end(case, at(D(2026, 11, 20))) is None
    services.foretell(now=at(D(2026, 11, 20), 3))
    word = queries.likely_end(case, at(D(2026, 11, 20)))
    forecast = Forecast.objects.get()
    assert word is not None
    assert (word.code, word.chance.chance, word.days[1]) == ("decision", forecast.chance, forecast.mid_on)


def test_without_history_nothing_is_foretold() -> None:
    case = new_case()
    new_clock(case, "decision", D(2026, 11, 16))
    services.foretell(now=at(D(2026, 11, 20), 3))
    assert (Forecast.objects.get().chance, Prediction.objects.count()) == (None, 0)
    word = queries.likely_end(case, at(D(2026, 11, 20)))
    assert word is not None
    assert (word.chance.chance, word.days) == (None, (None, None, None))
    assert queries.hit_rate(None).is_thin


def test_the_history_that_is_stored_says_what_the_rows_said() -> None:
    a_year(60)
    services.foretell(now=at(D(2026, 11, 20), 3))
    stored = queries.newest_history()
    read = words.history_of(history.of_now(D(2026, 11, 20)).samples)
    assert isinstance(stored, History)
    group = (CODES.index("decision"), 1, Clock.objects.order_by("pk").first().authority_id)
    assert stored.chance(group, 5, 10) == read.chance(group, 5, 10)
    assert stored.finish(group, 5) == read.finish(group, 5)


def test_the_command_prints_the_hit_rate(capsys: pytest.CaptureFixture[str]) -> None:
    a_year(60)
    call_command("foresight", "--replay", "2026-05-01", "2026-07-30")
    told = capsys.readouterr().out
    assert "predictions kept" in told
    assert "inside the 80 % interval" in told
