"""The forms a laboratory fills in, as workbooks that hold what is known already: registers, facts, tables.

The headings are those of the national annexes, in the language of the procedure, so that the sheets can be read in again.
"""

from __future__ import annotations

import datetime as dt
import io
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import translation
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

from qualification.applications.forms import FactsForm
from qualification.applications.models import Application
from qualification.applications.workspace import facts_told
from qualification.laboratories.models import Equipment, Signatory, StaffMember
from qualification.laboratories.sheets import COLUMNS
from qualification.scope import exporting

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LANGUAGE = "zh-hans"
LINE = Side(style="thin", color="FF888888")
BOX = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
# Empty lines to fill in below what is known.
ROOM = 10


def workbook(application: Application, form: str, label: str) -> bytes:
    """The .xlsx of a form; `label` names the site where there is one for each. An unknown form is a KeyError."""
    with translation.override(LANGUAGE):
        return _MAKERS[form](application, label)


def _staff(application: Application, label: str) -> bytes:
    people = StaffMember.objects.filter(laboratory_id=application.laboratory_id, is_active=True).order_by("name", "pk")
    return _register("附表4 检验检测人员一览表", "staff", people)


def _signatories(application: Application, label: str) -> bytes:
    people = Signatory.objects.filter(laboratory_id=application.laboratory_id, is_active=True).order_by("name", "pk")
    return _register("附表2 授权签字人汇总表", "signatories", people)


def _equipment(application: Application, label: str) -> bytes:
    devices = Equipment.objects.filter(laboratory_id=application.laboratory_id, is_active=True)
    site = _uuid(label)
    devices = devices.filter(site__uuid=site) if site else devices
    return _register("附表5 仪器设备（标准物质）配置一览表", "equipment", devices.order_by("category_no", "name", "pk"))


def _capability(application: Application, label: str) -> bytes:
    return exporting.blank()


def _application_form(application: Application, label: str) -> bytes:
    laboratory = application.laboratory
    lines = [
        ("检验检测机构名称", laboratory.name), ("统一社会信用代码", laboratory.credit_code), ("注册地址", laboratory.address),
        ("法定代表人", laboratory.legal_representative), ("最高管理者", laboratory.top_manager),
        ("技术负责人", laboratory.technical_manager), ("质量负责人", laboratory.quality_manager),
        ("资质认定部门", str(application.authority)), ("申请类型", application.kind_labels),
        ("现有证书编号", application.certificate.number if application.certificate else ""),
        ("审批程序", application.get_procedure_display()),
        *((fact.label, fact.value) for fact in facts_told(FactsForm(application=application))),
        ("法定代表人（签字）", ""), ("机构公章", ""), ("日期", ""),
    ]  # fmt: skip
    return _bytes("检验检测机构资质认定申请书", ("项目", "内容"), lines, widths=(28, 70))


_MAKERS: dict[str, Callable[[Application, str], bytes]] = {
    "application_form": _application_form,
    "capability_table": _capability,
    "signatories": _signatories,
    "staff_table": _staff,
    "equipment_table": _equipment,
}


def _register(title: str, kind: str, entries: Iterable[Any]) -> bytes:
    fields = COLUMNS[kind]
    lines = [[_told(entry, field) for field in fields] for entry in entries]
    head = [names[0] for names in fields.values()]
    return _bytes(title, head, [*lines, *([""] * len(head) for _line in range(ROOM))], widths=[16] * len(head))


def _told(entry: Any, field: str) -> str:
    display = getattr(entry, f"get_{field}_display", None)
    value = display() if display else getattr(entry, field)
    if isinstance(value, dt.date):
        return value.isoformat()
    return "" if value is None else str(value)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _bytes(title: str, head: Sequence[str], lines: Iterable[Sequence[str]], *, widths: Sequence[int]) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.append([title])
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(head))
    for number, line in enumerate([head, *lines], start=2):
        _write(sheet, number, line, is_head=number == 2)
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet["A1"].font, sheet["A1"].alignment = Font(bold=True, size=14), Alignment(horizontal="center")
    sheet.print_title_rows = "2:2"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape" if len(head) > 4 else "portrait"
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToHeight = 0
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _write(sheet: Worksheet, row: int, line: Sequence[str], *, is_head: bool) -> None:
    for column, text in enumerate(line, start=1):
        cell = sheet.cell(row, column, ILLEGAL_CHARACTERS_RE.sub("", text))
        # What begins with “=” is a name like any other, no formula.
        cell.data_type = "s"
        cell.border, cell.font = BOX, Font(bold=is_head)
        cell.alignment = Alignment(wrap_text=True, vertical="center")
