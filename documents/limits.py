"""How much one person and one owner may have, so that nobody fills the store or a page by mistake or on purpose."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, IntegerField, QuerySet, Subquery
from django.db.models.functions import Coalesce

from documents.models import Upload, Version
from documents.statements import Statement

# What one person may have on its way at once; a page sends a few at a time.
MAX_OPEN = 300
# Versions that one owner may ever have had, with those on their way; an application has some hundreds.
MAX_OF_OWNER = 3000


@dataclass(slots=True)
class Room:
    """What a person has on its way, and what an owner has; counted on while files are begun."""

    own: int
    of_owner: int

    def objection(self) -> tuple[str, int]:
        """Why no further file may be begun, as a code of `documents.messages`, and the limit; empty when there is room."""
        if self.own >= MAX_OPEN:
            return "too_many_open", MAX_OPEN
        if self.of_owner >= MAX_OF_OWNER:
            return "too_many_files", MAX_OF_OWNER
        return "", 0

    def take(self) -> None:
        """One more is begun."""
        self.own += 1
        self.of_owner += 1


def room_of(owner_kind: str, owner_id: uuid.UUID, by: Any) -> Room:
    """How much there is now."""
    ((own, coming, there),) = THERE_ARE.rows(person=by.pk, kind=owner_kind, owner=owner_id)
    return Room(own, coming + there)


def _there_are(person: int, kind: str, owner: uuid.UUID) -> QuerySet[Any]:
    on_their_way = Upload.objects.open().order_by()
    return get_user_model().objects.filter(pk=person).values_list(
        _number(on_their_way.filter(begun_by_id=person), "begun_by_id"),
        _number(on_their_way.filter(owner_kind=kind, owner_id=owner), "owner_id"),
        _number(Version.objects.of_owner(kind, owner).order_by(), "document__owner_id"),
    )  # fmt: skip


def _number(rows: QuerySet[Any], same: str) -> Coalesce:
    """How many rows there are, which all have the same value in a column."""
    return Coalesce(Subquery(rows.values(same).annotate(n=Count("pk")).values("n")), 0, output_field=IntegerField())


# Asked before files are begun.
THERE_ARE = Statement(_there_are, person=int, kind=str, owner=uuid.UUID)
