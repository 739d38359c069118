"""People and what they are to an authority or a laboratory."""

from __future__ import annotations

from typing import Any

import factory
from factory.django import DjangoModelFactory

from qualification.accounts.enums import AUTHORITY_ROLES, LABORATORY_ROLES, Role
from qualification.accounts.models import Membership, User

PASSWORD = "correct-horse-battery"


class UserFactory(DjangoModelFactory[User]):
    """A person; `UserFactory(member=(Role.INTAKE, authority))` gives a membership along."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    name = factory.Sequence(lambda n: f"人员{n}")
    email = factory.LazyAttribute(lambda o: f"{o.username}@example.cn")
    phone = "010-12345678"

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        password = kwargs.pop("password", None)
        user = model_class(*args, **kwargs)
        if password is None:
            user.set_unusable_password()
        else:
            user.set_password(password)
        user.save()
        return user

    @factory.post_generation
    def member(self: User, create: bool, extracted: Any, **kwargs: Any) -> None:
        """`UserFactory(member=(Role.INTAKE, authority))`, or `(role, laboratory)`, or a bare national role."""
        if create and extracted:
            role, place = extracted if isinstance(extracted, tuple) else (extracted, None)
            MembershipFactory.create(user=self, role=role, **place_of(role, place))


def place_of(role: str, place: Any) -> dict[str, Any]:
    """The keyword that a role's place goes into; without a place the membership's default is used."""
    if place is None:
        return {}
    return {"laboratory" if role in LABORATORY_ROLES else "authority": place}


class MembershipFactory(DjangoModelFactory[Membership]):
    """One role; the place that the role needs is made when none is given."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = Role.INTAKE
    authority = factory.Maybe(
        factory.LazyAttribute(lambda o: o.role in AUTHORITY_ROLES),
        yes_declaration=factory.SubFactory("tests.factories.regions.AuthorityFactory"),
        no_declaration=None,
    )
    laboratory = factory.Maybe(
        factory.LazyAttribute(lambda o: o.role in LABORATORY_ROLES),
        yes_declaration=factory.SubFactory("tests.factories.laboratories.LaboratoryFactory"),
        no_declaration=None,
    )
