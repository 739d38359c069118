"""Stores under a temporary folder, a writer, and an owner of files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.documents.owners import OWNERS, Owner
from tests.documents.real_clamd import clamd_address  # noqa: F401 - fixture
from tests.documents.real_s3 import needs_s3, s3_buckets, s3_server  # noqa: F401 - fixtures
from tests.factories.accounts import UserFactory


@pytest.fixture
def buckets(settings: Any, tmp_path: Path) -> Path:
    settings.STORAGES = {
        **settings.STORAGES,
        **{
            name: {"BACKEND": "documents.storage.LocalStorage", "OPTIONS": {"location": tmp_path / name}}
            for name in ("quarantine", "clean")
        },
    }
    return tmp_path


@pytest.fixture(params=["disk", pytest.param("s3", marks=needs_s3)])
def both_stores(request: pytest.FixtureRequest) -> str:
    """The test runs twice: on the local disk and on a real S3 store."""
    request.getfixturevalue("buckets" if request.param == "disk" else "s3_buckets")
    return str(request.param)


@pytest.fixture
def writer(db: None) -> Any:
    return UserFactory.create()


@pytest.fixture
def owner(writer: Any) -> Iterator[Owner]:
    made = Owner(writers={writer.pk})
    OWNERS[made.id] = made
    yield made
    del OWNERS[made.id]
