"""Prepared queries by libpq's own calls, rows that become instances without detours, and moments read by Python."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import (
    DataError,
    IntegrityError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
    models,
    transaction,
)
from django.db.models.expressions import RawSQL
from django.test.utils import isolate_apps

from documents import statements
from documents.postgres.base import MomentLoader
from documents.statements import PLANS_KEPT, PREPARED_AFTER, execute
from qualification.accounts.models import Membership, User
from qualification.applications.models import Application
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def plans() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, statement FROM pg_prepared_statements")
        return list(cursor.fetchall())


def often(sql: str, params: list[Any], **options: Any) -> list[Any]:
    return [execute(sql, params, **options) for _ in range(PREPARED_AFTER + 2)][-1:]


def test_a_text_that_comes_often_is_prepared_once_for_each_kind_of_value() -> None:
    statements.forget(connection)
    often("SELECT %s::bigint + 1", [1])
    often("SELECT %s::bigint + 1", [2])
    assert [text for _name, text in plans()] == ["SELECT $1::bigint + 1"]
    assert often("SELECT %s::bigint + 1", [2**40]) == [([(2**40 + 1,)], 1)]
    assert len(plans()) == 2


def test_values_and_percent_signs_arrive_as_they_are() -> None:
    sql = "SELECT %s::text, %s::text LIKE 'a%%', 7 %% 4"
    for _ in range(PREPARED_AFTER + 2):
        assert execute(sql, ["$1 %s '", "abc"])[0] == [("$1 %s '", True, 3)]
        assert execute(sql, [None, "bcd"])[0] == [(None, False, 3)]


def test_an_error_of_a_prepared_query_is_djangos_and_leaves_the_plan(world: Any) -> None:
    for value in ("1", "x", "2", "x", "3", "4", "5", "x", "6"):
        if value == "x":
            with pytest.raises(DataError), transaction.atomic():
                execute("SELECT %s::text::integer", [value])
        else:
            assert execute("SELECT %s::text::integer", [value])[0] == [(int(value),)]
    with pytest.raises(ProgrammingError), transaction.atomic():
        execute("SELECT no_such_column", [])


def test_an_error_says_which_constraint(world: Any) -> None:
    user = UserFactory()
    for _ in range(PREPARED_AFTER + 2):
        with pytest.raises(IntegrityError, match="accounts_user_username"), transaction.atomic():
            statements.insert([User(username=user.username, name="x")])


def test_plans_make_room_for_each_other() -> None:
    statements.forget(connection)
    for number in range(PLANS_KEPT + 5):
        often(f"SELECT {number}", [])
    assert len(plans()) == PLANS_KEPT
    assert often("SELECT 0", []) == [([(0,)], 1)]


def test_whoever_changes_tables_begins_without_plans() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE changing AS SELECT 1 AS value")
    assert often("SELECT value FROM changing", []) == [([(1,)], 1)]
    with connection.schema_editor() as editor:
        editor.execute("ALTER TABLE changing ALTER COLUMN value TYPE text")
    assert execute("SELECT value FROM changing", []) == ([("1",)], 1)


def test_a_plan_that_another_process_made_stale_is_made_anew() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE altered AS SELECT 1 AS value")
        often("SELECT value FROM altered", [])
        cursor.execute("ALTER TABLE altered ALTER COLUMN value TYPE text")
    with pytest.raises(NotSupportedError), transaction.atomic():
        execute("SELECT value FROM altered", [])
    assert execute("SELECT value FROM altered", []) == ([("1",)], 1)


@pytest.mark.django_db(transaction=True)
def test_it_begins_the_transaction_that_django_ends() -> None:
    name = UserFactory().name
    for _ in range(PREPARED_AFTER + 2):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            execute("UPDATE accounts_user SET name = %s", ["another"], has_rows=False)
            raise ZeroDivisionError
    assert User.objects.get().name == name
    with transaction.atomic():
        assert execute("UPDATE accounts_user SET name = %s", ["another"], has_rows=False)[1] == 1
    connection.close()
    assert User.objects.get().name == "another"


@pytest.mark.django_db(transaction=True)
def test_a_broken_line_is_an_operational_error_and_the_next_request_goes_on() -> None:
    own = connections[connection.alias]
    often("SELECT 1", [])
    ((pid,),), _count = execute("SELECT pg_backend_pid()", [])
    other = own.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()
    with pytest.raises(OperationalError):
        often("SELECT 1", [])
    own.close_if_unusable_or_obsolete()
    assert often("SELECT 1", []) == [([(1,)], 1)]


def fields(row: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_a_row_becomes_what_django_would_make_of_it(world: Any) -> None:
    user = UserFactory()
    assert User.from_db.__func__ is statements._from_row
    found, usual = User.objects.get(pk=user.pk), models.Model.from_db.__func__(User, "default", *row_of(User, user.pk))
    assert fields(found) == fields(usual)
    assert (found._state.adding, found._state.db) == (usual._state.adding, usual._state.db) == (False, "default")
    found.name = "changed"
    found.save()
    assert User.objects.get(pk=user.pk).name == "changed"


def row_of(model: type[models.Model], pk: int) -> tuple[list[str], list[Any]]:
    names = [field.attname for field in model._meta.concrete_fields]
    return names, list(model._default_manager.values_list(*names).get(pk=pk))


def test_what_was_left_out_is_fetched_when_it_is_asked_for() -> None:
    user = UserFactory()
    found = User.objects.only("username").get(pk=user.pk)
    assert found.get_deferred_fields() >= {"name"}
    assert found.name == user.name


def test_relations_are_fetched_and_remembered(world: Any) -> None:
    membership = Membership.objects.select_related("user").filter(user__isnull=False).first()
    assert membership is not None
    assert membership.user is membership.user
    assert Membership.objects.get(pk=membership.pk).user == membership.user


@isolate_apps("documents")
def test_models_that_do_more_at_their_making_keep_djangos_way() -> None:
    assert Application.from_db.__func__ is not statements._from_row  # it notes the state it was read in

    class Told(models.Model):
        class Meta:
            app_label = "documents"

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)

    class Proxy(User):
        class Meta:
            proxy = True
            app_label = "documents"

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)

    assert Proxy.from_db.__func__ is statements._from_row
    statements.read_plainly([Told, Proxy])
    for model in (Told, Proxy):
        assert model.from_db.__func__ is models.Model.from_db.__func__
    assert type(Proxy.from_db("default", *row_of(User, UserFactory().pk))) is Proxy


MOMENTS = [
    "2026-11-21 09:30:00+00", "2026-11-21 09:30:00.5+00", "2026-11-21 09:30:00.123456+00", "0099-01-01 00:00:00+00",
    "1999-12-31 23:59:59.999999+00",
]  # fmt: skip


@pytest.mark.parametrize("text", MOMENTS)
def test_moments_are_read_as_psycopg_reads_them(text: str) -> None:
    session = connections[connection.alias]
    session.ensure_connection()
    assert isinstance(session.connection.adapters.get_loader(1184, 0)(1184), MomentLoader)
    UserFactory()
    moment = User.objects.order_by().values_list(RawSQL("%s::timestamptz", [text]), flat=True)[0]
    assert moment == dt.datetime.fromisoformat(text)
    assert moment.tzinfo is dt.UTC
