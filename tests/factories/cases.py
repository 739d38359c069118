"""A whole world of people and a case walked to any stage, through the same services as the pages."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import uuid
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from documents import storage
from documents.enums import Bucket, ScanLevel, ScanState
from documents.models import Document, StoredFile, Version
from qualification import reference
from qualification.accounts.enums import Role
from qualification.accounts.models import Membership, User
from qualification.applications.beside import open_first
from qualification.applications.enums import Kind
from qualification.applications.models import Application
from qualification.applications.queries import OWNER_KIND, wanted_slots
from qualification.assessors.models import Assessor
from qualification.laboratories.models import Laboratory
from qualification.regions.calendars import load_all
from qualification.regions.models import Authority
from qualification.scope.models import CapabilityRow, CapabilityTable
from tests.factories.accounts import UserFactory
from tests.factories.laboratories import LaboratoryFactory, SignatoryFactory, SiteFactory
from workflows.demo.materials import page
from workflows.demo.walk import Cast, Walk, Wish, way_of


def load_reference() -> None:
    """Authorities, dictionaries, requirements, criteria, calendars."""
    reference.load()
    load_all(now=timezone.now())


def stored_file(name: str = "材料.pdf", content: bytes | None = None) -> StoredFile:
    """A checked file, its bytes in the store."""
    content = content or page("材料")
    file_id = uuid.uuid4()
    key = storage.key_of(file_id)
    storage.write(Bucket.CLEAN, key, io.BytesIO(content), limit=len(content))
    now = timezone.now()
    return StoredFile.objects.create(
        uuid=file_id, name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest(),
        content_type="application/pdf", bucket=Bucket.CLEAN, key=key, scan_state=ScanState.CLEAN,
        scan_level=ScanLevel.STRUCTURE, scan_verdict={"level": "structure"}, created_at=now, received_at=now,
        scanned_at=now, promoted_at=now,
    )  # fmt: skip


class QuickWalk(Walk):
    """The walk with its files put into the store directly: what is tested here is not the upload."""

    def upload_tables(self) -> None:
        """Two abilities at each site."""
        for site in self.application.sites.order_by("pk"):
            table = CapabilityTable.objects.create(
                application=self.application, site=site, is_food=self.wish.is_food, import_state="ready",
                uploaded_at=self.now(), uploaded_by=self.cast.manager,
            )  # fmt: skip
            CapabilityRow.objects.bulk_create(
                CapabilityRow(table=table, position=n, number=number, level=level, category="水和废水", category_no="1", name=name, standard_text=standard)
                for n, (level, number, name, standard) in enumerate(ROWS, start=1)
            )  # fmt: skip

    def _upload(self, code: str, label: str, file: Any) -> Any:
        document, __ = Document.objects.get_or_create(
            owner_kind=OWNER_KIND, owner_id=self.application.uuid, code=code, label=label,
            defaults={"created_at": self.now()},
        )  # fmt: skip
        return Version.objects.create(
            document=document, number=document.versions.count() + 1, file=stored_file(file.name, file.read()),
            uploaded_by=self.cast.manager, uploaded_at=self.now(),
        )  # fmt: skip

    def upload_materials(self) -> None:
        """Every material that is still missing."""
        for slot in wanted_slots(self.application):
            if slot.is_missing:
                self._upload(slot.material.code, slot.label, io_file())

    def versions(self) -> list[Version]:
        """The versions of the application form, the oldest first."""
        rows = Version.objects.filter(document__owner_id=self.application.uuid, document__code="application_form")
        return list(rows.order_by("number"))

    def replace_file(self) -> None:
        """Another version of the application form."""
        self._upload("application_form", "", io_file())


ROWS = (
    ("category", "1", "水和废水", ""),
    ("parameter", "1.1", "pH值", "水质 pH值的测定 电极法 HJ 1147-2020"),
    ("parameter", "1.2", "化学需氧量", "水质 化学需氧量的测定 重铬酸盐法 HJ 828-2017"),
)


def io_file() -> Any:
    """A legible page to hand in."""
    file = io.BytesIO(page("材料"))
    file.name = "材料.pdf"
    return file


class World:
    """Authorities 01-05, officers at two of them, assessors, and a laboratory of Hebei with a second site in Tianjin."""

    def __init__(self, *, joint: bool = True, moments: Callable[[], dt.datetime] = timezone.now) -> None:
        load_reference()
        self.moments = moments
        self.authorities = {a.code: a for a in Authority.objects.select_related("profile")}
        self.lead, self.other, self.far = (self.authorities[c] for c in ("03", "02", "04"))
        self.joint = joint
        self.laboratory = self._laboratory("冀清环境检测有限公司")
        self.sites = list(self.laboratory.sites.order_by("pk"))
        self.cast = self._cast()
        self.assessors = [self._assessor(n) for n in range(8)]

    def _cast(self) -> Cast:
        self.manager = self.user(Role.LAB_MANAGER, self.laboratory)
        self.intake = self.user(Role.INTAKE, self.lead)
        self.coordinator = self.user(Role.COORDINATOR, self.lead)
        self.issuer = self.user(Role.ISSUER, self.lead)
        self.decider = self.user(Role.DECISION, self.lead)
        self.other_decider = self.user(Role.DECISION, self.other)
        deciders = {self.lead.pk: self.decider, self.other.pk: self.other_decider}
        return Cast(self.manager, self.intake, self.coordinator, self.issuer, deciders)

    def user(self, role: str, place: Any = None) -> User:
        """A person with one role."""
        return UserFactory(member=(role, place))

    def _assessor(self, number: int) -> Assessor:
        return Assessor.objects.create(
            user=self.user(Role.ASSESSOR, self.far), home=self.far, grade="leader" if number < 4 else "member", field_codes=["12"],
            certificate_number=f"PSY{number}", certified_on=dt.date(2024, 1, 1), certified_until=dt.date(2029, 1, 1),
        )  # fmt: skip

    def enlarge_pool(self) -> None:
        """Whoever has assessed a laboratory does not assess it again: several reviews of one need people of their own."""
        self.assessors += [self._assessor(number) for number in range(8, 20)]
        Assessor.objects.filter(pk__in=[one.pk for one in self.assessors[::2]]).update(grade="leader")

    def walk(self, last: str = "", **options: Any) -> QuickWalk:
        """A new case, walked up to and including a stage; `wish` and the stages' own arguments as keywords."""
        wish = options.pop("wish", Wish())
        walk = QuickWalk(laboratory=self._applicant(wish), cast=self.cast, wish=wish, moments=self.moments)
        way = way_of(wish)
        for stage in way[: way.index(last) + 1] if last else ():
            getattr(walk, stage)(**options.get(stage, {}))
        if walk.application is not None:
            walk.application = Application.objects.select_related("authority__profile").get(pk=walk.application.pk)
        return walk

    def _applicant(self, wish: Wish) -> Laboratory:
        """The world's laboratory, or where its first application is open another one of the same people."""
        if Kind.FIRST not in wish.kinds or open_first(self.laboratory) is None:
            return self.laboratory
        another = self._laboratory(f"冀清环境检测有限公司第{Laboratory.objects.count()}分公司")
        people = Membership.objects.in_force().filter(laboratory=self.laboratory).order_by("pk")
        Membership.objects.bulk_create(Membership(user=m.user, role=m.role, laboratory=another) for m in people)
        self.manager.__dict__.pop("active_memberships", None)
        return another

    def _laboratory(self, name: str) -> Laboratory:
        laboratory = LaboratoryFactory.create(authority=self.lead, name=name)
        SiteFactory(laboratory=laboratory, name="石家庄实验室")
        if self.joint:
            SiteFactory(laboratory=laboratory, authority=self.other, name="天津实验室")
        SignatoryFactory(laboratory=laboratory)
        return laboratory
