"""The people and laboratories of the demo: invented, the same on every installation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.hashers import make_password

from qualification.accounts.enums import Role
from qualification.accounts.models import Membership, User
from qualification.assessors.enums import Grade
from qualification.assessors.models import Assessor, Training
from qualification.laboratories.credit_code import check_character
from qualification.laboratories.models import Laboratory, Signatory, Site
from qualification.regions.models import Authority

PASSWORD = "tongzheng-demo"  # noqa: S105 - the demo prints it
ABBREVIATIONS = {"01": "bj", "02": "tj", "03": "he", "04": "sx", "05": "nm", "99": "trial"}
STAFF = {
    Role.INTAKE: ("intake", "受理"),
    Role.COORDINATOR: ("review", "评审"),
    Role.DECISION: ("decide", "审批"),
    Role.ISSUER: ("issue", "发证"),
    Role.SUPERVISOR: ("watch", "监督"),
    Role.SLA_ADMIN: ("limits", "时限"),
    Role.REGION_ADMIN: ("admin", "管理"),
}
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = (
    "建国",
    "晓燕",
    "志强",
    "丽华",
    "文博",
    "海涛",
    "雪梅",
    "国庆",
    "敏",
    "磊",
    "静",
    "伟民",
    "秀英",
    "立新",
    "思远",
    "春梅",
)
PLACES = {
    "01": ("北京市海淀区上地信息路", "39.04", "116.30"),
    "02": ("天津市西青区海泰发展路", "39.08", "117.09"),
    "03": ("河北省石家庄市高新区黄河大道", "38.04", "114.64"),
    "04": ("山西省太原市小店区龙城大街", "37.75", "112.58"),
    "05": ("内蒙古自治区呼和浩特市赛罕区鄂尔多斯东街", "40.81", "111.75"),
}


@dataclass(frozen=True, slots=True)
class Lab:
    """A laboratory: name, region of the legal person, regions of its sites, fields."""

    name: str
    region: str
    sites: tuple[str, ...]
    fields: tuple[str, ...]


LABS = (
    Lab("冀清环境检测有限公司", "03", ("03", "02"), ("12", "13")),
    Lab("京城建筑工程质量检测中心有限公司", "01", ("01",), ("01",)),
    Lab("津滨食品安全检验技术有限公司", "02", ("02",), ("00",)),
    Lab("晋阳煤炭能源检测研究所", "04", ("04",), ("17",)),
    Lab("草原乳品质量检测有限公司", "05", ("05",), ("00", "04")),
    Lab("燕赵建材检验有限公司", "03", ("03",), ("02",)),
    Lab("华北机动车安全技术检测有限公司", "01", ("01", "03"), ("05",)),
    Lab("渤海水质监测有限公司", "02", ("02",), ("13",)),
    Lab("太行职业卫生检测有限公司", "04", ("04",), ("03",)),
    Lab("云中司法鉴定检测中心", "05", ("05",), ("07",)),
    Lab("中关村电子信息产品检测有限公司", "01", ("01",), ("09",)),
    Lab("海河化工产品质量检验有限公司", "02", ("02", "03", "01"), ("14",)),
    Lab("雄安绿色能源检测有限公司", "03", ("03",), ("17",)),
    Lab("蒙中农牧产品检测有限公司", "05", ("05", "04"), ("04",)),
    Lab("京畿环境监测有限公司", "01", ("01",), ("12",)),
    Lab("白洋淀水环境检测有限公司", "03", ("03",), ("13",)),
    Lab("滨海建筑材料检测有限公司", "02", ("02",), ("02",)),
    Lab("汾河工程质量检测有限公司", "04", ("04",), ("01",)),
    Lab("京津冀电子产品检验有限公司", "02", ("02", "01", "03"), ("09",)),
    Lab("塞北农产品质量检测有限公司", "05", ("05", "04"), ("04",)),
    Lab("承德林产品检验有限公司", "03", ("03", "01"), ("04",)),
    Lab("雁门职业卫生技术服务有限公司", "04", ("04",), ("03",)),
    Lab("滦河生态环境监测有限公司", "03", ("03", "02"), ("12",)),
)


def name_of(number: int) -> str:
    """An invented name, another one for each number."""
    return SURNAMES[number % len(SURNAMES)] + GIVEN[(number * 7 + number // len(SURNAMES)) % len(GIVEN)]


class People:
    """Makes the accounts; the password is hashed once, because it is the same demo password for all."""

    def __init__(self) -> None:
        self.hash = make_password(PASSWORD)
        self.count = 0

    def user(
        self, username: str, role: str, *, authority: Authority | None = None, laboratory: Laboratory | None = None
    ) -> User:
        """One account with one role."""
        self.count += 1
        user = User.objects.create(
            username=username, name=name_of(self.count), email=f"{username}@demo.invalid", password=self.hash,
            phone=f"010-5550{self.count:04d}",
        )  # fmt: skip
        Membership.objects.create(user=user, role=role, authority=authority, laboratory=laboratory)
        return user


def make_staff(people: People, authorities: dict[str, Authority]) -> None:
    """Seven officers at each authority, and the two national roles."""
    for code, authority in authorities.items():
        for role, (name, __) in STAFF.items():
            people.user(f"{ABBREVIATIONS[code]}-{name}", role, authority=authority)
    people.user("joint", Role.JOINT_MEETING)
    people.user("national", Role.NATIONAL_VIEWER)


def make_laboratory(
    people: People, lab: Lab, number: int, authorities: dict[str, Authority], username: str
) -> Laboratory:
    """A laboratory with sites, signatories, a manager's account and a member's."""
    street, __, __ = PLACES.get(lab.region, PLACES["01"])
    body = f"91{ {'01': '11', '02': '12', '03': '13', '04': '14', '05': '15'}.get(lab.region, '11') }0105MA{number:07d}"
    laboratory = Laboratory.objects.create(
        name=lab.name, credit_code=body + check_character(body), legal_representative=name_of(400 + number),
        authority=authorities[lab.region], address=f"{street}{number + 8}号", postcode="050000", contact_name=name_of(500 + number),
        phone=f"0311-8800{number:04d}", email=f"{username}@demo.invalid", top_manager=name_of(400 + number),
        technical_manager=name_of(600 + number), quality_manager=name_of(700 + number),
    )  # fmt: skip
    for index, region in enumerate(lab.sites):
        _site(laboratory, region, index, number, authorities)
    _signatories(laboratory, number)
    people.user(username, Role.LAB_MANAGER, laboratory=laboratory)
    people.user(f"{username}-member", Role.LAB_MEMBER, laboratory=laboratory)
    return laboratory


def _site(laboratory: Laboratory, region: str, index: int, number: int, authorities: dict[str, Authority]) -> None:
    street, latitude, longitude = PLACES.get(region, PLACES["01"])
    Site.objects.create(
        laboratory=laboratory, name=f"{authorities[region].region_zh}{'总部' if index == 0 else '分'}实验室", kind="fixed",
        authority=authorities[region], address=f"{street}{number + 8 + index}号",
        latitude=Decimal(latitude) + Decimal(number) / 1000, longitude=Decimal(longitude) + Decimal(index) / 1000,
    )  # fmt: skip


def _signatories(laboratory: Laboratory, number: int) -> None:
    for index, text in enumerate(("全部检验检测项目", "化学分析类项目")):
        Signatory.objects.create(
            laboratory=laboratory, name=name_of(600 + number + 100 * index), title="高级工程师" if index == 0 else "工程师",
            position="技术负责人" if index == 0 else "检测室主任", fields_text=text,
        )  # fmt: skip


def make_assessors(
    people: People, authorities: dict[str, Authority], today: dt.date, count: int = 40
) -> list[Assessor]:
    """The shared pool: leaders, members and experts of all regions, whose fields overlap."""
    codes = sorted(authorities)
    fields = [f"{n:02d}" for n in (0, 1, 2, 3, 4, 5, 7, 9, 12, 13, 14, 17)]
    made = []
    for n in range(count):
        home = authorities[codes[n % len(codes)]]
        user = people.user(f"assessor{n + 1:02d}", Role.ASSESSOR, authority=home)
        own = {fields[(n + k) % len(fields)] for k in range(5)}
        expired = n % 19 == 18
        made.append(Assessor.objects.create(
            user=user, home=home, grade=Grade.LEADER if n % 3 == 0 else Grade.EXPERT if n % 10 == 7 else Grade.MEMBER,
            field_codes=sorted(own), certificate_number=f"PSY{home.code}{n + 1:05d}",
            certified_on=today.replace(month=1, day=1) - dt.timedelta(days=365 * (6 if expired else 2)),
            certified_until=today.replace(month=1, day=1) + dt.timedelta(days=-10 if expired else 365 * 3),
            employer=f"{home.region_zh}检验检测研究院", title="正高级工程师" if n % 3 == 0 else "高级工程师",
        ))  # fmt: skip
        Training.objects.create(
            assessor=made[-1],
            name="《检验检测机构资质认定评审准则》宣贯培训",
            held_on=today - dt.timedelta(days=200),
            hours=16,
        )
    return made


def accounts_text() -> str:
    """The demo accounts, as `make run` prints them."""
    lines = [f"Demo accounts (password of all: {PASSWORD}) at {settings.PUBLIC_URL}", ""]
    lines.append("  laboratories   lab01 … lab23 (managers), lab01-member … (members)")
    lines.append(
        "  authorities    " + ", ".join(f"{v}-" for k, v in ABBREVIATIONS.items() if k != "99") + "  followed by"
    )
    lines.append("                 " + ", ".join(name for name, __ in STAFF.values()) + "   (for example he-intake)")
    lines.append("  assessors      assessor01 … assessor40")
    lines.append("  five regions   joint, national (read only)")
    return "\n".join(lines)
