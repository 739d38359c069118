"""Many files at once: a ZIP from Windows sorted and corrected, what is said before anything is sent, a folder of files
on one slot, and what was handed in as the receipt and the ZIP of the case tell it; on the disk and on a real S3 store."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import Workbook
from playwright.sync_api import FilePayload, expect

from documents import scanning
from documents.enums import ScanState
from documents.models import StoredFile, Version
from qualification.applications.models import Application
from qualification.applications.queries import missing_items
from qualification.scope.exporting import HEAD, SECOND_HEAD
from qualification.scope.models import CapabilityTable
from tests.e2e.browser import Visitor
from tests.e2e.conftest import Enter, give_keys, give_passwords
from tests.e2e.receipts import hashes_of_receipt, hashes_of_zip
from tests.e2e.test_uploads import _allow
from tests.factories.cases import World
from workflows.demo.materials import page as legible

pytestmark = [pytest.mark.needs_system("chromium", "pdfsig"), pytest.mark.usefixtures("both_stores", "open_store")]
CATEGORY = "水和废水"


@pytest.fixture
def cast(transactional_db: None) -> World:
    world = World()
    give_passwords()
    return world


@pytest.fixture
def open_store(settings: Any, both_stores: str, site: str) -> None:
    """The real store may be talked to by the pages of the site."""
    if both_stores == "s3":
        address = settings.STORAGES["clean"]["OPTIONS"]["endpoint_url"]
        policy = {name: list(values) for name, values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()}
        policy["connect-src"].append(address)
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy}
        _allow(site)


class FromWindows(zipfile.ZipInfo):
    """An entry as the Chinese Windows writes it: the name in GBK, and no word about it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - its name in zipfile
        return self.filename.encode("gbk"), 0


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for name, data in files.items():
            entry = FromWindows(name, date_time=(2026, 11, 20, 8, 30, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, data)
    return path


def materials() -> dict[str, bytes]:
    names = [
        "申请书（盖章）.pdf", "附表2 授权签字人汇总表.pdf", "附表3组织机构框图.pdf", "附表4 人员一览表.pdf",
        "石家庄/附表5 设备一览表.pdf", "天津/附表5 设备一览表.pdf",
        f"典型报告/{CATEGORY}检测报告.pdf", "体系文件/质量手册.pdf", "体系文件/程序文件.pdf", "法人/营业执照副本.pdf",
    ]  # fmt: skip
    return {f"申请材料/{name}": legible(Path(name).stem, "测试材料") for name in names}


def said_to_hold(path: Path, size: int) -> Path:
    """The archive says of its first file that it is so large when unpacked."""
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = size.to_bytes(4, "little")
    path.write_bytes(data)
    return path


def sheet() -> bytes:
    """A capability table with one ability, as the form has it."""
    book = Workbook()
    for row in (HEAD, SECOND_HEAD, ("1", CATEGORY, "1.1", "pH值", "《水质 pH值的测定 电极法》HJ 1147-2020", "", "")):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def choose(lab: Visitor, *files: Path) -> None:
    """By the button for several files; the hidden field of a button is opened by the press."""
    with lab.page.expect_file_chooser() as waiting:
        lab.page.locator("[data-choose-files]").click()
    waiting.value.set_files([str(file) for file in files])


def versions(application: Application) -> dict[tuple[str, str], str]:
    """Names of the current files by slot; a site by its name."""
    sites = {str(site.uuid): site.name for site in application.sites.order_by("pk")}
    found = Version.objects.filter(document__owner_id=application.uuid, withdrawn_at=None).order_by("number")
    return {
        (v.document.code, sites.get(v.document.label, v.document.label)): v.file.name
        for v in found.select_related("document", "file").exclude(document__code="capability_table")
    }


def test_a_zip_from_windows_is_sorted_corrected_and_handed_in(enter: Enter, cast: World, tmp_path: Path) -> None:
    application = cast.walk("draft").application
    give_keys(application.authority.code)
    sheets = dict.fromkeys([f"申请材料/{site}/附表1 检验检测能力表.xlsx" for site in ("石家庄", "天津")], sheet())
    scans = {"扫描/IMG_0001.pdf": legible("房屋租赁合同"), "扫描/说明.exe": b"MZ" * 50, "__MACOSX/._x.pdf": b"x"}
    file = archive(tmp_path / "申请材料.zip", materials() | sheets | scans)
    lab = enter("laboratory", cast.manager)
    lab.open(f"/applications/{application.uuid}/edit/")
    choose(lab, file)
    lines = lab.page.locator(".sorter-table tbody tr")
    expect(lines).to_have_count(14)
    expect(lines.filter(has_text="申请书（盖章）.pdf").locator("select")).to_have_value("application_form/")
    expect(lines.filter(has_text="说明.exe").locator("[data-says]")).to_contain_text("不接收此类文件")
    report = lines.filter(has_text=f"{CATEGORY}检测报告.pdf")
    expect(report.locator("select")).to_have_value("")
    lab.look()

    unknown = lines.filter(has_text="IMG_0001.pdf")
    expect(unknown.locator("select")).to_have_value("")
    unknown.locator("select").select_option("premises/")
    expect(unknown.locator("[data-says]")).to_have_text("")
    lab.page.locator("[data-sorter] [data-send]").click()
    # The slot of the report appears once the tables that came with it have been read.
    expect(report.locator("select")).to_have_value(f"typical_report/{CATEGORY}")
    lab.page.locator("[data-sorter] [data-send]").click()
    expect(lab.page.locator("[data-count]")).to_contain_text("13/13")
    expect(lines).to_have_count(1)
    expect(lab.page.locator("#required-files")).to_contain_text("必需文件均已提供")
    lab.look()
    lab.page.locator("[data-sorter] [data-cancel]").click()
    assert versions(application) == {
        ("application_form", ""): "申请书（盖章）.pdf", ("signatories", ""): "附表2 授权签字人汇总表.pdf",
        ("organisation_chart", ""): "附表3组织机构框图.pdf", ("staff_table", ""): "附表4 人员一览表.pdf",
        ("equipment_table", "石家庄实验室"): "附表5 设备一览表.pdf", ("equipment_table", "天津实验室"): "附表5 设备一览表.pdf", ("typical_report", CATEGORY): f"{CATEGORY}检测报告.pdf",
        ("quality_manual", ""): "质量手册.pdf", ("quality_manual", "2"): "程序文件.pdf",
        ("legal_status", ""): "营业执照副本.pdf", ("premises", ""): "IMG_0001.pdf",
    }  # fmt: skip
    states = CapabilityTable.objects.filter(application=application).values_list("import_state", flat=True)
    assert list(states) == ["ready", "ready"]
    assert missing_items(application) == []

    _replace(lab, application, tmp_path)
    lab.press("#missing a.btn-primary")
    # Files that come beside others are left to the worker.
    for file in StoredFile.objects.filter(scan_state=ScanState.PENDING, received_at__isnull=False).order_by("pk"):
        scanning.check(file.pk, now=timezone.now())
    lab.confirm("submit")
    hashes = set(hashes_of_zip(lab, application, tmp_path).values())
    assert len(hashes) == 12
    assert hashes_of_receipt(lab, application, tmp_path) == hashes


def _replace(lab: Visitor, application: Application, folder: Path) -> None:
    """A second version; the first one stays."""
    slot = lab.page.locator("#slot-application_form-all")
    again = folder / "申请书（盖章，第二版）.pdf"
    again.write_bytes(legible("申请书", "第二版"))
    slot.locator("input[type=file]").set_input_files(again)
    expect(slot.locator(".slot-versions").first).to_contain_text("第二版")
    expect(slot.locator(".slot-body > details > .slot-versions > li")).to_have_count(1)
    count = Version.objects.filter(
        document__owner_id=application.uuid, document__code="application_form", withdrawn_at=None
    )
    assert count.count() == 2


def test_what_can_be_said_before_sending_is_said(enter: Enter, cast: World, tmp_path: Path) -> None:
    application = cast.walk("draft").application
    lab = enter("laboratory", cast.manager)
    lab.open(f"/applications/{application.uuid}/edit/")
    chart = tmp_path / "组织机构框图.pdf"
    chart.write_bytes(legible("组织机构框图"))
    place = lab.page.locator("#slot-organisation_chart-all")
    place.locator("input[type=file]").set_input_files(chart)
    expect(place.locator(".slot-versions a").first).to_be_visible()

    place.locator("input[type=file]").set_input_files(chart)
    expect(place.locator(".transfer[data-state=failed]")).to_contain_text("相同")
    form = lab.page.locator("#slot-application_form-all")
    form.locator("input[type=file]").set_input_files(chart)
    expect(form.locator(".transfer[data-state=asking]")).to_contain_text("组织机构框图")
    form.locator("[data-give-up]").click()
    expect(form.locator(".transfer")).to_have_count(0)
    wrong: FilePayload = {"name": "申请书.exe", "mimeType": "application/pdf", "buffer": b"MZ" * 100}
    form.locator("input[type=file]").set_input_files(wrong)
    expect(form.locator(".transfer[data-state=failed]")).to_contain_text("申请书.exe")
    lab.look()
    assert versions(application) == {("organisation_chart", ""): "组织机构框图.pdf"}


def test_more_files_than_a_slot_takes_are_sorted_and_a_bomb_is_not_opened(
    enter: Enter, cast: World, tmp_path: Path
) -> None:
    application = cast.walk("draft").application
    lab = enter("laboratory", cast.manager)
    lab.open(f"/applications/{application.uuid}/edit/")
    place = lab.page.locator("#slot-legal_status-all")
    names = ["甲.pdf", "乙.pdf"]
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": "application/pdf", "buffer": legible(name)} for name in names
    ]
    place.locator("input[type=file]").first.set_input_files(payloads)
    lines = lab.page.locator(".sorter-table tbody tr")
    expect(lines).to_have_count(2)
    expect(lines.first.locator("select")).to_have_value("legal_status/")
    lab.page.locator("[data-sorter] [data-send]").click()
    expect(lab.page.locator("#material-legal_status .slot-versions")).to_have_count(2)
    assert set(versions(application).items()) == {(("legal_status", ""), "甲.pdf"), (("legal_status", "2"), "乙.pdf")}

    says = lab.page.locator("[data-taking] [data-state]")
    choose(lab, said_to_hold(archive(tmp_path / "大.zip", {"1.pdf": b"x" * 1000}), 2**31))
    expect(says).to_contain_text("解压后大于")
    choose(lab, said_to_hold(archive(tmp_path / "谎.zip", {"1.pdf": b"x" * 100_000}), 10))
    expect(says).to_contain_text(re.compile("解压后大于|损坏"))
    many = tmp_path / "多.zip"
    with zipfile.ZipFile(many, "w") as target:
        for number in range(501):
            target.writestr(f"{number}.pdf", b"x")
    choose(lab, many)
    expect(says).to_contain_text("500")
    damaged = tmp_path / "坏.zip"
    damaged.write_bytes(many.read_bytes()[:-60])
    choose(lab, damaged)
    expect(says).to_contain_text("损坏")
    expect(lines).to_have_count(0)
