"""The public pages: what a stranger finds, and what stays closed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.applications.models import Application
from qualification.assessments.models import Assessment, Edition
from qualification.assessors.models import Assessor, Draw, Seat
from qualification.certificates import published_draws, verifying
from qualification.certificates.models import Certificate
from qualification.regions.models import Profile
from qualification.regions.services import enter_limit
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority
from tests.qualification.certificates.conftest import Makes

REAL, TRIAL = "260312050001", "269912050001"


@pytest.fixture
def world(make: Makes) -> Makes:
    make.full(REAL, "冀清环境检测有限公司", "03", "02")
    make.full(TRIAL, "试运行环境检测有限公司", "99")
    return make


def page(client: Client, name: str, *args: object, status: int = 200, **query: str) -> str:
    answer = client.get(reverse(f"certificates:{name}", args=args), query, headers={"accept-language": "en"})
    assert answer.status_code == status
    if answer.streaming:
        return b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]
    return answer.content.decode()


LISTS = ("register", "who_can_test", "results", "data_json", "scope_csv")


@pytest.mark.parametrize("name", LISTS)
def test_no_list_or_file_names_a_trial(client: Client, world: Makes, name: str) -> None:
    text = page(client, name, q="环境" if name == "register" else "氨氮" if name == "who_can_test" else "")
    assert REAL in text
    assert TRIAL not in text and "试运行环境" not in text


@pytest.mark.parametrize("words", [TRIAL, "试运行环境"])
def test_no_search_finds_a_trial(client: Client, world: Makes, words: str) -> None:
    assert f"/c/{TRIAL}/" not in page(client, "register", q=words)


def test_the_laboratory_of_a_trial_has_no_page(client: Client, world: Makes) -> None:
    real, trial = (Certificate.objects.get(number=number).laboratory for number in (REAL, TRIAL))
    assert REAL in page(client, "laboratory", real.uuid)
    assert TRIAL not in page(client, "laboratory", trial.uuid, status=404)


def test_the_page_of_a_certificate_says_what_it_certifies(client: Client, world: Makes) -> None:
    text = page(client, "public", REAL)
    for words in (
        "Valid",
        "冀清环境检测有限公司",
        "03号实验室",
        "02号实验室",
        "氨氮",
        "HJ 535-2009",
        "王签字",
        "Hebei",
        "Tianjin",
    ):
        assert words in text
    assert "Trial run" not in text


def test_the_page_of_a_trial_says_so(client: Client, world: Makes) -> None:
    assert "Trial run" in page(client, "public", TRIAL)


def test_an_expired_certificate_is_shown_expired_before_the_sweep(client: Client, world: Makes) -> None:
    world.full("200312050002", "河北老证检测有限公司", "03", until=world.today - dt.timedelta(days=1))
    text = page(client, "public", "200312050002")
    assert "Expired" in text and "Reports issued since must not carry its mark." in text


def test_a_replaced_certificate_leads_on(client: Client, world: Makes) -> None:
    old = world.full("200312050002", "河北换证检测有限公司", "03", state="cancelled")
    world.certificate("260312050003", old.laboratory, replaces=old)
    text = page(client, "public", old.number)
    assert "Replaced by certificate" in text and "/c/260312050003/" in text
    pending = world.full("200312050004", "河北待换证检测有限公司", "03")
    world.certificate("260312050005", pending.laboratory, replaces=pending, state="pending")
    assert "260312050005" not in page(client, "public", pending.number)


def test_the_scope_is_searched_and_parted_by_site(client: Client, world: Makes) -> None:
    assert "总磷" not in page(client, "public", REAL, q="氨氮").split('id="scope-results"')[1].split("Authorised")[0]
    site = Certificate.objects.get(number=REAL).laboratory.sites.get(name="02号实验室")
    results = page(client, "public", REAL, site=str(site.uuid)).split('id="scope-results"')[1].split("Authorised")[0]
    assert "02号实验室" in results and "03号实验室" not in results


@pytest.mark.parametrize("number", ["260312050009", "2603", "abc", "260312050009999", "260712050001"])
def test_an_unknown_number_is_told_what_to_check(client: Client, world: Makes, number: str) -> None:
    text = page(client, "public", number, status=404)
    assert "What to check" in text and number in text


def test_a_number_not_yet_signed_is_nobodys_business(client: Client, world: Makes) -> None:
    world.certificate("260312050009", world.laboratory("河北未发证检测有限公司"), state="pending")
    assert "河北未发证" not in page(client, "public", "260312050009", status=404)
    assert "/c/260312050009/" not in page(client, "register", q="河北未发证检测有限公司")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter the 12 digits"),
        ("2603120500", "this has 10 digits"),
        ("26031205000a", "digits only"),
        ("260012050001", "national register"),
        ("260712050001", "07 is none of the five here (01 Beijing, 02 Tianjin"),
        ("260399050001", "there is no field 99"),
        ("260312990001", "there is no ministry 99"),
        ("990312050001", "2099 has not come yet"),
        ("260312050009", "No certificate has the number 260312050009"),
    ],
)
def test_a_wrong_number_is_told_what_is_wrong(client: Client, world: Makes, typed: str, says: str) -> None:
    text = page(client, "verify", number=typed, status=404).replace("&#x27;", "'")
    assert says in text


@pytest.mark.parametrize("typed", [REAL, " 2603 1205 0001 ", "260312050001", f"https://example.cn/c/{REAL}/"])
def test_a_right_number_opens_its_page(client: Client, world: Makes, typed: str) -> None:
    answer = client.get(reverse("certificates:verify"), {"number": typed})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/c/{REAL}/")


def verdict(client: Client, content: bytes, status: int = 200) -> str:
    file = SimpleUploadedFile("证书.pdf", content, "application/pdf")
    answer = client.post(reverse("certificates:verify"), {"file": file}, headers={"accept-language": "en"})
    assert answer.status_code == status
    return answer.content.decode()


def test_the_file_of_a_certificate_is_genuine_only_byte_for_byte(client: Client, world: Makes) -> None:
    certificate = Certificate.objects.get(number=REAL)
    first = b"%PDF-1.7 first edition"
    world.edition(certificate, list(certificate.laboratory.sites.all()), content=first)
    assert "Genuine and unchanged" in verdict(client, first)
    assert "A newer edition" not in verdict(client, first)
    assert "Not a paper issued here" in verdict(client, first + b"\n")
    world.edition(certificate, list(certificate.laboratory.sites.all()), content=b"%PDF-1.7 next edition")
    assert "A newer edition has been issued since" in verdict(client, first)


def test_other_files_of_the_house_are_not_confirmed(client: Client, world: Makes) -> None:
    from tests.factories.cases import stored_file

    stored_file(content=b"%PDF-1.7 a notice")
    assert "Not a paper issued here" in verdict(client, b"%PDF-1.7 a notice")


def test_what_is_no_pdf_is_told(client: Client, world: Makes) -> None:
    assert "This is not a PDF." in verdict(client, b"PK\x03\x04", status=422)
    assert "The file is empty." in verdict(client, b"", status=422)


def test_json_and_csv_say_the_register(client: Client, world: Makes) -> None:
    data = json.loads(page(client, "data_json"))
    assert data["made_on"] == timezone.localdate().isoformat()
    assert [(c["number"], c["status"], [g["code"] for g in c["grants"]]) for c in data["certificates"]] == [
        (REAL, "valid", ["03", "02"])
    ]
    rows = list(csv.DictReader(io.StringIO(page(client, "scope_csv").lstrip("\ufeff"))))
    assert [(r["number"], r["parameter"]) for r in rows] == [(REAL, "氨氮"), (REAL, "总磷")] * 2


def test_the_guide_says_what_a_region_promises(client: Client, world: Makes) -> None:
    person = UserFactory.create(member=(Role.SLA_ADMIN, authority("03")))
    profile = Profile.objects.select_related("authority").get(authority=authority("03"))
    enter_limit(
        profile=profile, key="decision_days", value=8, effective_on=timezone.localdate(), reason="x", by=person,
        now=timezone.now(),
    )  # fmt: skip
    text = page(client, "how_to_apply")
    assert "Hebei 8" in text and "Typical reports" in text


def test_the_guide_says_when_to_renew_and_what_follows_a_supplement(client: Client, world: Makes) -> None:
    text = page(client, "how_to_apply")
    assert "Apply for the renewal no later than 3 calendar months before the certificate ends." in text
    assert 'Acceptance decision after the supplement</td><td data-label="At most">5 working days' in text


# -- draws


def draw(make: Makes, code: str, assessor: Assessor, *, is_reported: bool) -> Draw:
    laboratory = make.laboratory(f"{code}号抽签检测有限公司{is_reported}", code)
    application = Application.objects.create(
        laboratory=laboratory,
        authority=laboratory.authority,
        kinds=["first"],
        created_by=make.person,
        reference=f"{code}2026{int(is_reported)}",
    )
    reported = {"state": "reported", "reported_at": timezone.now(), "conclusion": "conform"} if is_reported else {}
    assessment = Assessment.objects.create(
        application=application, edition=Edition.objects.get(), opened_at=timezone.now(), **reported
    )
    Seat.objects.create(assessment=assessment, role="leader", assessor=assessor, filled_at=timezone.now())
    seed = f"seed-{code}-{is_reported}"
    return Draw.objects.create(
        assessment=assessment,
        seed=seed,
        drawn_at=timezone.now(),
        candidates=[{"id": assessor.pk}],
        chosen=[assessor.pk],
    )


@pytest.fixture
def assessor(world: Makes) -> Assessor:
    return Assessor.objects.create(
        user=UserFactory.create(name="抽中人"), home=authority("04"), field_codes=["12"], certificate_number="PSY1",
        certified_on=dt.date(2024, 1, 1), certified_until=dt.date(2029, 1, 1),
    )  # fmt: skip


def test_before_the_report_a_draw_shows_neither_seed_nor_team(client: Client, world: Makes, assessor: Assessor) -> None:
    closed, opened = (draw(world, "03", assessor, is_reported=flag) for flag in (False, True))
    text = page(client, "draws")
    assert closed.seed not in text and published_draws.commitment(closed) in text
    assert opened.seed in text and opened.assessment.application.laboratory.name in text
    assert closed.assessment.application.laboratory.name not in text
    # The same person sits in both: named in the open one only.
    assert text.count("抽中人") == 1
    assert published_draws.anonymous(closed, assessor.pk) in text
    assert str(assessor.uuid) not in text


def test_draws_are_exported_as_they_are_shown(client: Client, world: Makes, assessor: Assessor) -> None:
    closed = draw(world, "03", assessor, is_reported=False)
    text = page(client, "draws", export="csv")
    assert closed.seed not in text and "抽中人" not in text and published_draws.commitment(closed) in text


def test_no_draw_of_a_trial_is_published(client: Client, world: Makes, assessor: Assessor) -> None:
    draw(world, "99", assessor, is_reported=True)
    assert "seed-99" not in page(client, "draws")


def test_an_address_pasted_whole_is_understood() -> None:
    assert verifying.normalise("HTTPS://TONGZHENG.CN/C/260312050001/?q=1") == REAL
