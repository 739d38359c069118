"""The files of a case as a page: what was handed in and when, and who has looked at what."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import queries as documents
from documents.enums import Purpose
from documents.models import AccessLog, Snapshot, StoredFile, Version
from documents.services import digest_of
from documents.slots import title_of
from qualification.applications.models import Application
from qualification.applications.queries import OWNER_KIND, TABLE_CODE, visible_to, wanted_slots
from qualification.pages.lists import Column, Filter, ListPage
from qualification.scope.queries import tables_of
from qualification.scope.uploading import label_of

if TYPE_CHECKING:
    from qualification.accounts.models import User


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One list as handed in, with its versions and the titles of their slots."""

    snapshot: Snapshot
    lines: list[tuple[str, Version]]

    @property
    def is_unchanged(self) -> bool:
        """Whether rows and list still say the same."""
        return digest_of(self.snapshot.lines) == self.snapshot.digest and all(
            line["sha256"] == version.file.sha256
            for line, (_title, version) in zip(self.snapshot.lines, self.lines, strict=True)
        )


def titles_of(owner_id: uuid.UUID) -> dict[tuple[str, str], str]:
    """How the slots of a case are called."""
    application = Application.objects.filter(uuid=owner_id).first()
    return titles_in(application) if application else {}


def titles_in(application: Application) -> dict[tuple[str, str], str]:
    """How the slots of this case are called."""
    tables = {
        (TABLE_CODE, label_of(table.site, table.is_food)): _("Capability table (%s)") % table
        for table in tables_of(application)
    }
    return {(slot.material.code, slot.label): slot.title for slot in wanted_slots(application)} | tables


def handed_in(application: Application) -> list[HandedIn]:
    """Everything that was handed in, the first first; six queries however many files."""
    titles = titles_in(application)
    snapshots = documents.snapshots_of(OWNER_KIND, application.uuid)
    wanted = [line["version"] for snapshot in snapshots for line in snapshot.lines]
    versions = {
        str(v.pk): v for v in Version.objects.filter(pk__in=wanted).select_related("document", "file", "uploaded_by")
    }
    return [
        HandedIn(
            snapshot,
            [(title_of(titles, line["code"], line["label"]), versions[line["version"]]) for line in snapshot.lines],
        )
        for snapshot in snapshots
    ]


def looks_page(request: HttpRequest, application: Application) -> ListPage:
    """Every look at a file of the case."""
    titles = titles_in(application)

    def title(look: AccessLog) -> str:
        assert look.version is not None
        document = look.version.document
        return title_of(titles, document.code, document.label)

    return ListPage(
        request,
        documents.looks_at(OWNER_KIND, application.uuid),
        columns=(
            Column("at", gettext_lazy("When"), sort=("at",), template="applications/_look_at.html"),
            Column("who", gettext_lazy("Who"), value=lambda look: str(look.user or _("the system")), sort=("user__name",)),
            Column("what", gettext_lazy("What"), value=lambda look: Purpose(look.purpose).label),
            Column("file", gettext_lazy("File"), value=lambda look: look.file.name, sort=("file__name",)),
            Column("slot", gettext_lazy("Slot"), value=title),
        ),
        search=("file__name", "user__name"),
        filters=(Filter("purpose", gettext_lazy("What"), Purpose.choices),),
        default_sort="-at",
        file_name=f"looks-{application.reference or application.pk}",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Twin:
    """A file of this case that another laboratory has handed in byte for byte.

    Of a case that the officer may not read only the authority is told that has it: there they can ask.
    """

    here: StoredFile
    there: Version
    other: Application
    is_known: bool


def twins_of(application: Application, user: User) -> list[Twin]:
    """Files that other laboratories have handed in as well, a possible sign of false material.

    As many queries however many there are. What the same laboratory uses again is none.
    """
    versions = list(documents.same_content(OWNER_KIND, application.uuid))
    if not versions:
        return []
    others = Application.objects.filter(uuid__in=[v.document.owner_id for v in versions])
    others = others.exclude(laboratory=application.laboratory).select_related("laboratory", "authority")
    cases = {case.uuid: case for case in others}
    known = set(visible_to(user).filter(uuid__in=list(cases)).order_by("pk").values_list("uuid", flat=True))
    own = Version.objects.live().of_owner(OWNER_KIND, application.uuid).select_related("file")
    here = {version.file.sha256: version.file for version in own}
    return [
        Twin(here[v.file.sha256], v, cases[v.document.owner_id], v.document.owner_id in known)
        for v in versions
        if v.document.owner_id in cases
    ]


def page(application: Application, *, user: User, for_staff: bool) -> dict[str, Any]:
    """Context of the page."""
    return {
        "application": application,
        "handed_in": handed_in(application),
        "twins": twins_of(application, user) if for_staff else [],
        "owner_kind": OWNER_KIND,
    }
