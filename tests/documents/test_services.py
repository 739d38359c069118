from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from documents import queries
from documents.models import Version
from documents.services import CannotWithdraw, FilesNotReady, FrozenFile, freeze, withdraw
from tests.documents import files
from tests.documents.owners import KIND, NOW, Owner, add
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.usefixtures("buckets")
LATER = NOW + dt.timedelta(days=1)


def test_freezing_lists_exactly_the_current_versions(owner: Owner, writer: Any) -> None:
    old = add(owner, writer)
    manual = add(owner, writer, "b.pdf", files.pdf("b"))
    report = add(owner, writer, "c.pdf", code="report", label="水")
    lines = freeze(owner_kind=KIND, owner_id=owner.id, now=NOW)
    assert lines == [
        FrozenFile("manual", "", "b.pdf", manual.file.sha256, manual.file.size or 0, 2, manual.pk),
        FrozenFile("report", "水", "c.pdf", report.file.sha256, report.file.size or 0, 1, report.pk),
    ]
    old.refresh_from_db()
    manual.refresh_from_db()
    assert (old.is_frozen, manual.is_frozen, manual.frozen_at) == (False, True, NOW)


def test_a_supplement_freezes_what_is_new_and_keeps_the_old_moment(owner: Owner, writer: Any) -> None:
    first = add(owner, writer)
    freeze(owner_kind=KIND, owner_id=owner.id, now=NOW)
    second = add(owner, writer, data=files.pdf("b"))
    freeze(owner_kind=KIND, owner_id=owner.id, now=LATER)
    moments = Version.objects.values_list("pk", "frozen_at")
    assert dict(moments) == {first.pk: NOW, second.pk: LATER}


def test_nothing_is_frozen_while_a_file_is_being_checked(owner: Owner, writer: Any, settings: Any) -> None:
    add(owner, writer)
    settings.UPLOAD_CHECK_AT_ONCE_BYTES = 10
    add(owner, writer, "late.pdf", code="report")
    with pytest.raises(FilesNotReady) as refused:
        freeze(owner_kind=KIND, owner_id=owner.id, now=NOW)
    assert "late.pdf" in refused.value.message
    assert list(Version.objects.filter(is_frozen=True)) == []


def test_removing_brings_the_earlier_version_back(owner: Owner, writer: Any) -> None:
    first, second = add(owner, writer), add(owner, writer, data=files.pdf("b"))
    withdraw(version=second, by=writer, now=NOW)
    assert queries.current_version(owner_kind=KIND, owner_id=owner.id, code="manual") == first
    assert add(owner, writer, data=files.pdf("c")).number == 3
    with pytest.raises(CannotWithdraw):
        withdraw(version=second, by=writer, now=NOW)


def test_a_frozen_version_stays_in_the_database_too(owner: Owner, writer: Any) -> None:
    version = add(owner, writer)
    freeze(owner_kind=KIND, owner_id=owner.id, now=NOW)
    with pytest.raises(CannotWithdraw):
        withdraw(version=version, by=writer, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Version.objects.update(withdrawn_at=NOW)


def test_only_who_may_write_removes(owner: Owner, writer: Any) -> None:
    version = add(owner, writer)
    reader = UserFactory.create()
    owner.readers.add(reader.pk)
    with pytest.raises(PermissionDenied):
        withdraw(version=version, by=reader, now=NOW)


def test_slots_are_read_with_one_query(owner: Owner, writer: Any) -> None:
    for count in (1, 3):
        for number in range(count):
            add(owner, writer, code=f"code-{count}-{number}", data=files.pdf(str(number)))
        with CaptureQueriesContext(connection) as counted:
            slots = queries.slots_of(KIND, owner.id)
            assert [slot.current.file.name for slot in slots if slot.current] == ["a.pdf"] * len(slots)
            assert [str(slot.current.uploaded_by) for slot in slots if slot.current] == [str(writer)] * len(slots)
        assert len(counted) == 1
    assert queries.filled_slots(KIND, owner.id) == {(f"code-{c}-{n}", "") for c in (1, 3) for n in range(c)}


def test_another_owner_s_slots_do_not_leak(owner: Owner, writer: Any) -> None:
    add(owner, writer)
    import uuid

    assert queries.slots_of(KIND, uuid.uuid4()) == []
    assert queries.slots_of("other-kind", owner.id) == []
