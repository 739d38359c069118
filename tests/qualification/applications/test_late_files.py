"""A file or a table that arrives while the application is being handed in is not taken any more."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections, transaction

from documents.models import StoredFile, Version
from documents.upload import UploadRefused, add_version
from qualification import door
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.applications.queries import OWNER_KIND
from qualification.applications.services import drafts
from qualification.scope import services as scope
from tests.factories.cases import QuickWalk, World
from workflows.demo.materials import page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(db: None) -> World:
    return World()


def upload(walk: QuickWalk, by: User) -> Version:
    content = io.BytesIO(page("迟到的手册")).read()
    return add_version(
        owner_kind=OWNER_KIND, owner_id=walk.application.uuid, code="quality_manual",
        upload=SimpleUploadedFile("迟到.pdf", content), by=by, now=walk.now(),
    )  # fmt: skip


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def during_the_submit(walk: QuickWalk, world: World, late: Any) -> Any:
    """Run `late` on a second connection while the first hands the application in; what it returns or raises."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(late())
        except Exception as error:  # what a thread raises is its result
            found.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        drafts.submit(
            application=Application.objects.get(pk=walk.application.pk), by=world.manager, now=world.moments()
        )
        thread.start()
        while not waits_for_a_lock():
            assert thread.is_alive(), found
    thread.join(timeout=30)
    return found[0]


def test_a_file_that_comes_too_late_is_no_version(world: World) -> None:
    walk = world.walk("upload_materials")
    before = Version.objects.count()
    refused = during_the_submit(walk, world, lambda: upload(walk, world.manager))
    assert isinstance(refused, UploadRefused)
    assert (refused.code, Version.objects.count()) == ("slot_closed", before)
    assert StoredFile.objects.get(name="迟到.pdf").discarded_at is not None


def test_a_table_that_comes_too_late_changes_nothing(world: World) -> None:
    walk = world.walk("upload_materials")
    site = walk.application.sites.order_by("pk").first()
    assert site is not None
    table = walk.application.tables.get(site=site)
    row = table.rows.order_by("position").last()
    late = during_the_submit(
        walk, world, lambda: scope.edit_row(row=row, by=world.manager, now=walk.now(), name="改了")
    )
    assert isinstance(late, door.Stale)
    for act in (
        lambda: scope.delete_row(row=row, by=world.manager, now=walk.now()),
        lambda: scope.add_row(table=table, level="parameter", after=None, by=world.manager, now=walk.now(), number="9"),
        lambda: scope.delete_table(table=table, by=world.manager, now=walk.now()),
        lambda: scope.start_table(
            application=walk.application, site=site, is_food=True, by=world.manager, now=walk.now()
        ),
    ):
        with pytest.raises(door.Stale):
            act()
    assert list(table.rows.values_list("name", flat=True)) == ["水和废水", "pH值", "化学需氧量"]
