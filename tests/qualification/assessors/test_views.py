"""Teams, draws, offers and the pool: who may, who may not, what is kept when it is wrong."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.assessors import services
from qualification.assessors.models import Absence, Assessor, Draw, Offer, Seat, Tie, Training
from qualification.models import TransitionLog
from tests.factories.accounts import UserFactory
from tests.factories.cases import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


def as_(user: User, language: str = "en") -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = language
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"assessors:{name}", args=args)


def offer_of(case: Application, role: str = "leader") -> Offer:
    return Offer.objects.select_related("assessor__user", "seat").get(application=case, seat__role=role, state="sent")


def text(answer: Any) -> str:
    return str(answer.content.decode())


# -- the team


def test_the_coordinator_draws_the_team(world: World) -> None:
    case = world.walk("accept").application
    client = as_(world.coordinator)
    page = text(client.get(url("team", case.uuid)))
    assert f"Fit for this case: {len(world.assessors)} of {len(world.assessors)}" in page
    assert "Draw the team" in page
    assert client.post(url("team", case.uuid), {"size": "2", "confirm": "yes"}).status_code == 302
    assert Seat.objects.filter(assessment__application=case).count() == 2
    after = text(client.get(url("team", case.uuid)))
    assert "waiting for the answer" in after
    assert "working days left" in after
    assert "Draw the team" not in after


def test_a_size_below_the_least_is_told_and_what_was_typed_is_kept(world: World) -> None:
    case = world.walk("accept").application
    answer = as_(world.coordinator).post(url("team", case.uuid), {"size": "1"})
    assert answer.status_code == 422
    assert "at least 2 members" in text(answer)
    assert 'name="size" value="1"' in text(answer)
    assert not Draw.objects.exists()


def test_drawing_twice_is_a_conflict(world: World) -> None:
    case = world.walk("draw_team").application
    assert as_(world.coordinator).post(url("team", case.uuid), {"size": "2"}).status_code == 409
    assert as_(world.coordinator).post(url("draw_again", case.uuid)).status_code == 409
    assert Draw.objects.count() == 1


def test_who_may_look_at_a_team_and_who_may_draw(world: World) -> None:
    case = world.walk("accept").application
    expected = {
        world.coordinator: (200, 302), world.intake: (200, 403), world.user(Role.COORDINATOR, world.other): (200, 403),
        world.user(Role.NATIONAL_VIEWER): (200, 403), world.user(Role.COORDINATOR, world.far): (404, 404),
        world.manager: (403, 403), world.assessors[0].user: (403, 403),
    }  # fmt: skip
    # The coordinator comes last: after the draw everybody else would only be late.
    found = {
        user: (
            as_(user).get(url("team", case.uuid)).status_code,
            as_(user).post(url("team", case.uuid), {"size": "2"}).status_code,
        )
        for user in [*list(expected)[1:], world.coordinator]
    }
    assert found == expected
    assert Client().get(url("team", case.uuid)).status_code == 302


def test_people_of_the_laboratory_learn_of_no_candidate_even_as_staff_elsewhere(world: World) -> None:
    case = world.walk("draw_team").application
    both = UserFactory.create(member=(Role.LAB_MEMBER, world.laboratory))
    both.memberships.create(role=Role.COORDINATOR, authority=world.far)
    assert as_(both).get(url("team", case.uuid)).status_code == 404
    assert as_(both).get(url("draw", Draw.objects.get().uuid)).status_code == 404


def test_an_empty_seat_says_why_and_is_drawn_again_when_the_pool_has_changed(world: World) -> None:
    Assessor.objects.filter(grade="leader").update(standing="suspended")
    case = world.walk("draw_team").application
    client = as_(world.coordinator)
    page = text(client.get(url("team", case.uuid)))
    assert "No lead assessor is fit." in page
    assert "suspended or removed" in page
    Assessor.objects.update(standing="good")
    assert url("draw_again", case.uuid) in text(client.get(url("team", case.uuid)))
    assert as_(world.intake).post(url("draw_again", case.uuid)).status_code == 403
    assert client.post(url("draw_again", case.uuid)).status_code == 302
    assert offer_of(case).assessor.grade == "leader"


def test_the_list_of_those_out_is_narrowed_by_reason(world: World) -> None:
    case = world.walk("accept").application
    tied, away = world.assessors[0], world.assessors[1]
    Tie.objects.create(assessor=tied, laboratory=world.laboratory, kind="employed")
    today = timezone.localdate()
    Absence.objects.create(assessor=away, from_on=today, to_on=today)
    page = as_(world.coordinator).get(url("team", case.uuid), {"reason": "tie"})
    assert [one.assessor for one in page.context["out"]] == [tied]
    assert len(as_(world.coordinator).get(url("team", case.uuid), {"reason": "x"}).context["out"]) == 2


def test_the_team_page_asks_as_often_for_many_assessors(world: World) -> None:
    case = world.walk("draw_team").application
    client = as_(world.coordinator)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url("team", case.uuid)).status_code == 200
        return len(captured)

    client.get(url("team", case.uuid))
    before = queries()
    for n in range(20, 23):
        world._assessor(n)
    assert queries() == before


# -- the record of a draw


def test_the_record_shows_the_order_and_repeats_itself(world: World) -> None:
    case = world.walk("draw_team").application
    record = Draw.objects.get()
    page = text(as_(world.intake).get(url("draw", record.uuid)))
    assert record.seed in page
    assert "the same people" in page
    assert page.index(min(r["sha256"] for r in data(world, record)["candidates"])) < page.index(
        max(r["sha256"] for r in data(world, record)["candidates"])
    )
    assert as_(world.user(Role.INTAKE, world.far)).get(url("draw", record.uuid)).status_code == 404
    assert as_(world.user(Role.INTAKE, world.far)).get(url("draw_json", record.uuid)).status_code == 404
    assert as_(offer_of(case).assessor.user).get(url("draw", record.uuid)).status_code == 403


def data(world: World, record: Draw) -> dict[str, Any]:
    answer = as_(world.intake).get(url("draw_json", record.uuid))
    assert answer["Content-Disposition"] == f'attachment; filename="draw-{record.uuid}.json"'
    return dict(json.loads(answer.content))


def test_the_draw_that_followed_a_refusal_has_its_own_record(world: World) -> None:
    case = world.walk("draw_team").application
    offer = offer_of(case)
    services.decline(offer=offer, reason="同期有任务。", by=offer.assessor.user, now=timezone.now())
    record = Draw.objects.latest("pk")
    page = text(as_(world.coordinator).get(url("draw", record.uuid)))
    assert "one seat: the leader" in page
    assert "already declined or let this offer expire" in page
    assert "同期有任务。" in text(as_(world.coordinator).get(url("team", case.uuid)))


# -- offers


def test_an_assessor_sees_the_summary_and_accepts(world: World) -> None:
    case = world.walk("draw_team").application
    offer = offer_of(case)
    client = as_(offer.assessor.user)
    assert url("offer", offer.uuid) in text(client.get(url("offers")))
    page = text(client.get(url("offer", offer.uuid)))
    assert world.laboratory.name in page
    assert "天津实验室" in page
    assert "2 abilities" in page
    assert "材料.pdf" not in page
    refused = client.post(url("accept", offer.uuid), {"confirm": "yes"})
    assert refused.status_code == 422
    assert "Declare that you have no tie" in text(refused)
    assert client.post(url("accept", offer.uuid), {"no_tie": "on"}).status_code == 302
    offer.refresh_from_db()
    assert offer.state == "accepted"
    assert client.post(url("accept", offer.uuid), {"no_tie": "on"}).status_code == 409
    assert "accepted" in text(client.get(url("offers")))


def test_declining_needs_a_reason_and_keeps_what_was_chosen(world: World) -> None:
    offer = offer_of(world.walk("draw_team").application)
    client = as_(offer.assessor.user)
    answer = client.post(url("decline", offer.uuid), {"tie": "", "reason": "  "})
    assert answer.status_code == 422
    assert "Say why you decline" in text(answer)
    assert client.post(url("decline", offer.uuid), {"tie": "bribed", "reason": "x"}).status_code == 422
    assert client.post(url("decline", offer.uuid), {"tie": "", "reason": "同期出差"}).status_code == 302
    offer.refresh_from_db()
    assert (offer.state, offer.reason) == ("declined", "同期出差")
    assert not Tie.objects.exists()


def test_declining_for_a_tie_keeps_the_tie_and_asks_the_next(world: World) -> None:
    case = world.walk("draw_team").application
    offer = offer_of(case)
    assert (
        as_(offer.assessor.user).post(url("decline", offer.uuid), {"tie": "consulted", "reason": "2025年"}).status_code
        == 302
    )
    tie = Tie.objects.get()
    assert (tie.assessor, tie.laboratory, tie.kind, tie.note) == (
        offer.assessor,
        world.laboratory,
        "consulted",
        "2025年",
    )
    assert offer_of(case).assessor != offer.assessor


def test_who_has_declined_sees_no_more_of_the_case(world: World) -> None:
    case = world.walk("draw_team").application
    offer, site = offer_of(case), world.sites[0]
    client = as_(offer.assessor.user)
    assert site.name in text(client.get(url("offer", offer.uuid)))
    client.post(url("decline", offer.uuid), {"tie": "", "reason": "同期出差"})
    page = text(client.get(url("offer", offer.uuid)))
    assert "同期出差" in page
    assert site.name not in page


def test_who_has_accepted_finds_the_way_to_the_case(world: World) -> None:
    case = world.walk("draw_team").application
    offer = offer_of(case)
    client, link = as_(offer.assessor.user), reverse("inbox:case", args=[case.uuid])
    assert link not in text(client.get(url("offer", offer.uuid)))
    client.post(url("accept", offer.uuid), {"no_tie": "on"})
    assert link in text(client.get(url("offer", offer.uuid)))


def test_an_offer_is_its_assessors_alone(world: World) -> None:
    offer = offer_of(world.walk("draw_team").application)
    others = [a.user for a in world.assessors if a != offer.assessor]
    for name, method in (("offer", "get"), ("accept", "post"), ("decline", "post")):
        assert {getattr(as_(user), method)(url(name, offer.uuid), {"no_tie": "on"}).status_code for user in others} == {
            404
        }
        assert getattr(as_(world.coordinator), method)(url(name, offer.uuid)).status_code == 403
    offer.refresh_from_db()
    assert offer.state == "sent"
    assert str(offer.uuid) not in text(as_(others[0]).get(url("offers")))


def test_the_list_of_offers_asks_as_often_for_many(world: World) -> None:
    Assessor.objects.exclude(pk__in=[a.pk for a in world.assessors[1:3]]).update(standing="suspended")
    client = as_(world.assessors[1].user)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(url("offers"))
        return len(captured)

    for _ in range(2):
        world.walk("draw_team")
    client.get(url("offers"))
    before = queries()
    for _ in range(2):
        world.walk("draw_team")
    assert Offer.objects.filter(assessor=world.assessors[1], state="sent").count() == 4
    assert queries() == before


# -- the pool


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "grade": "member", "field_codes": ["12"], "certificate_number": "PSY777", "certified_on": "2026-01-01",
        "certified_until": "2030-12-31", "standing": "good", "employer": "研究院", "title": "高级工程师", **changes,
    }  # fmt: skip


def test_the_pool_is_searched_filtered_and_exported(world: World) -> None:
    client = as_(world.intake)
    Assessor.objects.filter(pk=world.assessors[0].pk).update(
        certified_until=timezone.localdate() - dt.timedelta(days=1),
        field_codes=["01"],
        standing="warned",
        employer="省计量院",
    )
    one, others = world.assessors[0], world.assessors[1:]

    def found(**query: str) -> set[Assessor]:
        return set(client.get(url("pool"), query).context["listing"].page.object_list)

    assert found() == {one, *others}
    assert found(validity="not") == found(field="01") == found(standing="warned") == found(q="计量院") == {one}
    assert found(validity="valid") == found(field="12") == set(others)
    assert found(validity="soon") == set()
    assert found(home="04") == {one, *others}
    assert found(home="01") == set()
    exported = client.get(url("pool"), {"export": "csv", "standing": "warned"})
    rows = b"".join(exported.streaming_content if exported.streaming else [exported.content]).decode()
    assert "PSY0" in rows
    assert "PSY1" not in rows


def test_the_pool_asks_as_often_for_many(world: World) -> None:
    client = as_(world.intake)
    client.get(url("pool"))
    with CaptureQueriesContext(connection) as few:
        client.get(url("pool"))
    for n in range(30, 33):
        world._assessor(n)
    with CaptureQueriesContext(connection) as many:
        client.get(url("pool"))
    assert len(many) == len(few)


def test_who_reads_the_pool_and_who_keeps_an_entry(world: World) -> None:
    one = world.assessors[0]
    keeper, stranger = world.user(Role.COORDINATOR, world.far), world.user(Role.COORDINATOR, world.lead)
    pages = (url("pool"), url("assessor", one.uuid), url("edit", one.uuid))
    assert [as_(keeper).get(p).status_code for p in pages] == [200, 200, 200]
    assert [as_(stranger).get(p).status_code for p in pages] == [200, 200, 403]
    assert [as_(world.intake).get(p).status_code for p in pages] == [200, 200, 403]
    assert [as_(world.manager).get(p).status_code for p in pages] == [403, 403, 403]
    assert [as_(one.user).get(p).status_code for p in pages] == [403, 200, 403]
    assert as_(world.assessors[1].user).get(url("assessor", one.uuid)).status_code == 404
    trial = world.user(Role.COORDINATOR, world.authorities["99"])
    assert as_(trial).get(url("assessor", one.uuid)).status_code == 200
    Assessor.objects.filter(pk=one.pk).update(home=world.authorities["99"])
    assert as_(world.intake).get(url("assessor", one.uuid)).status_code == 404
    assert as_(stranger).post(url("edit", world.assessors[1].uuid), entry()).status_code == 403


def test_an_entry_is_changed_with_a_reason_for_its_standing(world: World) -> None:
    one = world.assessors[0]
    client = as_(world.user(Role.REGION_ADMIN, world.far))
    wrong = client.post(url("edit", one.uuid), entry(standing="suspended", employer="新单位"))
    assert wrong.status_code == 422
    assert "Say why the standing changes" in text(wrong)
    assert "新单位" in text(wrong)
    one.refresh_from_db()
    assert one.standing == "good"
    changed = entry(standing="suspended", reason="违反评审纪律", field_codes=["12", "13"])
    assert client.post(url("edit", one.uuid), changed).status_code == 302
    log = TransitionLog.objects.get(subject_type="assessors.Assessor", subject_id=one.pk)
    assert (log.source, log.target, log.reason) == ("good", "suspended", "违反评审纪律")
    assert log.facts["field_codes"] == [["12"], ["12", "13"]]
    assert "违反评审纪律" in text(client.get(url("assessor", one.uuid)))
    assert "违反评审纪律" in text(as_(one.user).get(url("me")))
    assert "违反评审纪律" not in text(as_(world.intake).get(url("assessor", one.uuid)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"certified_until": "2025-01-01"}, "The certificate ends after it begins."),
        ({"field_codes": []}, "This field is required."),
        ({"certificate_number": "PSY1"}, "already exists"),
        ({"field_codes": ["77"]}, "Select a valid choice"),
    ],
)
def test_a_wrong_entry_says_what_is_wrong(world: World, change: dict[str, Any], says: str) -> None:
    client = as_(world.user(Role.COORDINATOR, world.far))
    answer = client.post(url("edit", world.assessors[0].uuid), entry(**change))
    assert answer.status_code == 422
    assert says in text(answer)
    assert "研究院" in text(answer)


def test_a_coordinator_takes_in_assessors_of_the_own_region_alone(world: World) -> None:
    keeper = as_(world.user(Role.COORDINATOR, world.lead))
    own, foreign = world.user(Role.ASSESSOR, world.lead), world.user(Role.ASSESSOR, world.far)
    assert keeper.post(url("add"), entry(user=foreign.pk)).status_code == 422
    assert keeper.post(url("add"), entry(user=world.assessors[0].user.pk)).status_code == 422
    assert keeper.post(url("add"), entry(user=own.pk)).status_code == 302
    assert Assessor.objects.get(user=own).home == world.lead
    assert as_(world.intake).get(url("add")).status_code == 403


def test_ties_absences_and_trainings_are_kept(world: World) -> None:
    one = world.assessors[0]
    keeper = as_(world.user(Role.COORDINATOR, world.far))
    sent = {
        "ties": {"code": f" {world.laboratory.credit_code.lower()} ", "kind": "trained", "note": "2024年培训"},
        "absences": {"from_on": "2026-12-01", "to_on": "2026-12-20"},
        "trainings": {"name": "宣贯培训", "held_on": "2026-05-01", "hours": "16"},
    }
    for kind, values in sent.items():
        assert keeper.get(url("entry_add", one.uuid, kind)).status_code == 200
        assert keeper.post(url("entry_add", one.uuid, kind), values).status_code == 302
        assert as_(world.coordinator).post(url("entry_add", one.uuid, kind), values).status_code == 403
    assert keeper.post(url("entry_add", one.uuid, "ties"), sent["ties"]).status_code == 422
    unknown = keeper.post(url("entry_add", one.uuid, "ties"), {"code": "911101010000000000", "kind": "trained"})
    assert "No laboratory with this credit code" in text(unknown)
    back = keeper.post(url("entry_add", one.uuid, "absences"), {"from_on": "2026-12-20", "to_on": "2026-12-01"})
    assert "The absence ends after it begins." in text(back)
    assert (one.ties.count(), one.absences.count(), one.trainings.count()) == (1, 1, 1)
    page = text(keeper.get(url("assessor", one.uuid)))
    assert "2024年培训" in page
    assert "宣贯培训" in page
    assert "2024年培训" not in text(as_(world.intake).get(url("assessor", one.uuid)))
    for kind, model in (("ties", Tie), ("absences", Absence), ("trainings", Training)):
        pk = model.objects.get(assessor=one).pk
        assert as_(world.coordinator).post(url("entry_remove", one.uuid, kind, pk)).status_code == 403
        assert keeper.post(url("entry_remove", world.assessors[1].uuid, kind, pk)).status_code == 404
        assert keeper.post(url("entry_remove", one.uuid, kind, pk)).status_code == 302
    assert (one.ties.count(), one.absences.count(), one.trainings.count()) == (0, 0, 0)


def test_an_assessor_enters_own_absences_and_nothing_else(world: World) -> None:
    one, other = world.assessors[:2]
    client = as_(one.user)
    days = {"from_on": "2026-12-01", "to_on": "2026-12-20"}
    assert client.post(url("entry_add", one.uuid, "absences"), days)["Location"] == url("me")
    assert client.post(url("entry_add", other.uuid, "absences"), days).status_code == 404
    assert client.get(url("entry_add", one.uuid, "ties")).status_code == 403
    assert (
        client.post(
            url("entry_add", one.uuid, "trainings"), {"name": "x", "held_on": "2026-05-01", "hours": "1"}
        ).status_code
        == 403
    )
    assert client.post(url("entry_remove", one.uuid, "absences", one.absences.get().pk)).status_code == 302


def test_the_own_record_tells_cases_and_answers(world: World) -> None:
    case = world.walk("accept_offers").application
    seat = Seat.objects.select_related("assessor__user").get(assessment__application=case, role="leader")
    assert seat.assessor is not None
    page = text(as_(seat.assessor.user).get(url("me")))
    assert case.reference in page
    assert "1 accepted, 0 declined, 0 expired" in page
    nobody = as_(world.user(Role.ASSESSOR, world.far))
    assert "not in the pool" in text(nobody.get(url("me")))
    assert as_(world.intake).get(url("me")).status_code == 403


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_opens_in_both_languages(world: World, language: str) -> None:
    case = world.walk("draw_team").application
    offer = offer_of(case)
    staff = [
        url("team", case.uuid),
        url("draw", Draw.objects.get().uuid),
        url("pool"),
        url("assessor", offer.assessor.uuid),
    ]
    assert {as_(world.coordinator, language).get(page).status_code for page in staff} == {200}
    own = [url("offers"), url("offer", offer.uuid), url("me"), url("entry_add", offer.assessor.uuid, "absences")]
    assert {as_(offer.assessor.user, language).get(page).status_code for page in own} == {200}
