"""A real folder let go over a page: read by the page, sorted into its slots, corrected, uploaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from documents.models import Version
from qualification.applications.models import Application
from qualification.applications.services import intake
from tests.e2e.browser import Visitor
from tests.e2e.conftest import Enter, give_passwords
from tests.factories.cases import World
from workflows.demo.materials import page as legible

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.usefixtures("buckets")]
VEIL, LINES = "[data-veil]", ".sorter-table tbody tr"


@pytest.fixture
def cast(transactional_db: None) -> World:
    world = World()
    give_passwords()
    return world


def folder(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def let_go(person: Visitor, place: Locator, *paths: Path) -> None:
    """Drag files and folders of the disk over a place and let them go there, as the browser itself does."""
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + min(20, box["height"] / 2)}
    data: dict[str, Any] = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    line = person.context.new_cdp_session(person.page)
    for step in ("dragEnter", "dragOver"):
        line.send("Input.dispatchDragEvent", {"type": step, **at, "data": data})
    expect(person.page.locator(VEIL)).to_be_visible()
    line.send("Input.dispatchDragEvent", {"type": "drop", **at, "data": data})
    expect(person.page.locator(VEIL)).to_be_hidden()
    line.detach()


def line_of(person: Visitor, name: str) -> Locator:
    return person.page.locator(LINES).filter(has=person.page.locator("[data-name]", has_text=name))


def send(person: Visitor) -> None:
    person.page.locator("[data-sorter] [data-send]").click()


def versions(case: Application) -> set[tuple[str, str, int, str]]:
    """Code, label, number and name of what counts and is not handed in."""
    rows = Version.objects.live().filter(document__owner_id=case.uuid, is_frozen=False)
    return {(v.document.code, v.document.label, v.number, v.file.name) for v in rows.select_related("document", "file")}


def test_a_folder_is_read_sorted_corrected_and_uploaded(enter: Enter, cast: World, tmp_path: Path) -> None:
    draft = cast.walk("draft").application
    names = ["体系文件/质量手册.pdf", "法人/营业执照副本.pdf", "扫描件/IMG_0001.pdf", "组织机构框图.pdf"]
    dropped = folder(
        tmp_path / "申请材料",
        {name: legible(Path(name).stem) for name in names} | {"体系文件/Thumbs.db": b"x", "体系文件/.DS_Store": b"x"},
    )
    lab = enter("laboratory", cast.manager)
    lab.open(f"/applications/{draft.uuid}/edit/")
    let_go(lab, lab.page.locator("#materials-head"), dropped)
    expect(lab.page.locator(LINES)).to_have_count(4)
    expect(line_of(lab, "质量手册").locator("[data-from]")).to_have_text("申请材料/体系文件")
    expect(line_of(lab, "组织机构框图").locator("select")).to_have_value("organisation_chart/")
    unknown, licence = line_of(lab, "IMG_0001"), line_of(lab, "营业执照")
    expect(unknown.locator("select")).to_have_value("")
    expect(licence.locator("select")).to_have_value("legal_status/")
    unknown.locator("select").select_option("premises/")
    licence.locator("select").select_option("")
    lab.look()
    send(lab)
    expect(lab.page.locator("[data-count]")).to_contain_text("3/3")
    expect(lab.page.locator("#slot-premises-all .slot-versions")).to_contain_text("IMG_0001.pdf")
    assert versions(draft) == {
        ("quality_manual", "", 1, "质量手册.pdf"), ("organisation_chart", "", 1, "组织机构框图.pdf"),
        ("premises", "", 1, "IMG_0001.pdf"),
    }  # fmt: skip
    lab.page.locator("[data-sorter] [data-cancel]").click()

    # A browser tells the entries of a folder by the hundred.
    many = folder(tmp_path / "很多", {f"附件{number:03}.pdf": b"%PDF" for number in range(130)})
    let_go(lab, lab.page.locator("#materials-head"), many)
    expect(lab.page.locator(LINES)).to_have_count(130)
    lab.page.locator("[data-sorter] [data-cancel]").click()
    expect(lab.page.locator(LINES)).to_have_count(0)
    lab.calm()


def test_a_folder_answers_the_points_of_a_notice_with_new_versions(enter: Enter, cast: World, tmp_path: Path) -> None:
    case = cast.walk("submit").application
    findings = [
        intake.Finding("手册缺页", "quality_manual"), intake.Finding("框图无签字", "organisation_chart"),
        intake.Finding("请说明分包情况"), intake.Finding("请提供声明"),
    ]  # fmt: skip
    intake.ask_supplement(application=case, findings=findings, by=cast.intake, now=timezone.now())
    names = ["质量手册.pdf", "组织机构框图.pdf", "第3项 分包说明.pdf", "营业执照.pdf"]
    dropped = folder(tmp_path / "补正材料", {name: legible(Path(name).stem, "补正") for name in names})
    lab = enter("laboratory", cast.manager)
    lab.open(f"/applications/{case.uuid}/supplement/")
    let_go(lab, lab.page.locator("#point-1-head"), dropped)
    expect(lab.page.locator(LINES)).to_have_count(4)
    expect(line_of(lab, "第3项").locator("select")).to_have_value("supplement/3")
    other = line_of(lab, "营业执照")
    expect(other.locator("select")).to_have_value("")
    expect(other.locator("[data-says]")).to_contain_text("请")
    lab.look()
    send(lab)
    expect(lab.page.locator(".point-head .state", has_text="已上传新材料")).to_have_count(3)
    # Asked for is another version of the very file, though a manual may have several files.
    assert versions(case) == {
        ("quality_manual", "", 2, "质量手册.pdf"), ("organisation_chart", "", 2, "组织机构框图.pdf"),
        ("supplement", "3", 1, "第3项 分包说明.pdf"),
    }  # fmt: skip
    lab.calm()


def test_a_folder_of_evidence_finds_its_nonconformities(enter: Enter, cast: World, tmp_path: Path) -> None:
    case = cast.walk("conclude", answer_checklist={"mostly": 2}).application
    dropped = folder(
        tmp_path / "整改",
        {
            "不符合项2/培训记录.pdf": legible("培训记录"),
            "整改证据-不符合项1.pdf": legible("整改证据"),
            "其他.pdf": legible("其他"),
        },
    )
    lab = enter("laboratory", cast.manager)
    lab.open(f"/assessments/{case.assessment.uuid}/rectification/")
    let_go(lab, lab.page.locator("#record-1 .point-head"), dropped)
    expect(line_of(lab, "培训记录").locator("select")).to_have_value("rectification/2")
    expect(line_of(lab, "不符合项1").locator("select")).to_have_value("rectification/1")
    expect(line_of(lab, "其他.pdf").locator("[data-says]")).to_contain_text("选择")
    lab.look()
    send(lab)
    expect(lab.page.locator("#record-1 .slot-versions")).to_contain_text("整改证据")
    expect(lab.page.locator("#record-2 .slot-versions")).to_contain_text("培训记录")
    lab.calm()
