"""The files of a case as handed in, who has looked, and twins in another laboratory's case."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile

from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from documents import bundle, storage
from documents.models import AccessLog, Snapshot, StoredFile
from documents.services import digest_of, freeze
from documents.upload import add_version
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications import casefiles
from qualification.applications.models import Application
from qualification.scope.uploading import label_of
from tests.factories.cases import World
from tests.factories.laboratories import LaboratoryFactory


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_what_was_handed_in_stays_as_it_was_when_a_supplement_follows(world: World) -> None:
    case = world.walk("submit").application
    first = Snapshot.objects.get(owner_id=case.uuid)
    assert first.digest == digest_of(first.lines)
    page = as_(world.manager).get(reverse("applications:files", args=[case.uuid]))
    assert page.status_code == 200
    shown = page.content.decode()
    assert all(line["sha256"] in shown for line in first.lines)
    assert all(one.is_unchanged for one in casefiles.handed_in(case))
    StoredFile.objects.filter(sha256=first.lines[0]["sha256"]).update(sha256="0" * 64)
    assert not casefiles.handed_in(case)[0].is_unchanged


def test_the_bundle_as_handed_in_holds_the_hashes_of_the_list_and_is_logged(world: World) -> None:
    case = world.walk("submit").application
    first = Snapshot.objects.get(owner_id=case.uuid)
    address = reverse("documents:download_handed_in", args=["application", case.uuid, first.pk])
    answer = as_(world.intake).get(address)
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        rows = list(csv.reader(io.StringIO(archive.read(bundle.INDEX).decode("utf-8-sig"))))[1:]
        assert sorted(row[4] for row in rows) == sorted(line["sha256"] for line in first.lines)
        assert all(hashlib.sha256(archive.read(row[0])).hexdigest() == row[4] for row in rows)
    assert AccessLog.objects.filter(purpose="bundle", user=world.intake).count() == len(first.lines)
    looks = as_(world.manager).get(reverse("applications:looks", args=[case.uuid])).content.decode()
    assert str(world.intake) in looks


def test_who_may_not_read_the_case_learns_nothing(world: World) -> None:
    case = world.walk("submit").application
    first = Snapshot.objects.get(owner_id=case.uuid)
    stranger = as_(world.user(Role.INTAKE, world.far))
    for name, args in (
        ("applications:files", [case.uuid]),
        ("applications:looks", [case.uuid]),
        ("documents:download_all", ["application", case.uuid]),
        ("documents:download_handed_in", ["application", case.uuid, first.pk]),
    ):
        assert stranger.get(reverse(name, args=args)).status_code == 404
    other = reverse("documents:download_handed_in", args=["application", case.uuid, case.uuid])
    assert as_(world.manager).get(other).status_code == 404


def test_the_page_asks_as_often_for_many_files(world: World) -> None:
    case = world.walk("submit").application
    with CaptureQueriesContext(connection) as few:
        casefiles.handed_in(case)
    kept = Snapshot.objects.get(owner_id=case.uuid)
    kept.lines = kept.lines * 30
    kept.save()
    with CaptureQueriesContext(connection) as many:
        assert len(casefiles.handed_in(case)[0].lines) == len(kept.lines)
    assert len(many) == len(few) <= 8


def test_the_same_file_of_another_laboratory_is_told_to_staff_alone(world: World) -> None:
    case = world.walk("submit").application
    own = StoredFile.objects.get(versions__document__owner_id=case.uuid, versions__document__code="quality_manual")
    other = Application.objects.create(
        laboratory=LaboratoryFactory(authority=world.lead),
        authority=world.lead,
        kinds=["first"],
        created_by=world.manager,
    )
    with storage.store(own.bucket).stream(own.key) as chunks:
        content = ContentFile(chunks.source.read(), name="抄来的手册.pdf")
    now = timezone.now()
    add_version(owner_kind="application", owner_id=other.uuid, code="quality_manual", upload=content, by=None, now=now)
    assert casefiles.twins_of(case, world.intake) == []
    freeze(owner_kind="application", owner_id=other.uuid, now=now)
    Application.objects.filter(pk=other.pk).update(state="submitted", submitted_at=now)
    assert [t.other for t in casefiles.twins_of(case, world.intake)] == [other]
    address = reverse("applications:files", args=[case.uuid])
    assert "抄来的手册" in as_(world.intake).get(address).content.decode()
    assert "抄来的手册" not in as_(world.manager).get(address).content.decode()


def test_every_table_is_called_by_its_site(world: World) -> None:
    case = world.walk("submit").application
    titles = casefiles.titles_of(case.uuid)
    named = {label_of(site, False): site.name for site in world.sites}
    assert len(named) == len(world.sites) > 1
    assert all(name in titles["capability_table", label] for label, name in named.items())
