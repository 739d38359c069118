"""Who changes what of a person: the person how to reach them, the administrator the name."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qualification import door
from qualification.accounts import services
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.models import TransitionLog
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority

pytestmark = pytest.mark.django_db
OWN = "accounts:own"


@pytest.fixture
def officer() -> User:
    user: User = UserFactory.create(member=(Role.INTAKE, authority("03")), email="old@example.cn")
    user.set_password("s3cret-enough")
    user.save()
    return user


def client(user: User) -> Client:
    found = Client(headers={"accept-language": "en"})
    found.force_login(user)
    return found


def sent(**changes: str) -> dict[str, str]:
    return {"email": "old@example.cn", "phone": "0311-1", "language": "en", "password": ""} | changes


def test_telephone_and_language_need_no_password(officer: User) -> None:
    assert client(officer).post(reverse(OWN), sent()).status_code == 302
    officer.refresh_from_db()
    assert (officer.phone, officer.language, officer.email) == ("0311-1", "en", "old@example.cn")
    assert TransitionLog.objects.get(verb="change_own").by == officer


@pytest.mark.parametrize(
    ("password", "status", "email"),
    [("", 422, "old@example.cn"), ("wrong", 422, "old@example.cn"), ("s3cret-enough", 302, "new@example.cn")],
)
def test_another_address_needs_the_password(officer: User, password: str, status: int, email: str) -> None:
    answer = client(officer).post(reverse(OWN), sent(email="New@example.cn", password=password))
    officer.refresh_from_db()
    assert (answer.status_code, officer.email) == (status, email)


def test_an_address_is_one_person_s(officer: User) -> None:
    UserFactory.create(email="taken@example.cn")
    answer = client(officer).post(reverse(OWN), sent(email="TAKEN@example.cn", password="s3cret-enough"))
    assert answer.status_code == 422
    assert "Another account has this address." in answer.content.decode()


def test_visitors_have_no_details() -> None:
    assert Client().get(reverse(OWN)).status_code == 302


def test_the_administrator_corrects_a_name_with_a_reason(officer: User) -> None:
    administrator = UserFactory.create(member=(Role.REGION_ADMIN, authority("03")))
    url = reverse("accounts:rename", args=[officer.uuid])
    client(administrator).post(url, {"name": "李新名", "reason": ""})
    officer.refresh_from_db()
    assert officer.name != "李新名"
    client(administrator).post(url, {"name": "李新名", "reason": "原登记有误"})
    officer.refresh_from_db()
    assert officer.name == "李新名"
    page = client(administrator).get(reverse("accounts:person", args=[officer.uuid])).content.decode()
    assert "to 李新名" in page


def test_nobody_renames_themselves_or_people_elsewhere(officer: User) -> None:
    elsewhere = UserFactory.create(member=(Role.REGION_ADMIN, authority("02")))
    own = UserFactory.create(member=(Role.REGION_ADMIN, authority("03")))
    for by, person in ((elsewhere, officer), (own, own)):
        with pytest.raises(door.Refused):
            services.rename(person=person, name="李新名", reason="x", by=by, now=timezone.now())
    with pytest.raises(ValidationError):
        services.rename(person=officer, name=" ", reason="x", by=own, now=timezone.now())
