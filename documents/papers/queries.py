"""Look up papers."""

from __future__ import annotations

import uuid

from documents.access import Owner
from documents.models import StoredFile
from documents.papers.models import Paper, PaperQuerySet


def papers_of(owner_kind: str, owner_id: uuid.UUID) -> PaperQuerySet:
    """All papers of an owner, the newest first, with their files."""
    return Paper.objects.of_owner(owner_kind, owner_id).select_related("file")


def stuck() -> PaperQuerySet:
    """Papers whose last try failed, the longest waiting first; what administrators look at."""
    return Paper.objects.failed().order_by("requested_at", "pk")


def owners_of_file(file: StoredFile) -> list[Owner]:
    """The owner of a paper's file; the paper's readers are its owner's readers."""
    return [Owner(kind, owner_id) for kind, owner_id in Paper.objects.filter(file=file).values_list(
        "owner_kind", "owner_id")]  # fmt: skip
