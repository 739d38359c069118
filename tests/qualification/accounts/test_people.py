"""People and roles: who sees whom, who gives what, and what is kept of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import rules
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from qualification import door
from qualification.accounts import queries, services
from qualification.accounts.enums import Role
from qualification.accounts.models import Membership, User
from qualification.laboratories.models import Laboratory
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.laboratories import LaboratoryFactory
from tests.factories.regions import authority

NOW = timezone.now


class World:
    """Two regions and the trial one, each with an administrator, an officer, and a laboratory with a manager and a member."""

    def __init__(self) -> None:
        self.labs: dict[str, Laboratory] = {}
        for code in ("03", "02", "99"):
            place = authority(code)
            lab = self.labs[code] = LaboratoryFactory.create(authority=place, name=f"{code}检测有限公司")
            for role, where in (
                (Role.REGION_ADMIN, place),
                (Role.INTAKE, place),
                (Role.LAB_MANAGER, lab),
                (Role.LAB_MEMBER, lab),
            ):
                setattr(
                    self, f"{role.value}_{code}", UserFactory.create(name=f"{role.value} {code}", member=(role, where))
                )

    def __getitem__(self, name: str) -> User:
        return getattr(self, name)


@pytest.fixture
def world(db: None) -> World:
    return World()


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def client_of(client: Client, user: User) -> Client:
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def names(people: Any) -> list[str]:
    return sorted(person.name for person in people)


def test_an_administrator_sees_the_own_authority_and_its_laboratories(world: World) -> None:
    expected = ["intake 03", "lab_manager 03", "lab_member 03", "region_admin 03"]
    assert names(queries.visible_to(world["region_admin_03"])) == expected
    assert names(queries.visible_to(world["lab_manager_03"])) == ["lab_manager 03", "lab_member 03"]
    assert names(queries.visible_to(world["intake_03"])) == ["intake 03"]


def test_query_and_rule_agree(world: World) -> None:
    MembershipFactory.create(user=world["intake_02"], role=Role.ASSESSOR, authority=authority("03"), ended_at=NOW())
    everybody = list(User.objects.order_by("pk"))
    for user in everybody:
        allowed = sorted(p.name for p in everybody if rules.has_perm("accounts.User.see", user, fresh(p)))
        assert names(queries.visible_to(fresh(user))) == allowed


GIVEN = [
    ("region_admin_03", Role.INTAKE, "03", True),
    ("region_admin_03", Role.INTAKE, "02", False),
    ("region_admin_03", Role.INTAKE, "99", False),
    ("region_admin_03", Role.LAB_MANAGER, "lab 03", True),
    ("region_admin_03", Role.LAB_MANAGER, "lab 02", False),
    ("region_admin_03", Role.NATIONAL_VIEWER, "", False),
    ("lab_manager_03", Role.LAB_MEMBER, "lab 03", True),
    ("lab_manager_03", Role.LAB_MANAGER, "lab 03", False),
    ("lab_manager_03", Role.LAB_MEMBER, "lab 02", False),
    ("lab_manager_03", Role.INTAKE, "03", False),
    ("lab_member_03", Role.LAB_MEMBER, "lab 03", False),
    ("intake_03", Role.INTAKE, "03", False),
    ("region_admin_99", Role.INTAKE, "03", False),
]


@pytest.mark.parametrize(("giver", "role", "place", "is_allowed"), GIVEN)
def test_who_gives_which_role(world: World, giver: str, role: Role, place: str, is_allowed: bool) -> None:
    person = UserFactory.create()
    where = {"authority": None, "laboratory": None}
    if place.startswith("lab"):
        where["laboratory"] = world.labs[place[-2:]]  # type: ignore[assignment]
    elif place:
        where["authority"] = authority(place)  # type: ignore[assignment]
    if is_allowed:
        services.give_role(person=person, role=role, by=world[giver], now=NOW(), **where)
    else:
        with pytest.raises(door.Refused):
            services.give_role(person=person, role=role, by=world[giver], now=NOW(), **where)
    assert person.has_role(role) is is_allowed


def test_nobody_gives_or_ends_a_role_of_their_own(world: World) -> None:
    admin = world["region_admin_03"]
    with pytest.raises(door.Refused):
        services.give_role(person=admin, role=Role.DECISION, authority=authority("03"), by=admin, now=NOW())
    with pytest.raises(door.Refused):
        services.end_role(membership=admin.memberships.get(), reason="x", by=admin, now=NOW())
    assert [m.role for m in Membership.objects.in_force().filter(user=admin)] == [Role.REGION_ADMIN]


def test_a_laboratorys_people_get_no_role_of_those_who_judge_them(world: World) -> None:
    with pytest.raises(ValidationError):
        services.give_role(
            person=world["lab_member_03"],
            role=Role.INTAKE,
            authority=authority("03"),
            by=world["region_admin_03"],
            now=NOW(),
        )


def test_a_role_is_given_once(world: World) -> None:
    with translation.override("en"), pytest.raises(ValidationError, match="already has this role"):
        services.give_role(
            person=world["intake_03"],
            role=Role.INTAKE,
            authority=authority("03"),
            by=world["region_admin_03"],
            now=NOW(),
        )


def test_a_role_is_ended_once_and_kept(world: World) -> None:
    membership, admin = world["intake_03"].memberships.get(), world["region_admin_03"]
    services.end_role(membership=membership, reason="调岗", by=admin, now=NOW())
    assert not fresh(world["intake_03"]).has_role(Role.INTAKE)
    with pytest.raises(door.Stale):
        services.end_role(membership=membership, reason="调岗", by=admin, now=NOW())
    log = queries.history_of(world["intake_03"]).get()
    assert (log.verb, log.by, log.reason, log.facts) == (
        "end_role",
        admin,
        "调岗",
        {"role": "intake", "place": "河北省市场监督管理局"},
    )


def test_an_account_is_closed_by_who_administers_every_place(world: World) -> None:
    person = world["intake_03"]
    MembershipFactory.create(user=person, role=Role.ASSESSOR, authority=authority("02"))
    with pytest.raises(door.Refused):
        services.deactivate(person=person, reason="x", by=world["region_admin_03"], now=NOW())
    person.memberships.filter(role=Role.ASSESSOR).update(ended_at=NOW())
    services.deactivate(person=person, reason="离职", by=world["region_admin_03"], now=NOW())
    assert fresh(person).is_active is False


def test_a_closed_account_ends_its_sessions(world: World, client: Client) -> None:
    client.force_login(world["lab_manager_03"])
    assert client.get(reverse("accounts:people")).status_code == 200
    services.deactivate(person=world["lab_manager_03"], reason="x", by=world["region_admin_03"], now=NOW())
    assert client.get(reverse("accounts:people")).status_code == 302


def test_nobody_closes_their_own_account(world: World) -> None:
    with pytest.raises(door.Refused):
        services.deactivate(person=world["region_admin_03"], reason="x", by=world["region_admin_03"], now=NOW())


# -- pages


def add(client: Client, user: User, **values: str) -> Any:
    facts = {
        "name": "新人",
        "email": "New@Example.cn",
        "phone": "",
        "language": "zh-hans",
        "authority": str(authority("03").pk),
    }
    return client_of(client, user).post(reverse("accounts:add"), {**facts, **values})


def test_a_new_person_gets_a_link_that_sets_the_password(world: World, client: Client) -> None:
    answer = add(client, world["region_admin_03"], role="intake")
    person = User.objects.get(email="new@example.cn")
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("accounts:person", args=[person.uuid]))
    assert (person.has_role(Role.INTAKE, authority_id=authority("03").pk), person.has_usable_password()) == (
        True,
        False,
    )
    (message,) = mail.outbox
    assert message.to == ["new@example.cn"]
    link = re.search(r"https?://[^/]+(/\S+)", message.body)
    assert link is not None
    visitor = Client()
    form = visitor.get(link[1], follow=True)
    done = visitor.post(
        form.redirect_chain[-1][0], {"password1": "correct-horse-battery-9", "password2": "correct-horse-battery-9"}
    )
    assert done.status_code == 302
    assert fresh(person).check_password("correct-horse-battery-9")


def test_an_address_with_an_account_is_told_and_can_be_given_the_role(world: World, client: Client) -> None:
    known = UserFactory.create(email="new@example.cn")
    refused = add(client, world["region_admin_03"], role="assessor")
    assert refused.status_code == 422 and "This address has an account already" in refused.content.decode()
    given = add(client, world["region_admin_03"], role="assessor", has_account="on")
    assert given.status_code == 302 and fresh(known).has_role(Role.ASSESSOR)
    assert mail.outbox == []


def test_a_laboratory_is_named_by_its_code_within_the_region(world: World, client: Client) -> None:
    admin = world["region_admin_03"]
    other = add(client, admin, role="lab_manager", credit_code=world.labs["02"].credit_code)
    assert other.status_code == 422 and "No laboratory of your region" in other.content.decode()
    own = add(client, admin, role="lab_manager", credit_code=world.labs["03"].credit_code)
    assert own.status_code == 302 and User.objects.get(email="new@example.cn").laboratory_ids() == {world.labs["03"].pk}


def test_a_manager_adds_members_of_the_own_laboratory_only(world: World, client: Client) -> None:
    manager = world["lab_manager_03"]
    assert add(client, manager, role="lab_manager", laboratory=str(world.labs["03"].pk)).status_code == 422
    assert add(client, manager, role="lab_member", laboratory=str(world.labs["02"].pk)).status_code == 422
    assert add(client, manager, role="lab_member", laboratory=str(world.labs["03"].pk)).status_code == 302


def test_people_of_other_places_are_not_found(world: World, client: Client) -> None:
    client_of(client, world["region_admin_03"])
    for name in ("intake_02", "lab_member_02", "intake_99"):
        assert client.get(reverse("accounts:person", args=[world[name].uuid])).status_code == 404
        assert (
            client.post(
                reverse("accounts:switch", args=[world[name].uuid]), {"active": "no", "reason": "x"}
            ).status_code
            == 404
        )
        assert fresh(world[name]).is_active
    text = client.get(reverse("accounts:people")).content.decode()
    assert "intake 03" in text and "intake 02" not in text and "intake 99" not in text


def test_officers_have_no_such_page(world: World, client: Client) -> None:
    assert client_of(client, world["intake_03"]).get(reverse("accounts:people")).status_code == 403


def test_roles_are_given_and_ended_on_the_page(world: World, client: Client) -> None:
    person = world["intake_03"]
    client_of(client, world["region_admin_03"])
    given = client.post(
        reverse("accounts:give", args=[person.uuid]), {"role": "supervisor", "authority": str(authority("03").pk)}
    )
    assert given.status_code == 302 and fresh(person).has_role(Role.SUPERVISOR)
    membership = person.memberships.get(role=Role.INTAKE)
    url = reverse("accounts:end", args=[person.uuid, membership.pk])
    client.post(url, {"reason": " "})
    assert fresh(person).has_role(Role.INTAKE)
    client.post(url, {"reason": "调岗"})
    assert not fresh(person).has_role(Role.INTAKE)
    text = client.get(reverse("accounts:person", args=[person.uuid])).content.decode()
    assert "Role ended: intake officer" in text and "调岗" in text


def test_ending_a_role_of_somebody_elses_place_is_not_found(world: World, client: Client) -> None:
    membership = world["intake_02"].memberships.get()
    url = reverse("accounts:end", args=[world["intake_03"].uuid, membership.pk])
    assert client_of(client, world["region_admin_03"]).post(url, {"reason": "x"}).status_code == 404
    assert fresh(world["intake_02"]).has_role(Role.INTAKE)


def test_the_list_takes_as_many_queries_for_many(world: World, client: Client, django_assert_num_queries: Any) -> None:
    client_of(client, world["region_admin_03"])
    url = reverse("accounts:people")
    client.get(url)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url)
    for _n in range(3):
        UserFactory.create(member=(Role.INTAKE, authority("03")))
    with django_assert_num_queries(len(few)):
        client.get(url)
