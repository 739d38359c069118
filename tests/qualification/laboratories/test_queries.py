"""Who sees and changes which laboratory: one predicate per object, one queryset for lists, and they agree."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from qualification.accounts.enums import AUTHORITY_ROLES, LABORATORY_ROLES, NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.accounts.models import User
from qualification.door import may
from qualification.laboratories import queries, rules
from qualification.laboratories.models import Laboratory, RegisterImport
from qualification.laboratories.services import allows
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.laboratories import LaboratoryFactory, SiteFactory
from tests.factories.regions import authority

pytestmark = pytest.mark.django_db

CODES = ("01", "03", "04", "99")


def make_laboratories() -> dict[str, Laboratory]:
    """A legal person in each region, one with sites in two more, one whose site alone is in Shanxi."""
    labs = {code: LaboratoryFactory.create(authority=authority(code), name=f"lab {code}") for code in CODES}
    for code in ("03", "04"):
        SiteFactory.create(laboratory=labs["01"], authority=authority(code))
    SiteFactory.create(laboratory=labs["03"], authority=authority("03"))
    SiteFactory.create(laboratory=labs["99"], authority=authority("99"))
    return labs


def make_people(labs: dict[str, Laboratory]) -> list[User]:
    """Everybody: each role at each place, one with two places, one who has left, one switched off, one with nothing."""
    people = [UserFactory.create(member=(role, lab)) for role, lab in product(sorted(LABORATORY_ROLES), labs.values())]
    people += [
        UserFactory.create(member=(role, authority(code))) for role, code in product(sorted(AUTHORITY_ROLES), CODES)
    ]
    people += [UserFactory.create(member=role) for role in sorted(NATIONAL_ROLES)]
    two = UserFactory.create(member=(Role.LAB_MEMBER, labs["04"]))
    MembershipFactory.create(user=two, role=Role.INTAKE, authority=authority("03"))
    left = UserFactory.create()
    MembershipFactory.create(user=left, role=Role.LAB_MANAGER, laboratory=labs["01"], ended_at="2026-01-01T00:00Z")
    off = UserFactory.create(member=(Role.LAB_MANAGER, labs["01"]), is_active=False)
    return [*people, two, left, off, UserFactory.create(is_superuser=True)]


def test_predicate_and_queryset_agree_for_everybody_and_everything() -> None:
    labs = make_laboratories()
    for person in [*make_people(labs), AnonymousUser()]:
        seen = set(queries.visible_to(person))
        assert seen == {lab for lab in labs.values() if may(person, "see", lab)}, person
        assert {site.laboratory for site in queries.sites_visible_to(person)} <= seen


def names(person: Any) -> list[str]:
    return [lab.name for lab in queries.visible_to(person).order_by("name")]


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_staff_see_the_legal_persons_and_the_sites_of_their_region(role: Role) -> None:
    make_laboratories()
    see = {code: names(UserFactory.create(member=(role, authority(code)))) for code in CODES}
    assert see == {"01": ["lab 01"], "03": ["lab 01", "lab 03"], "04": ["lab 01", "lab 04"], "99": ["lab 99"]}


@pytest.mark.parametrize("role", sorted(NATIONAL_ROLES))
def test_national_roles_see_all_but_trial_laboratories(role: Role) -> None:
    make_laboratories()
    assert names(UserFactory.create(member=role)) == ["lab 01", "lab 03", "lab 04"]


def test_assessors_and_strangers_see_none() -> None:
    labs = make_laboratories()
    for person in (
        UserFactory.create(member=(Role.ASSESSOR, authority("01"))),
        UserFactory.create(),
        UserFactory.create(member=(Role.LAB_MANAGER, labs["01"]), is_active=False),
        AnonymousUser(),
    ):
        assert names(person) == []


def test_members_see_their_own() -> None:
    labs = make_laboratories()
    assert names(UserFactory.create(member=(Role.LAB_MEMBER, labs["03"]))) == ["lab 03"]


EDITS = ("edit_profile", "edit_sites", "edit_staff", "edit_equipment", "edit_signatories")


@pytest.mark.parametrize(
    ("role", "place", "can"),
    [
        (Role.LAB_MANAGER, "own", set(EDITS)),
        (Role.LAB_MEMBER, "own", {"edit_sites", "edit_staff", "edit_equipment"}),
        (Role.LAB_MANAGER, "other", set()),
        (Role.LAB_MEMBER, "other", set()),
        (Role.REGION_ADMIN, "01", {"edit_profile"}),
        (Role.REGION_ADMIN, "03", set()),
        *[(role, "01", set()) for role in sorted(AUTHORITY_ROLES - {Role.REGION_ADMIN})],
        *[(role, None, set()) for role in sorted(NATIONAL_ROLES)],
    ],
)
def test_who_changes_what(role: Role, place: str | None, can: set[str]) -> None:
    labs = make_laboratories()
    places: dict[Any, Any] = {"own": labs["01"], "other": labs["03"], None: None}
    person = UserFactory.create(member=(role, places[place] if place in places else authority(str(place))))
    assert {verb for verb in EDITS if allows(person, verb, labs["01"])} == can


def test_only_region_administrators_enter_laboratories() -> None:
    lab = LaboratoryFactory.create()
    for role in Role:
        place = lab if role in LABORATORY_ROLES else None if role in NATIONAL_ROLES else authority("01")
        person = UserFactory.create(member=(role, place))
        assert allows(person, "create", None) == (role == Role.REGION_ADMIN)
    assert allows(AnonymousUser(), "create", None) is False


def test_every_verb_has_a_rule_and_an_unknown_verb_has_none() -> None:
    lab = LaboratoryFactory.create()
    assert all(may(None, verb, lab) for verb in EDITS)
    assert may(None, "see", lab) is False
    assert may(UserFactory.create(), "burn", lab) is False
    assert set(rules.PERMISSIONS) == {"see", "create", *EDITS}


def test_imports_are_seen_by_people_of_the_laboratory_alone() -> None:
    lab = LaboratoryFactory.create()
    imported = RegisterImport.objects.create(
        laboratory=lab, register="staff", file_name="a.xls", sha256="0" * 64, uploaded_at="2026-11-20T00:00Z"
    )
    member = UserFactory.create(member=(Role.LAB_MEMBER, lab))
    assert list(queries.imports_visible_to(member)) == [imported]
    for other in (UserFactory.create(member=(Role.REGION_ADMIN, lab.authority)), UserFactory.create(), AnonymousUser()):
        assert list(queries.imports_visible_to(other)) == []
