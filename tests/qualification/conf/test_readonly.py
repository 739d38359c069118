from __future__ import annotations

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.http import HttpResponse

from qualification.accounts.models import User
from qualification.conf.readonly import ReadOnlyMiddleware, WriteRefused, read_only, writes
from tests.factories.accounts import UserFactory


@pytest.mark.parametrize(
    "sql",
    [
        'INSERT INTO "applications_application" ("id") VALUES (%s)',
        'UPDATE "accounts_user" SET "name" = %s',
        'UPDATE ONLY "accounts_user" SET "name" = %s',
        'DELETE FROM "accounts_user"',
        'WITH gone AS (DELETE FROM "accounts_user" RETURNING *) SELECT * FROM gone',
        'TRUNCATE "accounts_user"',
        'TRUNCATE TABLE "accounts_user"',
        'SELECT 1 FROM "accounts_user" FOR UPDATE',
        'SELECT 1 FROM "accounts_user" FOR NO KEY UPDATE OF "accounts_user"',
        "DROP TABLE accounts_user",
        'INSERT INTO "django_session" VALUES (1); DELETE FROM "accounts_user"',
    ],
)
def test_statements_that_write(sql: str) -> None:
    assert writes(sql)


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "updated_at", "created_at" FROM "accounts_user" WHERE "name" = %s',
        'UPDATE "django_session" SET "session_data" = %s',
        'INSERT INTO "axes_accessattempt" ("id") VALUES (%s)',
        "SAVEPOINT x",
        "BEGIN",
    ],
)
def test_statements_that_do_not(sql: str) -> None:
    assert not writes(sql)


@pytest.mark.django_db
def test_every_way_of_the_orm_is_refused() -> None:
    user = UserFactory()
    attempts: list[Any] = [
        user.save,
        user.delete,
        lambda: User.objects.update(name="x"),
        lambda: User.objects.bulk_create([User(username="n")]),
        lambda: list(ContentType.objects.select_for_update()),
        lambda: connection.cursor().execute("DELETE FROM accounts_user"),
    ]
    for attempt in attempts:
        with pytest.raises(WriteRefused), transaction.atomic(), read_only():
            attempt()
    assert User.objects.filter(pk=user.pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "may_write"), [("GET", False), ("HEAD", False), ("OPTIONS", False), ("POST", True)])
def test_only_methods_that_write_may_write(rf: Any, method: str, may_write: bool) -> None:
    def view(request: object) -> HttpResponse:
        UserFactory()
        return HttpResponse()

    middleware, request = ReadOnlyMiddleware(view), rf.generic(method, "/")
    if may_write:
        assert middleware(request).status_code == 200
    else:
        with pytest.raises(WriteRefused), transaction.atomic():
            middleware(request)
    assert User.objects.count() == int(may_write)
