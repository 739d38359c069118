"""A draft application with one site, a version holding a sheet, and open access for its creator."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from openpyxl import Workbook

from documents import storage
from documents.enums import Bucket
from documents.models import Document, StoredFile, Version
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.scope import access
from tests.factories.accounts import UserFactory
from tests.factories.laboratories import SiteFactory

DATA = Path(__file__).parents[2] / "data"
TEMPLATE = DATA / "capability-table-template.xlsx"
HEAD = ["序号", "类别(产品/项目/参数)", "序号", "名称", "依据标准（方法）名称及编号（含年号）", "限制范围", "说明"]
NOW = dt.datetime(2026, 11, 20, 2, tzinfo=dt.UTC)


def sheet(rows: list[list[Any]], head: list[str] | None = HEAD) -> bytes:
    """A workbook with these rows under the header."""
    book = Workbook()
    for row in [*([head] if head else []), *rows]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write rows into an .xlsx and give its path."""

    def make(rows: list[list[Any]], head: list[str] | None = HEAD, name: str = "table.xlsx") -> Path:
        path = tmp_path / name
        path.write_bytes(sheet(rows, head))
        return path

    return make


@pytest.fixture
def user(db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def application(user: User) -> Application:
    site = SiteFactory.create()
    found = Application.objects.create(
        laboratory=site.laboratory, authority=site.authority, kinds=["first"], created_by=user
    )
    found.sites.add(site)
    return found


@pytest.fixture
def site(application: Application) -> Any:
    return application.sites.get()


@pytest.fixture
def version_of(application: Application) -> Callable[[bytes], Version]:
    """A stored version of the capability slot with these bytes."""
    document = Document.objects.create(
        owner_kind="application", owner_id=application.uuid, code="capability_table", created_at=NOW
    )

    def make(content: bytes) -> Version:
        file_id = uuid.uuid4()
        key = storage.key_of(file_id)
        written = storage.write(Bucket.QUARANTINE, key, ContentFile(content), limit=10**8)
        file = StoredFile.objects.create(
            uuid=file_id, key=key, name="附表1.xlsx", size=written.size, sha256=written.sha256,
            created_at=NOW, received_at=NOW,
        )  # fmt: skip
        number = document.versions.count() + 1
        return Version.objects.create(document=document, number=number, file=file, uploaded_at=NOW)

    return make


@pytest.fixture
def open_access(user: User) -> Iterator[None]:
    """Everything for the creator, nothing for anybody else."""
    before = access.registered()
    own = lambda person, table: person == table.application.created_by  # noqa: E731
    access.register(read=own, edit=own, confirm=own)
    yield
    access._registered.read, access._registered.edit, access._registered.confirm = (
        before.read,
        before.edit,
        before.confirm,
    )
