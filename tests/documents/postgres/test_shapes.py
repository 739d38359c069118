"""A query's SQL is remembered by its shape; every other test compiles again what is remembered (guard `compile_again`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.functions import Lower

from documents.postgres import compiler
from documents.postgres.shapes import LIST_LENGTH, Unshaped, shape_of
from qualification.accounts.models import Membership, User
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def _shape(rows: QuerySet[Any]) -> Any:
    return shape_of(rows.query.get_compiler(connection=connection))[0]


def _users(**values: Any) -> QuerySet[User]:
    return User.objects.filter(**values).order_by("pk")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda: _users(username="a"), lambda: _users(username="b")),
        (lambda: _users(pk__in=[1, 2]), lambda: _users(pk__in=[3, 4])),
        (lambda: _users(pk__gt=1, username="a"), lambda: _users(pk__gt=5, username="b")),
        (lambda: Membership.objects.filter(user=User(pk=1)), lambda: Membership.objects.filter(user_id=2)),
    ],
)
def test_other_values_leave_the_shape(one: Callable[[], Any], other: Callable[[], Any]) -> None:
    assert _shape(one()) == _shape(other())


@pytest.mark.parametrize(
    "other",
    [
        lambda: _users(username=None),
        lambda: _users(name="a"),
        lambda: _users(username__in=["a"]),
        lambda: _users(username="a", is_active=True),
        lambda: _users(username="a", is_active=False),
        lambda: _users(username="a").order_by("-pk"),
        lambda: _users(username="a").order_by(),
        lambda: _users(username="a").order_by(F("pk").desc(nulls_last=True)),
        lambda: _users(username="a").distinct(),
        lambda: _users(username="a")[:5],
        lambda: _users(username="a")[5:9],
        lambda: _users(username="a").only("name"),
        lambda: _users(username="a").defer("name"),
        lambda: _users(username="a").values_list("pk"),
        lambda: _users(username="a").values_list("name"),
        lambda: _users(username="a").exclude(pk=1),
        lambda: _users(username="a").filter(pk=1),
        lambda: _users(username="a").filter(Q(pk=1) | Q(pk=2)),
        lambda: _users(username="a").select_for_update(of=("self",)),
        lambda: _users(username="a").select_for_update(of=("self",), skip_locked=True),
        lambda: _users(username="a").annotate(m=Max("pk")),
        lambda: Membership.objects.filter(user_id=1).order_by("pk"),
    ],
)
def test_another_question_has_another_shape(other: Callable[[], Any]) -> None:
    assert _shape(_users(username="a")) != _shape(other())


@pytest.mark.parametrize(
    "rows",
    [
        lambda: _users(username__contains="a"),
        lambda: _users(pk__in=User.objects.filter(pk=1)),
        lambda: _users(pk=F("memberships__pk")),
        lambda: _users(pk__in=range(LIST_LENGTH + 1)),
        lambda: _users(pk__in=list(range(LIST_LENGTH + 1))),
        lambda: _users(username="a").annotate(low=Lower("name")),
        lambda: _users(username="a").annotate(n=Count("pk", distinct=True)),
        lambda: _users(username="a").order_by(Lower("name")),
        lambda: _users(username="a").extra(select={"one": "1"}),
        lambda: _users(username="a").union(_users(username="b")),
    ],
)
def test_what_is_not_known_has_no_shape(rows: Callable[[], Any]) -> None:
    with pytest.raises(Unshaped):
        _shape(rows())


def test_the_rows_are_right_the_first_time_and_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "_known", {})
    users: list[Any] = [UserFactory(username=f"shape-{n}", is_active=bool(n % 2)) for n in range(6)]
    for _ in range(2):
        for user in users:
            assert list(_users(username=user.username)) == [user]
            assert _users(username=user.username).exists()
            assert _users(username=user.username, is_active=user.is_active).count() == 1
            assert not _users(username=user.username, is_active=not user.is_active).exists()
            assert _users(pk=user.pk).aggregate(m=Max("pk")) == {"m": user.pk}
            assert list(_users(pk__in=[user.pk]).values_list("username", flat=True)) == [user.username]
        assert list(_users(pk__in=[])) == list(_users().none()) == list(_users().none().values_list("pk")) == []
        assert _users().none().first() is None
        assert not _users().none().exists()
        assert _users().none().update(name="nobody") == _users(pk__in=[]).update(name="nobody") == 0
        assert _users(pk=users[0].pk).update(name="甲", email="") == 1
        assert list(_users(pk=2**80)) == []
        assert list(_users(pk__in=[u.pk for u in users[:2]])) == users[:2]
        assert list(_users(username__in=[u.username for u in users])[2:4]) == users[2:4]
    assert compiler._known


def test_a_related_row_comes_with_the_first(world: Any) -> None:
    rows = (
        Membership.objects.select_related("user", "authority")
        .filter(authority=world.intake.memberships.get().authority)
        .order_by("pk")
    )
    for _ in range(2):
        for membership in rows.all():
            assert membership.__class__._meta.get_field("user").is_cached(membership)
            assert membership.authority is not None and membership.authority.pk == membership.authority_id


def test_what_a_process_keeps_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "_known", {})
    monkeypatch.setattr(compiler, "MOST", 3)
    for n in range(1, 6):
        list(_users(pk__in=range(n)))
        list(_users(pk__in=list(range(n))))
        assert len(compiler._known) <= 3


@pytest.mark.django_db(transaction=True)
def test_a_lock_still_needs_a_transaction() -> None:
    rows = _users(username="nobody").select_for_update(of=("self",))
    with transaction.atomic():
        assert list(rows.all()) == []
    with pytest.raises(transaction.TransactionManagementError):
        list(rows.all())
