"""The people, laboratories and earlier certificates of a simulation: invented, and the same for the same seed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from django.contrib.auth.hashers import make_password
from django.db import transaction

from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import Membership, User
from qualification.assessors.enums import Grade
from qualification.assessors.models import Assessor, Training
from qualification.certificates.models import Certificate, NumberCounter
from qualification.laboratories.credit_code import check_character
from qualification.laboratories.models import Laboratory, Signatory, Site
from qualification.regions.models import Authority
from qualification.search import index_terms
from workflows.clocks.counting import start_of
from workflows.demo.abilities import FIELDS, FOOD
from workflows.demo.people import ABBREVIATIONS, PASSWORD, PLACES, STAFF, name_of
from workflows.demo.simulate import clock
from workflows.demo.simulate.cases import REGIONS, YEARS_VALID, Case, Client

PREFIX = "sim-"
OFFICERS = {Role.INTAKE: 4, Role.COORDINATOR: 3, Role.DECISION: 3, Role.ISSUER: 2}
ASSESSORS = 140
PROVINCES = {"01": "11", "02": "12", "03": "13", "04": "14", "05": "15"}
MINISTRIES = {"00": "14", "01": "06", "12": "05", "13": "08", "04": "09"}
NAMES = {
    "00": "食品检验", "01": "建设工程检测", "02": "建材检验", "03": "职业卫生检测", "04": "农产品检测", "05": "机动车检测",
    "07": "司法鉴定",
    "09": "电子产品检测", "12": "环境监测", "13": "水质监测", "14": "化工产品检验", "17": "煤炭检测",
}  # fmt: skip
SPACE = uuid.UUID("6f2d1f0e-2b1c-5d57-9a55-7f8a6f3d2026")


def ministry_of(field: str) -> str:
    """The ministry (MM) under which laboratories of a field usually stand."""
    return MINISTRIES.get(field, "11")


class World:
    """Makes the rows, in bulk where no rule of the domain is concerned."""

    def __init__(self, seed: int, start: dt.datetime) -> None:
        self.seed = seed
        self.start = start
        self.authorities = {a.code: a for a in self.places()}
        self.password = make_password(PASSWORD)

    @staticmethod
    def places() -> list[Authority]:
        """The five authorities with their settings."""
        return list(Authority.objects.real().select_related("profile").order_by("code"))

    @transaction.atomic
    def make(self, clients: Sequence[Client]) -> list[Case]:
        """People, laboratories, sites and signatories; returns the cases without their certificates."""
        with clock.at(self.start):
            self._make_staff()
            self._make_assessors()
            laboratories = self._make_laboratories(clients)
            managers = self._users([(c.username, name_of(3000 + c.number)) for c in clients])
            Membership.objects.bulk_create(
                Membership(user=managers[c.username], role=Role.LAB_MANAGER, laboratory=laboratories[c.number])
                for c in clients
            )
        return [Case(c, laboratories[c.number].pk, managers[c.username].pk) for c in clients]

    def _uuid(self, name: str) -> uuid.UUID:
        return uuid.uuid5(SPACE, f"{self.seed}:{name}")

    def _users(self, people: Iterable[tuple[str, str]]) -> dict[str, User]:
        # Without an address: nothing of a simulation is mailed to anybody.
        users = User.objects.bulk_create(
            User(username=username, name=name, password=self.password, uuid=self._uuid(username))
            for username, name in people
        )
        return {user.username: user for user in users}

    def _make_staff(self) -> None:
        places = [
            (f"{PREFIX}{ABBREVIATIONS[code]}-{name}-{n}", role, authority)
            for code, authority in self.authorities.items()
            for role, (name, _title) in STAFF.items()
            for n in range(1, OFFICERS.get(role, 1) + 1)
        ]
        users = self._users((username, name_of(n)) for n, (username, _role, _authority) in enumerate(places))
        Membership.objects.bulk_create(
            Membership(user=users[username], role=role, authority=authority) for username, role, authority in places
        )

    def _make_assessors(self) -> None:
        codes, fields = sorted(REGIONS), sorted(FIELDS)
        users = self._users((f"{PREFIX}assessor-{n:03d}", name_of(700 + n)) for n in range(1, ASSESSORS + 1))
        homes = [self.authorities[codes[n % len(codes)]] for n in range(ASSESSORS)]
        Membership.objects.bulk_create(
            Membership(user=user, role=Role.ASSESSOR, authority=home)
            for user, home in zip(users.values(), homes, strict=True)
        )
        made = Assessor.objects.bulk_create(
            Assessor(
                user=user, uuid=self._uuid(f"assessor-{n}"), home=home, grade=_grade(n),
                field_codes=sorted({fields[(n + 2 * k) % len(fields)] for k in range(4)}),
                certificate_number=f"SIM{home.code}{n + 1:05d}", certified_on=self.start.date() - dt.timedelta(days=700),
                certified_until=self.start.date() + dt.timedelta(days=1100),
                employer=f"{home.region_zh}检验检测研究院", title="正高级工程师" if n % 3 == 0 else "高级工程师",
            )
            for n, (user, home) in enumerate(zip(users.values(), homes, strict=True))
        )  # fmt: skip
        held_on = self.start.date() - dt.timedelta(days=90)
        Training.objects.bulk_create(
            Training(assessor=assessor, name="《检验检测机构资质认定评审准则》宣贯培训", held_on=held_on, hours=16)
            for assessor in made
        )

    def _make_laboratories(self, clients: Sequence[Client]) -> dict[int, Laboratory]:
        made = Laboratory.objects.bulk_create(self._laboratory(c) for c in clients)
        laboratories = {c.number: laboratory for c, laboratory in zip(clients, made, strict=True)}
        Site.objects.bulk_create(
            self._site(c, laboratories[c.number], n, region) for c in clients for n, region in enumerate(c.sites)
        )
        Signatory.objects.bulk_create(
            Signatory(
                laboratory=laboratory, name=name_of(600 + number), title="高级工程师", position="技术负责人",
                fields_text="全部检验检测项目", created_at=self.start,
            )
            for number, laboratory in laboratories.items()
        )  # fmt: skip
        return laboratories

    def _laboratory(self, client: Client) -> Laboratory:
        street, __, __ = PLACES[client.region]
        region = self.authorities[client.region]
        name = f"{region.region_zh}{name_of(client.number)[1:]}{NAMES[client.field]}有限公司（模拟{client.number}）"
        body = f"91{PROVINCES[client.region]}0105MA9{client.number:06d}"
        code, address = body + check_character(body), f"{street}{client.number}号"
        return Laboratory(
            uuid=self._uuid(client.username), name=name, credit_code=code, address=address, authority=region,
            legal_representative=name_of(400 + client.number), contact_name=name_of(500 + client.number),
            phone=f"010-6{client.number:07d}", top_manager=name_of(400 + client.number),
            technical_manager=name_of(600 + client.number), quality_manager=name_of(800 + client.number),
            created_at=self.start, search_terms=index_terms(name, code, address),
        )  # fmt: skip

    def _site(self, client: Client, laboratory: Laboratory, number: int, region: str) -> Site:
        street, latitude, longitude = PLACES[region]
        return Site(
            laboratory=laboratory, uuid=self._uuid(f"{client.username}:{number}"), kind="fixed",
            name=f"{self.authorities[region].region_zh}{'总部' if number == 0 else '分'}实验室",
            authority=self.authorities[region], address=f"{street}{client.number + number}号",
            latitude=Decimal(latitude) + Decimal(client.number % 900) / 10000,
            longitude=Decimal(longitude) + Decimal(client.number // 900) / 10000, created_at=self.start,
        )  # fmt: skip

    def take_over(self, cases: Iterable[Case]) -> None:
        """The certificates that were issued before the year, taken over with their numbers; each in force from its day."""
        for case in sorted((c for c in cases if c.client.certificate_until), key=_began_on):
            with clock.at(start_of(_began_on(case)) + dt.timedelta(hours=10)) as moment:
                case.certificate = self._take_over(case, moment)

    @transaction.atomic
    def _take_over(self, case: Case, moment: dt.datetime) -> int:
        client, began = case.client, _began_on(case)
        authority, until = self.authorities[client.region], client.certificate_until
        assert until is not None
        counter, __ = NumberCounter.objects.get_or_create(year=began.year, authority=authority)
        counter.last_serial += 1
        counter.save(update_fields=["last_serial"])
        field = FOOD if client.field == FOOD else client.field
        number = f"{began.year % 100:02d}{client.region}{field}{ministry_of(client.field)}{counter.last_serial:04d}"
        certificate: Certificate = Certificate.objects.create(
            number=number, laboratory_id=case.laboratory, authority=authority, valid_from=began, valid_until=until,
            numbered_at=moment, search_terms=index_terms(number),
        )  # fmt: skip
        door.perform(certificate, "activate", by=None, now=moment)
        return certificate.pk


def _began_on(case: Case) -> dt.date:
    until = case.client.certificate_until
    assert until is not None
    return until - relativedelta(years=YEARS_VALID) + dt.timedelta(days=1)


def _grade(number: int) -> str:
    if number % 3 == 0:
        return Grade.LEADER
    return Grade.EXPERT if number % 10 == 7 else Grade.MEMBER
