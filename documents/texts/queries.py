"""Search in the text of an owner's files."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db.models import BooleanField, Case, F, Q, QuerySet, Value, When

from documents.enums import Bucket, ScanLevel
from documents.models import Version
from documents.texts.enums import Outcome
from documents.texts.models import TextPage
from documents.texts.words import wanted_terms

_SHOWN_LEVELS = (ScanLevel.MALWARE, ScanLevel.PRODUCED)


def pages_of(owner_kind: str, owner_id: uuid.UUID) -> QuerySet[TextPage]:
    """Every page of text of an owner's versions that count and may be handed out, once per version.

    Each row also says whose it is: `version_id`, `number`, `code`, `label`, `is_frozen` and `is_current`.
    """
    live = Version.objects.live().of_owner(owner_kind, owner_id)
    current = live.order_by("document_id", "-number").distinct("document_id").values("pk")
    pages = TextPage.objects.annotate(
        version_id=F("file__versions__pk"),
        number=F("file__versions__number"),
        code=F("file__versions__document__code"),
        label=F("file__versions__document__label"),
        is_frozen=F("file__versions__is_frozen"),
    ).filter(version_id__in=live.values("pk"), file__bucket=Bucket.CLEAN)
    if not settings.DEMO:
        pages = pages.filter(file__scan_level__in=_SHOWN_LEVELS)
    is_current = Case(When(version_id__in=current, then=Value(True)), default=Value(False), output_field=BooleanField())
    return pages.annotate(is_current=is_current).select_related("file")


def having(pages: QuerySet[TextPage], words: list[str]) -> QuerySet[TextPage]:
    """The pages on which every word is found; none without words. The index narrows, the text decides."""
    if not words:
        return pages.none()
    found = pages.filter(terms__contains=wanted_terms(words))
    for word in words:
        found = found.filter(body__contains=word)
    return found


def not_searched(owner_kind: str, owner_id: uuid.UUID) -> QuerySet[Version]:
    """Versions that count whose text is not, or not wholly, searched; each with `file.text` where there is a row."""
    live = Version.objects.live().of_owner(owner_kind, owner_id)
    whole = Q(file__text__outcome=Outcome.READ, file__text__is_cut=False, file__text__blank_pages=0)
    rows = live.exclude(whole).select_related("document", "file", "file__text")
    return rows.order_by("document__code", "document__label", "-number")
