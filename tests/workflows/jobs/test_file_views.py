"""The list of files to look after: who sees it, what it shows, and checking again."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from documents import scanning, storage
from documents.care.models import FoundStray, Recheck
from documents.care.words import said_of
from documents.models import StoredFile
from qualification.accounts.enums import Role
from qualification.pages import menu
from qualification.regions.models import Authority
from tests.factories.accounts import UserFactory
from tests.factories.cases import load_reference
from workflows.outbox import file_notices
from workflows.outbox.enums import Kind
from workflows.outbox.models import Message
from workflows.outbox.rendering import render

pytestmark = pytest.mark.django_db
FILES = "jobs:files"


@pytest.fixture
def place() -> Authority:
    load_reference()
    return Authority.objects.get(code="03")


@pytest.fixture
def admin(place: Authority) -> Any:
    return UserFactory(member=(Role.SLA_ADMIN, place))


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


def given_up(number: int = 1, name: str = "secret name.pdf") -> list[StoredFile]:
    now = timezone.now() - dt.timedelta(hours=1)
    verdict = {"problem": "gave_up", "params": {}, "detail": "ScanFailed: clamd does not answer"}
    ids = [uuid.uuid4() for _ in range(number)]
    return StoredFile.objects.bulk_create(
        StoredFile(
            uuid=one, key=storage.key_of(one), name=name, size=1, sha256="0" * 64, created_at=now, received_at=now,
            scan_state="failed", scan_verdict=verdict, scanned_at=now, scan_attempts=scanning.MAX_ATTEMPTS,
        )
        for one in ids
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "sees", "acts"),
    [
        (Role.SLA_ADMIN, 200, 302), (Role.REGION_ADMIN, 200, 302), (Role.JOINT_MEETING, 200, 403),
        (Role.NATIONAL_VIEWER, 200, 403), (Role.INTAKE, 403, 403), (Role.LAB_MANAGER, 403, 403),
    ],
)  # fmt: skip
def test_who_looks_after_files_sees_them_and_administrators_act(
    place: Authority, role: Role, sees: int, acts: int
) -> None:
    from tests.factories.laboratories import LaboratoryFactory

    where = {Role.JOINT_MEETING: None, Role.NATIONAL_VIEWER: None, Role.LAB_MANAGER: LaboratoryFactory(authority=place)}
    user = UserFactory(member=(role, where.get(role, place)))
    (file,) = given_up()
    client = signed_in(user)
    again = reverse("jobs:file_again", args=[file.pk])
    page = client.get(reverse(FILES))
    assert (page.status_code, client.get(reverse("jobs:strays")).status_code) == (sees, sees)
    assert (again in page.content.decode()) == (acts == 302)
    assert client.post(again).status_code == acts
    assert Recheck.objects.count() == (acts == 302)


def test_the_page_says_what_is_wrong_but_no_name_and_is_filtered_and_exported(admin: Any) -> None:
    (file,) = given_up()
    client = signed_in(admin)
    page = client.get(reverse(FILES)).content.decode()
    assert str(file.pk) in page
    assert "See that clamd runs" in page
    assert "clamd does not answer" in page
    assert "secret name" not in page
    assert str(file.pk) not in client.get(reverse(FILES), {"trouble": "6_refused"}).content.decode()
    assert str(file.pk) in client.get(reverse(FILES), {"trouble": "3_gave_up", "q": str(file.pk)[:8]}).content.decode()
    lines = b"".join(client.get(reverse(FILES), {"export": "csv"})).decode()  # type: ignore[arg-type]
    assert (str(file.pk) in lines, "secret name" in lines) == (True, False)
    assert "1 file needs a person" in client.get(reverse("jobs:status")).content.decode()


def test_a_refusal_is_told_in_words_under_the_number_of_the_file(admin: Any) -> None:
    told, unknown = given_up(2)
    for file, problem in ((told, "empty"), (unknown, "of another release")):
        verdict = {"problem": problem, "params": {}}
        StoredFile.objects.filter(pk=file.pk).update(scan_state="refused", scan_verdict=verdict)
    page = signed_in(admin).get(reverse(FILES)).content.decode()
    assert f"“{str(told.pk)[:8]}…” is empty" in page
    assert "of another release" in page
    assert "secret name" not in page


@pytest.mark.parametrize(
    ("detail", "said", "shown"),
    [
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/srv/my store/quarantine/ab/abcdef'",
            "not in the quarantine any more", "FileNotFoundError: [Errno 2] No such file or directory: …",
        ),
        ("ScanFailed: clamd looked at a part only: X. Raise its limits.", "looked at a part of the file only", "clamd"),
        ("ScanFailed: clamd does not answer: unix:/run/clamd.ctl", "malware scanner does not answer", "unix:…"),
        ("ScanFailed: The check took too long.", "machine was only busy", "took too long"),
        ("OSError: cannot read /var/lib/tongzheng/x, sorry", "The check itself failed", "cannot read …, sorry"),
    ],
)  # fmt: skip
def test_a_failed_check_is_told_in_a_sentence_and_its_detail_names_no_path(
    admin: Any, detail: str, said: str, shown: str
) -> None:
    (file,) = given_up()
    StoredFile.objects.update(scan_verdict={"problem": "gave_up", "params": {}, "detail": detail})
    page = signed_in(admin).get(reverse(FILES)).content.decode()
    sentence_, fold = page.split(f'title="{file.pk}"')[0].rsplit("<details", 1)
    assert said in sentence_
    assert shown in fold
    assert not [path for path in ("/srv", "/run/", "/var/lib") if path in page]


def test_each_trouble_says_what_to_do(admin: Any) -> None:
    for fault, state, problem, said in (
        ("lost", "clean", "", "Restore it from the backup"), ("altered", "clean", "", "who can write to the store"),
        ("", "failed", "altered", "Its sender must upload it again"), ("", "pending", "", "whether the worker runs"),
    ):  # fmt: skip
        (file,) = given_up()
        row = StoredFile(pk=file.pk, scan_state=state, fault=fault, scan_verdict={"problem": problem})
        with translation.override("en"):
            assert said in said_of(row)


def test_the_page_of_strays_lights_the_entry_of_files(admin: Any) -> None:
    request = RequestFactory().get(reverse("jobs:strays"))
    request.user = admin
    assert [entry.key for entry in menu.shown_on(request) if entry.is_current] == ["files"]


def test_checking_again_is_told_and_a_second_time_refused(admin: Any) -> None:
    (file,) = given_up()
    client = signed_in(admin)
    again = reverse("jobs:file_again", args=[file.pk])
    assert "checked again" in client.post(again, follow=True).content.decode()
    assert "Load the list again" in client.post(again, follow=True).content.decode()
    assert client.get(again).status_code == 405
    assert client.post(reverse("jobs:file_again", args=[uuid.uuid4()])).status_code == 404


def test_ten_thousand_files_cost_no_more_queries_than_one(admin: Any) -> None:
    client = signed_in(admin)
    given_up()
    client.get(reverse(FILES))
    counts = []
    for more in (0, 10_000):
        given_up(more)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(FILES)).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_strays_are_listed(admin: Any) -> None:
    FoundStray.objects.create(kind="bytes", bucket="clean", key="zz/nobody", found_at=timezone.now())
    client = signed_in(admin)
    assert "zz/nobody" in client.get(reverse("jobs:strays")).content.decode()
    assert "1 stray in the store" in client.get(reverse(FILES)).content.decode()


def test_the_page_says_how_many_strays_are_kept_and_when_there_may_be_more(admin: Any) -> None:
    client = signed_in(admin)
    assert "At most 10,000 are kept" in client.get(reverse("jobs:strays")).content.decode()
    FoundStray.objects.bulk_create(
        FoundStray(kind="bytes", bucket="clean", key=f"zz/{n}", found_at=timezone.now()) for n in range(10_000)
    )
    page = client.get(reverse("jobs:strays")).content.decode()
    assert "10,000 or more" in page and "documents orphans" in page
    assert "There may be more" in client.get(reverse(FILES)).content.decode()


def test_administrators_are_told_once_a_day_of_what_is_new_and_once_a_week_of_what_stays(admin: Any) -> None:
    now = timezone.now()
    UserFactory(member=(Role.INTAKE, Authority.objects.get(code="03")))
    assert file_notices.tell(now=now) == 0
    given_up(2)
    days = [now + dt.timedelta(days=day) for day in range(1, 9)]
    told = [file_notices.tell(now=day) for day in (now, now, *days)]
    assert told == [1, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    given_up(1)
    assert [file_notices.tell(now=days[-1] + dt.timedelta(hours=hour)) for hour in (0, 1)] == [1, 0]
    message = Message.objects.filter(kind=Kind.FILES_NEED_CARE).order_by("pk").last()
    assert message is not None
    said = render(message, "en")
    assert (message.recipient, said.path, "3 could not be checked" in said.text) == (admin, reverse(FILES), True)
