"""Keys of demonstration authorities, a store of its own, and papers to make."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from documents.papers import demo_keys, services
from documents.papers.models import Paper
from tests.documents.papers import samples


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    with override_settings(KEYS_DIR=folder):
        for code, name in samples.AUTHORITIES.items():
            demo_keys.ensure_demo_key(code, name, now=timezone.now())
    return folder


@pytest.fixture(autouse=True)
def keys_dir(made_keys: Path, settings: Any) -> Path:
    settings.KEYS_DIR = made_keys
    return made_keys


@pytest.fixture(autouse=True)
def clean_folder(tmp_path: Path, settings: Any) -> Path:
    """The clean bucket as a folder of this test."""
    folder = tmp_path / "clean"
    settings.STORAGES = {
        **settings.STORAGES,
        "clean": {"BACKEND": "documents.storage.LocalStorage", "OPTIONS": {"location": folder}},
    }
    return folder


def stored_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def ask(**changes: Any) -> Paper:
    """Ask for a notice of Hebei, or for what `changes` say."""
    given: dict[str, Any] = {
        "kind": "supplement_notice", "template": "notice", "title": "补正材料告知书", "context": samples.notice(),
        "signers": ["03"], "owner_kind": "case", "owner_id": uuid.uuid4(), "dated_on": dt.date(2026, 11, 20),
        "document_number": "冀市监资补〔2026〕12号", "now": timezone.now(), **changes,
    }  # fmt: skip
    return services.request(**given)


def unsaved(**changes: Any) -> Paper:
    """A paper that is only rendered and signed, without a database."""
    now = timezone.now()
    given: dict[str, Any] = {
        "kind": "supplement_notice", "template": "notice", "title": "补正材料告知书", "context": samples.notice(),
        "signers": ["03"], "dated_on": dt.date(2026, 11, 20), "requested_at": now, "next_try_at": now, **changes,
    }  # fmt: skip
    return Paper(**given)
