"""Settings and dictionaries: who reads, who changes, what is kept."""

from __future__ import annotations

import pytest
import rules
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.regions import queries, services
from qualification.regions.models import DictionaryEntry, Profile, ProfileChange
from qualification.regions.settings import SETTINGS, setting
from tests.factories.accounts import UserFactory
from tests.factories.cases import load_reference
from tests.factories.laboratories import LaboratoryFactory
from tests.factories.regions import authority


@pytest.fixture(autouse=True)
def _reference(db: None) -> None:
    load_reference()


def user_of(role: Role, code: str = "03") -> User:
    if role in {Role.JOINT_MEETING, Role.NATIONAL_VIEWER}:
        return UserFactory.create(member=role)
    if role in {Role.LAB_MEMBER, Role.LAB_MANAGER}:
        return UserFactory.create(member=(role, LaboratoryFactory.create(authority=authority(code))))
    return UserFactory.create(member=(role, authority(code)))


def profile(code: str) -> Profile:
    return Profile.objects.select_related("authority").get(authority__code=code)


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def change_url(code: str, key: str) -> str:
    return reverse("regions:change", args=[code, key])


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("code", ["03", "99"])
def test_query_and_rule_agree(role: Role, code: str) -> None:
    user = user_of(role, code)
    profiles = Profile.objects.select_related("authority").order_by("authority__code")
    allowed = [p.authority.code for p in profiles if rules.has_perm("regions.Profile.see", user, p)]
    assert sorted(p.authority.code for p in queries.profiles_visible_to(user)) == allowed


def test_the_national_roles_see_five_and_no_trial() -> None:
    seen = queries.profiles_visible_to(user_of(Role.NATIONAL_VIEWER))
    assert sorted(p.authority.code for p in seen) == ["01", "02", "03", "04", "05"]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("code", ["03", "02"])
def test_only_the_administrator_of_the_authority_changes(role: Role, code: str) -> None:
    may = rules.has_perm("regions.Profile.change_setting", user_of(role, "03"), profile(code))
    assert may is (role == Role.REGION_ADMIN and code == "03")


def test_every_setting_stands_on_the_page(client: Client) -> None:
    text = signed_in(client, user_of(Role.REGION_ADMIN)).get(reverse("regions:profile", args=["03"])).content.decode()
    assert [key for key in SETTINGS if change_url("03", key) not in text] == []


def test_a_reader_gets_no_link_to_change(client: Client) -> None:
    text = signed_in(client, user_of(Role.JOINT_MEETING)).get(reverse("regions:profile", args=["03"])).content.decode()
    assert [key for key in SETTINGS if not SETTINGS[key].is_limit and change_url("03", key) in text] == []


def test_the_administrator_changes_a_setting_with_a_reason(client: Client) -> None:
    admin = user_of(Role.REGION_ADMIN)
    answer = signed_in(client, admin).post(change_url("03", "team_min"), {"value": "3", "reason": "承诺时限"})
    assert answer.status_code == 302
    assert setting(profile("03").authority, "team_min") == 3
    assert setting(profile("02").authority, "team_min") == 2
    assert list(ProfileChange.objects.values_list("key", "old", "new", "reason", "by")) == [
        ("team_min", 2, 3, "承诺时限", admin.pk)
    ]
    assert "承诺时限" in client.get(reverse("regions:profile", args=["03"])).content.decode()


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("team_min", "13", "must be from 2 to 12"),
        ("team_min", "0", "must be from 2 to 12"),
        ("team_min", "soon", "give a whole number"),
        ("rungs_at", "25:00", "give a time of day such as 09:00"),
    ],
)
def test_out_of_bounds_is_told_and_kept(client: Client, key: str, value: str, says: str) -> None:
    answer = signed_in(client, user_of(Role.REGION_ADMIN)).post(change_url("03", key), {"value": value, "reason": "x"})
    text = answer.content.decode()
    assert (answer.status_code, says in text, f'value="{value}"' in text) == (422, True, True)
    assert ProfileChange.objects.count() == 0


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [("issuer_not_decider", "no", False), ("certificate_ends", "same_day", "same_day"), ("rungs_at", "08:30", "08:30")],
)
def test_every_unit_is_kept_in_its_type(client: Client, key: str, value: str, kept: object) -> None:
    signed_in(client, user_of(Role.REGION_ADMIN)).post(change_url("03", key), {"value": value, "reason": "x"})
    assert setting(profile("03").authority, key) == kept


def test_a_change_needs_a_reason() -> None:
    with pytest.raises(ValidationError):
        services.change(
            profile=profile("03"),
            key="team_min",
            value=8,
            reason=" ",
            by=user_of(Role.REGION_ADMIN),
            now=timezone.now(),
        )


@pytest.mark.parametrize("role", [Role.JOINT_MEETING, Role.INTAKE])
def test_the_service_asks_the_rule_itself(role: Role) -> None:
    with pytest.raises(door.Refused):
        services.change(
            profile=profile("03"), key="team_min", value=8, reason="x", by=user_of(role), now=timezone.now()
        )


@pytest.mark.parametrize(
    ("role", "code", "status"),
    [
        (Role.REGION_ADMIN, "02", 404),
        (Role.REGION_ADMIN, "99", 404),
        (Role.NATIONAL_VIEWER, "99", 404),
        (Role.NATIONAL_VIEWER, "02", 200),
        (Role.INTAKE, "03", 403),
    ],
)
def test_other_regions_are_closed(client: Client, role: Role, code: str, status: int) -> None:
    assert signed_in(client, user_of(role)).get(reverse("regions:profile", args=[code])).status_code == status


def test_a_reader_cannot_post(client: Client) -> None:
    answer = signed_in(client, user_of(Role.JOINT_MEETING)).post(
        change_url("03", "team_min"), {"value": "8", "reason": "x"}
    )
    assert answer.status_code == 404
    assert setting(profile("03").authority, "team_min") == 2


def test_side_by_side_marks_what_differs(client: Client) -> None:
    services.change(
        profile=profile("03"), key="team_min", value=11, reason="x", by=user_of(Role.REGION_ADMIN), now=timezone.now()
    )
    text = signed_in(client, user_of(Role.NATIONAL_VIEWER)).get(reverse("regions:home")).content.decode()
    assert text.count("11</span>") == 1 and "Trial" not in text


def test_names_of_a_code_are_corrected_and_kept(client: Client) -> None:
    url = reverse("regions:entry", args=["field", "12"])
    answer = signed_in(client, user_of(Role.REGION_ADMIN)).post(
        url, {"name_zh": "生态环境", "name_en": "Ecology", "reason": "更名"}
    )
    assert answer.status_code == 302
    entry = DictionaryEntry.objects.get(kind="field", code="12")
    assert (entry.name_zh, entry.name_en, entry.is_active) == ("生态环境", "Ecology", False)
    assert "生态环境 / Ecology (not in use)" in client.get(reverse("regions:profile", args=["03"])).content.decode()


@pytest.mark.parametrize(("role", "code"), [(Role.JOINT_MEETING, "03"), (Role.REGION_ADMIN, "99")])
def test_readers_and_trials_change_no_dictionary(client: Client, role: Role, code: str) -> None:
    url = reverse("regions:entry", args=["field", "12"])
    answer = signed_in(client, user_of(role, code)).post(
        url, {"name_zh": "x", "name_en": "x", "is_active": "on", "reason": "x"}
    )
    assert answer.status_code == 404
    assert DictionaryEntry.objects.get(kind="field", code="12").name_en != "x"
