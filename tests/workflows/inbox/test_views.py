"""The pages of tasks and cases: who sees what, and what nobody outside may see."""

from __future__ import annotations

import pytest
from django.urls import reverse

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application, Concurrence
from qualification.applications.services import decisions
from qualification.assessors.models import Offer
from tests.factories.cases import World
from tests.workflows.inbox.conftest import Enter

SECRET = "经研究拟部分许可"


def case_url(application: Application) -> str:
    return reverse("inbox:case", args=[application.uuid])


def test_home_shows_my_task_with_its_limit_and_page(world: World, enter: Enter) -> None:
    walk = world.walk("submit")
    page = enter(world.intake).get(reverse("inbox:home"))
    listing = page.context["listing"]
    assert [row.flow_task.name for row in listing.page] == ["examine"]
    assert [row.chip["clock"].code for row in listing.page] == ["acceptance"]
    assert f'href="{reverse("applications:examine", args=[walk.application.uuid])}"' in page.content.decode()


def test_an_empty_home_says_what_comes_next(world: World, enter: Enter) -> None:
    page = enter(world.decider).get(reverse("inbox:home"))
    assert page.status_code == 200
    assert "As soon as a case reaches a step that is yours" in page.content.decode()


@pytest.mark.parametrize("name", ["inbox:home", "inbox:queue", "inbox:list"])
def test_three_rows_cost_no_more_queries_than_one(
    world: World, enter: Enter, name: str, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    client = enter(world.intake)
    world.walk("submit")
    client.get(reverse(name))
    with django_assert_max_num_queries(40) as one:
        client.get(reverse(name))
    for _ in range(2):
        Application.objects.update(state="submitted")
        world.walk("submit")
    with django_assert_max_num_queries(len(one)):
        assert len(client.get(reverse(name)).context["listing"].page) == 3


def test_the_queue_is_for_staff(world: World, enter: Enter) -> None:
    world.walk("submit")
    assert enter(world.assessors[0].user).get(reverse("inbox:queue")).status_code == 403
    assert len(enter(world.decider).get(reverse("inbox:queue")).context["listing"].page) == 1


def test_the_queue_filters_by_role_and_exports(world: World, enter: Enter) -> None:
    walk = world.walk("submit")
    client = enter(world.decider)
    assert len(client.get(reverse("inbox:queue"), {"role": "intake"}).context["listing"].page) == 1
    assert len(client.get(reverse("inbox:queue"), {"role": "issuer"}).context["listing"].page) == 0
    lines = client.get(reverse("inbox:queue"), {"export": "csv"}).getvalue().decode().splitlines()
    assert len(lines) == 2
    assert walk.application.reference in lines[1]


@pytest.mark.parametrize("name", ["inbox:case", "inbox:picture", "inbox:picture_svg"])
def test_an_officer_of_another_region_gets_404(world: World, enter: Enter, name: str) -> None:
    walk = world.walk("submit")
    url = reverse(name, args=[walk.application.uuid])
    for role in (Role.INTAKE, Role.DECISION, Role.ISSUER, Role.REGION_ADMIN):
        assert enter(world.user(role, world.far)).get(url).status_code == 404
    assert enter(world.user(Role.INTAKE, world.other)).get(url).status_code == 200


def test_a_draft_is_its_laboratory_s_alone(world: World, enter: Enter) -> None:
    walk = world.walk("draft")
    url = case_url(walk.application)
    assert enter(world.manager).get(url).status_code == 200
    for user in (world.intake, world.decider, world.user(Role.NATIONAL_VIEWER)):
        assert enter(user).get(url).status_code == 404


def test_a_laboratory_does_not_see_another_s_case(world: World, enter: Enter) -> None:
    walk = world.walk("submit")
    stranger = world.user(Role.LAB_MANAGER)
    assert enter(stranger).get(case_url(walk.application)).status_code == 404
    assert len(enter(stranger).get(reverse("inbox:list")).context["listing"].page) == 0


def test_who_is_only_asked_sees_the_summary(world: World, enter: Enter) -> None:
    walk = world.walk("draw_team")
    offer = (
        Offer.objects.filter(application=walk.application, state="sent")
        .select_related("assessor__user")
        .order_by("pk")[0]
    )
    page = enter(offer.assessor.user).get(case_url(walk.application))
    assert [t.name for t in page.templates if t.name.startswith("inbox/")] == [
        "inbox/summary.html",
        "inbox/_facts.html",
    ]
    assert "材料.pdf" not in page.content.decode()
    other = next(a.user for a in world.assessors if not a.offers.exists())
    assert enter(other).get(case_url(walk.application)).status_code == 404


def test_the_laboratory_learns_the_names_once_the_team_is_complete(world: World, enter: Enter) -> None:
    walk = world.walk("draw_team")
    names = {
        o.assessor.user.name
        for o in Offer.objects.filter(application=walk.application).select_related("assessor__user")
    }
    before = enter(world.manager).get(case_url(walk.application)).content.decode()
    assert [name for name in names if name in before] == []
    walk.accept_offers()
    after = enter(world.manager).get(case_url(walk.application)).content.decode()
    assert [name for name in names if name not in after] == []


def pending(world: World) -> Application:
    """A case in part granted, with an objection and reasons, not released."""
    walk = world.walk("hand_in_report")
    asked = Concurrence.objects.select_related("application").get(application=walk.application)
    decisions.object_to(concurrence=asked, opinion="天津场所设备不足", by=world.other_decider, now=world.moments())
    site = walk.application.sites.get(authority=world.other)
    walk.application.refresh_from_db()
    decisions.decide(
        application=walk.application, outcome="part", reasons=SECRET, article="行政许可法第三十八条", excluded_sites=[site.pk],
        by=world.decider, now=world.moments(),
    )  # fmt: skip
    return walk.application


def test_a_pending_decision_leaks_to_nobody_outside_the_lead_authority(world: World, enter: Enter) -> None:
    application = pending(world)
    inside = enter(world.issuer).get(case_url(application)).content.decode()
    assert SECRET in inside
    assert "decision pending release" in inside
    leader = application.assessment.seats.select_related("assessor__user").get(role="leader").assessor.user
    for user in (world.manager, world.other_decider, world.user(Role.NATIONAL_VIEWER), leader):
        client = enter(user)
        for url in (case_url(application), f"{case_url(application)}?show=decision"):
            page = client.get(url)
            assert page.status_code == 200
            words = (SECRET, "pending release", "Decided", "Release the decision")
            assert [w for w in words if w in page.content.decode()] == [], (user, url)
        assert [row.badge["label"] for row in client.get(reverse("inbox:list")).context["listing"].page] in (
            ["waiting for the decision"], ["being decided"],
        )  # fmt: skip


def test_a_pending_decision_is_found_by_the_lead_authority_alone(world: World, enter: Enter) -> None:
    application = pending(world)

    def found(user: User, state: str) -> list[Application]:
        return list(enter(user).get(reverse("inbox:list"), {"state": state}).context["listing"].page)

    assert (found(world.decider, "decided"), found(world.decider, "reviewed")) == ([application], [])
    assert (found(world.other_decider, "decided"), found(world.other_decider, "reviewed")) == ([], [application])


def test_a_pending_decision_does_not_show_in_the_picture(world: World, enter: Enter) -> None:
    application = pending(world)
    url = reverse("inbox:picture", args=[application.uuid])

    def now(user) -> list[str]:  # type: ignore[no-untyped-def]
        steps = enter(user).get(url).context["picture"].steps
        return [step["name"] for step in steps if step["status"] == "now"]

    assert now(world.decider) == ["release"]
    assert now(world.manager) == ["decide"]


def test_what_the_authorities_say_to_one_another_stays_there(world: World, enter: Enter) -> None:
    application = pending(world)
    decisions.release(application=application, by=world.decider, now=world.moments())
    text = enter(world.manager).get(case_url(application)).content.decode()
    assert SECRET in text
    assert [
        w
        for w in ("天津场所设备不足", "Other authority objects", "Team drawn", "Seat offered", "Assessor accepted")
        if w in text
    ] == []
    staff = enter(world.intake).get(case_url(application)).content.decode()
    assert [
        w for w in ("天津场所设备不足", "Other authority objects", "Team drawn", "Seat offered") if w not in staff
    ] == []


def test_a_decision_that_was_taken_back_is_never_told_outside(world: World, enter: Enter) -> None:
    application = pending(world)
    decisions.retract(application=application, reason="重新核对", by=world.decider, now=world.moments())
    decisions.decide(
        application=application,
        outcome="refuse",
        reasons="不符合准则",
        article="行政许可法第三十八条",
        by=world.decider,
        now=world.moments(),
    )
    decisions.release(application=application, by=world.decider, now=world.moments())
    page = enter(world.manager).get(case_url(application))
    whats = [event.what for event in page.context["events"] if event.kind == "decision"]
    assert whats == ["Refused", "Decided"]
    assert [w for w in (SECRET, "重新核对") if w in page.content.decode()] == []


@pytest.mark.parametrize(
    ("last", "who", "url_name"),
    [
        ("draft", "manager", "applications:edit"),
        ("submit", "intake", "applications:examine"),
        ("accept", "coordinator", "assessors:team"),
        ("concur", "decider", "applications:decide"),
        ("decide", "decider", "applications:decide"),
        ("release", "issuer", "certificates:issue"),
    ],
)
def test_the_main_button_is_the_step_of_the_reader(
    world: World, enter: Enter, last: str, who: str, url_name: str
) -> None:
    application = world.walk(last).application
    buttons = enter(getattr(world, who)).get(case_url(application)).context["buttons"]
    assert [b.url for b in buttons if b.is_main] == [reverse(url_name, args=[application.uuid])]
    onlooker = enter(world.user(Role.NATIONAL_VIEWER)).get(case_url(application))
    assert onlooker.status_code == 404 if last == "draft" else onlooker.context["buttons"] == []


def test_the_list_is_searched_and_filtered(world: World, enter: Enter) -> None:
    walk = world.walk("submit")
    client = enter(world.intake)

    def found(**query: str) -> list[Application]:
        return list(client.get(reverse("inbox:list"), query).context["listing"].page)

    assert found(q="冀清") == [walk.application]
    assert found(q="没有") == []
    assert found(state="submitted", kind="first", authority="03", region="02") == [walk.application]
    assert (found(state="issued"), found(kind="renewal"), found(authority="02"), found(region="04")) == ([], [], [], [])


def test_the_picture_is_served_as_a_page_and_as_a_file(world: World, enter: Enter) -> None:
    client = enter(world.intake)
    page = client.get(reverse("inbox:process"))
    svg = client.get(reverse("inbox:process_svg"))
    assert (page.status_code, svg["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert svg.content.decode().startswith("<svg")
    assert "style=" not in svg.content.decode()
