"""The draw: the same for the same seed, every field covered, a leader, repeatable from the record, and fair."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.applications.services import endings
from qualification.assessors import draw, pictures, services
from qualification.assessors.draw import Candidate, draw_one, draw_team, in_order, rank, repeat
from qualification.assessors.enums import Exclusion
from qualification.assessors.models import Absence, Assessor, Draw, Offer, Seat, Tie
from qualification.assessors.queries import judge_pool
from tests.factories.accounts import MembershipFactory
from tests.factories.cases import World

FIELDS = ("00", "01", "05", "12", "13")


def uuid_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def person(number: int, fields: str = "12", *, leader: bool = False) -> Candidate:
    return Candidate(number, uuid_of(number), frozenset(fields.split()), leader)


def some_pool(randomness: random.Random) -> list[Candidate]:
    size = randomness.randint(0, 14)
    return [
        Candidate(
            n, uuid_of(n), frozenset(randomness.sample(FIELDS, randomness.randint(1, 3))), randomness.random() < 0.4
        )
        for n in range(1, size + 1)
    ]


def ids(drawn: draw.Drawn) -> list[int]:
    return [place.candidate.id if place.candidate else 0 for place in drawn.places]


def test_the_rank_is_what_any_tool_computes() -> None:
    known = hashlib.sha256(b"abc:" + uuid_of(7).encode()).hexdigest()
    assert rank("abc", uuid_of(7)) == known


def test_the_order_follows_the_ranks() -> None:
    order = in_order("s", [person(n) for n in range(1, 30)])
    assert all(rank("s", a.uuid) < rank("s", b.uuid) for a, b in pairwise(order))
    assert {c.id for c in order} == set(range(1, 30))


@pytest.mark.parametrize("run", range(200))
def test_properties_of_any_draw(run: int) -> None:
    randomness = random.Random(run)
    pool, size = some_pool(randomness), randomness.randint(2, 5)
    wanted = randomness.sample(FIELDS, randomness.randint(1, 3))
    drawn = draw_team(seed=str(run), candidates=pool, fields=wanted, size=size)
    shuffled = randomness.sample(pool, len(pool))
    assert ids(draw_team(seed=str(run), candidates=shuffled, fields=reversed(wanted), size=size)) == ids(drawn)
    team = [place.candidate for place in drawn.places if place.candidate]
    assert len({c.id for c in team}) == len(team)
    assert len(drawn.places) >= size
    assert all(c.fields & set(wanted) for c in team)
    assert [place.is_leader for place in drawn.places] == [True] + [False] * (len(drawn.places) - 1)
    leader = drawn.places[0].candidate
    assert (leader is not None and leader.is_leader) == any(c.is_leader and c.fields & set(wanted) for c in pool)
    covered = {code for c in team for code in c.fields}
    assert set(wanted) - covered == set(drawn.uncovered)
    assert drawn.is_complete == (not drawn.uncovered and len(team) == len(drawn.places))
    for place in drawn.places:
        assert place.candidate is None or set(place.fields) <= place.candidate.fields


def test_every_field_is_covered_where_the_pool_covers_it() -> None:
    pool = [person(1, "12", leader=True), person(2, "13"), person(3, "01 05"), person(4, "12 13")]
    drawn = draw_team(seed="x", candidates=pool, fields=["12", "13", "01", "05"], size=2)
    assert drawn.is_complete
    assert {f for place in drawn.places for f in place.fields} == {"12", "13", "01", "05"}


def test_a_field_nobody_has_is_told_and_its_seat_stays_empty() -> None:
    drawn = draw_team(seed="x", candidates=[person(1, "12", leader=True)], fields=["12", "13"], size=2)
    assert drawn.uncovered == ["13"]
    assert [(place.fields, place.candidate and place.candidate.id) for place in drawn.places] == [
        (("12",), 1),
        (("13",), None),
    ]


def test_without_a_lead_assessor_the_first_seat_stays_empty() -> None:
    drawn = draw_team(seed="x", candidates=[person(1), person(2)], fields=["12"], size=2)
    assert drawn.places[0].candidate is None
    assert len(drawn.places) == 2


def test_a_seat_is_drawn_for_all_its_fields_and_its_role() -> None:
    pool = [person(1, "12"), person(2, "12 13"), person(3, "12 13", leader=True)]
    found = {draw_one(seed=str(s), candidates=pool, fields=["12", "13"], leader=False) for s in range(50)}
    assert {c.id for c in found if c} == {2, 3}
    assert draw_one(seed="s", candidates=pool, fields=["12", "13"], leader=True) == pool[2]
    assert draw_one(seed="s", candidates=pool, fields=["05"], leader=False) is None


# -- fairness: chi-square bounds at p = 1e-6, so that a fair draw fails one run in a million (the seeds are fixed besides)

CHI_SQUARE_1E_6 = {4: 33.4, 5: 35.9, 9: 45.1}


def chi_square(counts: Counter[int], people: list[int], total: int) -> float:
    expected = total / len(people)
    return sum((counts[p] - expected) ** 2 / expected for p in people)


def test_one_seat_is_fair() -> None:
    pool, runs = [person(n) for n in range(1, 11)], 4000
    counts: Counter[int] = Counter()
    for seed in range(runs):
        found = draw_one(seed=f"seed-{seed}", candidates=pool, fields=["12"], leader=False)
        counts[found.id if found else 0] += 1
    assert counts.total() == runs
    assert counts[0] == 0
    assert chi_square(counts, list(range(1, 11)), runs) < CHI_SQUARE_1E_6[9]


def test_a_team_is_fair_among_equals() -> None:
    leaders, members, runs = range(1, 6), range(6, 12), 4000
    pool = [person(n, leader=True) for n in leaders] + [person(n) for n in members]
    leading: Counter[int] = Counter()
    sitting: Counter[int] = Counter()
    for seed in range(runs):
        first, *others = ids(draw_team(seed=f"seed-{seed}", candidates=pool, fields=["12"], size=3))
        leading[first] += 1
        sitting.update(n for n in others if n in members)
    assert set(leading) == set(leaders)
    assert chi_square(leading, list(leaders), runs) < CHI_SQUARE_1E_6[4]
    assert chi_square(sitting, list(members), sitting.total()) < CHI_SQUARE_1E_6[5]


# -- the record


@pytest.mark.django_db
def test_a_draw_is_repeated_from_its_record() -> None:
    world = World()
    walk = world.walk("draw_team")
    record = Draw.objects.get(assessment=walk.assessment)
    exported = pictures.export(record)
    assert repeat(seed=exported["seed"], candidates=exported["candidates"], wanted=exported["wanted"]) == record.chosen
    assert [c["sha256"] for c in exported["candidates"]] == sorted(c["sha256"] for c in exported["candidates"])
    assert [seat.offers.get().assessor_id for seat in Seat.objects.filter(assessment=walk.assessment)] == record.chosen


@pytest.mark.django_db
def test_the_next_draw_for_one_seat_is_repeated_from_its_record_alone() -> None:
    world = World()
    walk = world.walk("draw_team")
    offer = Offer.objects.select_related("assessor__user", "seat").get(
        application=walk.application, seat__role="leader"
    )
    services.decline(offer=offer, reason="同期有其他任务。", by=offer.assessor.user, now=timezone.now())
    record = Draw.objects.latest("pk")
    assert record.wanted == {"seat": offer.seat_id, "leader": True, "seat_fields": ["12"], "fields": ["12"]}
    assert repeat(seed=record.seed, candidates=record.candidates, wanted=record.wanted) == record.chosen
    assert {e["id"]: e["reasons"] for e in record.excluded}[offer.assessor_id] == ["answered"]
    assert pictures.draw_page(record)["is_repeated"]


@pytest.mark.django_db
def test_a_changed_record_does_not_repeat() -> None:
    record = Draw.objects.get(assessment=World().walk("draw_team").assessment)
    record.chosen = list(reversed(record.chosen))
    assert not pictures.draw_page(record)["is_repeated"]


# -- exclusions, exactly


@pytest.mark.django_db
def test_each_ground_keeps_out_exactly_whom_it_names() -> None:
    world = World()
    walk = world.walk("accept")
    today = timezone.localdate()
    day = dt.timedelta(days=1)
    fit, tied, *_rest = world.assessors
    people = {name: _another(world, n) for n, name in enumerate(
        ("away", "suspended", "expired", "field", "ended_tie", "back", "officer", "warned", "inactive"), start=10
    )}  # fmt: skip
    Tie.objects.create(assessor=tied, laboratory=world.laboratory, kind="employed")
    Tie.objects.create(assessor=people["ended_tie"], laboratory=world.laboratory, kind="trained", until_on=today - day)
    Absence.objects.create(assessor=people["away"], from_on=today, to_on=today)
    Absence.objects.create(assessor=people["back"], from_on=today - 3 * day, to_on=today - day)
    MembershipFactory.create(user=people["officer"].user, role=Role.SUPERVISOR, authority=world.other)
    _change(people["suspended"], standing="suspended")
    _change(people["warned"], standing="warned")
    _change(people["expired"], certified_until=today - day)
    _change(people["field"], field_codes=["01"])
    people["inactive"].user.is_active = False
    people["inactive"].user.save()
    judged = {j.assessor.pk: j.exclusions for j in judge_pool(walk.assessment, today=today)}
    assert judged[fit.pk] == ()
    assert judged[tied.pk] == (Exclusion.TIE,)
    assert {name: judged[a.pk] for name, a in people.items()} == {
        "away": (Exclusion.AWAY,), "suspended": (Exclusion.STANDING,), "expired": (Exclusion.CERTIFICATE,),
        "field": (Exclusion.FIELD,), "ended_tie": (), "back": (), "officer": (Exclusion.CONFLICT,), "warned": (),
        "inactive": (Exclusion.STANDING,),
    }  # fmt: skip


def _another(world: World, number: int) -> Assessor:
    return world._assessor(number)


def _change(assessor: Assessor, **values: Any) -> None:
    Assessor.objects.filter(pk=assessor.pk).update(**values)


@pytest.mark.django_db
def test_who_assessed_the_laboratory_within_the_set_years_is_out() -> None:
    world = World()
    first = world.walk("hand_in_report")
    team = set(Seat.objects.filter(assessor__isnull=False).values_list("assessor_id", flat=True))
    endings.withdraw(application=first.application, reason="搬迁", by=world.manager, now=timezone.now())
    other = world.walk("accept")
    assert other.application.laboratory == first.application.laboratory
    judged = {j.assessor.pk: j.exclusions for j in judge_pool(other.assessment, today=timezone.localdate())}
    assert {pk for pk, reasons in judged.items() if reasons == (Exclusion.RECENT,)} == team
    later = timezone.localdate() + dt.timedelta(days=3 * 366)
    late = {j.assessor.pk: j.exclusions for j in judge_pool(other.assessment, today=later)}
    assert not [pk for pk, reasons in late.items() if Exclusion.RECENT in reasons]
