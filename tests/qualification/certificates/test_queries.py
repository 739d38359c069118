"""The register's questions, and that query and rule agree on who sees a certificate."""

from __future__ import annotations

import datetime as dt

import pytest
import rules
from django.contrib.auth.models import AnonymousUser

from qualification.accounts.enums import Role
from qualification.certificates import queries
from qualification.certificates.models import Certificate
from tests.factories.accounts import UserFactory
from tests.factories.laboratories import SiteFactory
from tests.factories.regions import authority
from tests.qualification.certificates.conftest import Makes


def numbers(rows: object) -> list[str]:
    return sorted(row.number for row in rows)  # type: ignore[attr-defined]


@pytest.fixture
def world(make: Makes) -> Makes:
    make.full("260312050001", "冀清环境检测有限公司", "03", "02")
    make.full("260112050002", "北京水质检测有限公司", "01")
    make.full("269912050001", "试运行环境检测有限公司", "99")
    make.certificate("260312050009", make.laboratory("河北未发证检测有限公司"), state="pending")
    return make


def test_the_register_holds_real_issued_certificates_only(world: Makes) -> None:
    assert numbers(queries.register()) == ["260112050002", "260312050001"]
    assert numbers(queries.reachable()) == ["260112050002", "260312050001", "269912050001"]


@pytest.mark.parametrize(
    ("words", "where", "found"),
    [
        ("冀清", "", ["260312050001"]),
        ("环境检测", "", ["260312050001"]),
        ("260312050001", "", ["260312050001"]),
        ("269912050001", "", []),
        ("氨氮", "", ["260112050002", "260312050001"]),
        ("氨氮", queries.BODY, []),
        ("HJ 535", queries.SCOPE, ["260112050002", "260312050001"]),
        ("冀清", queries.SCOPE, []),
        ("六价铬", "", []),
        ("!!", "", []),
    ],
)
def test_search(world: Makes, words: str, where: str, found: list[str]) -> None:
    assert numbers(queries.search(queries.register(), words, where)) == found


def test_search_uses_the_edition_that_counts(world: Makes) -> None:
    certificate = Certificate.objects.get(number="260112050002")
    world.edition(certificate, list(certificate.laboratory.sites.all()), ("总氮", "HJ 636-2012"))
    assert numbers(queries.search(queries.register(), "氨氮")) == ["260312050001"]
    assert numbers(queries.search(queries.register(), "总氮")) == ["260112050002"]


def test_one_certificate_stands_in_the_register_of_each_region_of_its_sites(world: Makes) -> None:
    by_region = {code: numbers(queries.granted_in(queries.register(), code)) for code in ("01", "02", "03", "04")}
    assert by_region == {"01": ["260112050002"], "02": ["260312050001"], "03": ["260312050001"], "04": []}


def test_a_certificate_is_expired_from_the_day_after_its_last(world: Makes) -> None:
    last = world.today
    certificate = world.full("200312050001", "河北老证检测有限公司", "03", until=last)
    day_after = last + dt.timedelta(days=1)
    assert certificate.number in numbers(queries.in_status(queries.register(), "valid", last))
    assert numbers(queries.in_status(queries.register(), "expired", last)) == []
    assert numbers(queries.in_status(queries.register(), "expired", day_after)) == ["200312050001"]
    assert certificate.number not in numbers(queries.in_status(queries.register(), "valid", day_after))


def test_who_can_test_counts_valid_certificates_at_sites_of_the_region(world: Makes) -> None:
    world.full("200312050001", "河北过期检测有限公司", "03", until=world.today - dt.timedelta(days=1))
    everywhere = queries.who_can_test("氨氮", world.today)
    assert {row.number: row.hits for row in everywhere} == {"260112050002": 1, "260312050001": 2}
    assert {row.number: row.hits for row in queries.who_can_test("氨氮", world.today, "02")} == {"260312050001": 1}
    assert numbers(queries.who_can_test("六价铬", world.today)) == []


def test_examples_are_the_first_fitting_lines(world: Makes) -> None:
    pk = Certificate.objects.get(number="260312050001").pk
    found = queries.examples("水质", [pk], most=3)
    assert [line.name for line in found[pk]] == ["氨氮", "总磷", "氨氮"]


def test_laboratories_of_trial_or_unissued_certificates_have_no_page(world: Makes) -> None:
    names = sorted(lab.name for lab in queries.public_laboratories())
    assert names == ["冀清环境检测有限公司", "北京水质检测有限公司"]


def test_results_hold_no_trial(world: Makes) -> None:
    assert sorted(e.certificate.number for e in queries.issued_editions()) == ["260112050002", "260312050001"]


@pytest.mark.parametrize("role", [*Role, None])
@pytest.mark.parametrize("code", ["03", "99"])
def test_query_and_rule_agree(world: Makes, role: Role | None, code: str) -> None:
    place = None if role is None else authority(code)
    if role in {Role.LAB_MEMBER, Role.LAB_MANAGER}:
        place = Certificate.objects.get(number__startswith=f"26{code}", state="valid").laboratory
    if role in {Role.JOINT_MEETING, Role.NATIONAL_VIEWER}:
        place = None
    user = UserFactory.create(member=(role, place) if role else None)
    allowed = [
        c.number
        for c in Certificate.objects.select_related("authority").order_by("number")
        if rules.has_perm("certificates.Certificate.see", user, c)
    ]
    assert numbers(queries.visible_to(user)) == allowed


def test_the_anonymous_see_nothing_by_rule(world: Makes) -> None:
    assert numbers(queries.visible_to(AnonymousUser())) == []  # type: ignore[arg-type]


def test_a_paper_is_found_by_its_hash(world: Makes) -> None:
    certificate = Certificate.objects.get(number="260112050002")
    edition = world.edition(certificate, [SiteFactory.create(laboratory=certificate.laboratory)])
    assert edition.paper is not None and edition.paper.file is not None
    assert queries.edition_of_paper(edition.paper.file.sha256) == edition
    assert queries.edition_of_paper("0" * 64) is None
