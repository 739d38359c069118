from typing import Any

from django.db import migrations

# Code, field, the text it was seeded with, the text it is to have; full-width signs, and hints that leave the kinds of
# file to the slot. What an administrator has written stays.
TEXTS = (
    ("application_form", "name_zh", "申请书(签章)", "申请书（签章）"),
    ("application_form", "hint_zh", "加盖公章的申请书扫描件,PDF。", "加盖公章的完整申请书，各页合为一个文件。"),
    (
        "application_form",
        "hint_en",
        "Scan of the sealed form, PDF.",
        "The whole form with signature and seal, its pages in one file.",
    ),
    ("capability_table", "name_zh", "检验检测能力表(附表1)", "检验检测能力表（附表1）"),
    (
        "capability_table",
        "hint_zh",
        "每个场所一份，食品与非食品分开；使用能力表模板（.xlsx）。",
        "每个场所一份，食品与非食品分开；使用能力表模板填写。",
    ),
    (
        "capability_table",
        "hint_en",
        "One per site, food and non-food apart; use the template (.xlsx).",
        "One per site, food and non-food apart; fill in the template.",
    ),
    ("signatories", "name_zh", "授权签字人汇总表及申请表(附表2、2-1)", "授权签字人汇总表及申请表（附表2、2-1）"),
    (
        "signatories",
        "hint_zh",
        "汇总表一份，每人一份申请表，可合并为一个PDF。",
        "汇总表一份，每人一份申请表；可合为一个文件，也可逐个添加。",
    ),
    (
        "signatories",
        "hint_en",
        "The summary and one form per person, may be one PDF.",
        "The summary and one form per person, in one file or added one by one.",
    ),
    ("organisation_chart", "name_zh", "组织机构框图(附表3)", "组织机构框图（附表3）"),
    ("organisation_chart", "hint_zh", "图片或PDF。", "标明各部门及其相互关系。"),
    ("organisation_chart", "hint_en", "Picture or PDF.", "The departments and how they stand to each other."),
    ("staff_table", "name_zh", "检验检测人员一览表(附表4)", "检验检测人员一览表（附表4）"),
    ("staff_table", "hint_zh", "使用人员一览表模板(.xls或.xlsx)。", "填写人员一览表模板；加盖公章的扫描件也可。"),
    (
        "staff_table",
        "hint_en",
        "Use the template (.xls or .xlsx).",
        "Fill in the template; a sealed scan of it will do as well.",
    ),
    ("equipment_table", "name_zh", "仪器设备(标准物质)配置一览表(附表5)", "仪器设备（标准物质）配置一览表（附表5）"),
    (
        "equipment_table",
        "hint_zh",
        "每个场所一份，使用模板（.xlsx）。",
        "每个场所一份，填写模板；加盖公章的扫描件也可。",
    ),
    (
        "equipment_table",
        "hint_en",
        "One per site, use the template (.xlsx).",
        "One per site: fill in the template; a sealed scan of it will do as well.",
    ),
    ("typical_report", "hint_zh", "每个申请类别一份,PDF。", "每个申请类别一份完整的报告或证书。"),
    (
        "typical_report",
        "hint_en",
        "One per category applied for, PDF.",
        "One whole report or certificate per category applied for.",
    ),
    ("quality_manual", "hint_zh", "PDF或Word。", "现行有效的质量手册和全部程序文件；可逐个添加。"),
    (
        "quality_manual",
        "hint_en",
        "PDF or Word.",
        "The manual and all procedures in force; further files may be added one by one.",
    ),
    ("premises", "hint_zh", "产权证或租赁合同。", "产权证或租赁合同，可附平面图；多个场所的可逐个添加。"),
    (
        "premises",
        "hint_en",
        "Title deed or lease.",
        "Title deed or lease, with a floor plan if there is one; for several sites add one file each.",
    ),
    ("current_certificate", "hint_zh", "证书及附表扫描件,PDF。", "证书及全部附表，各页合为一个文件。"),
    (
        "current_certificate",
        "hint_en",
        "Scan of certificate and annexes, PDF.",
        "The certificate with all its annexes, in one file.",
    ),
    ("special_staff", "hint_zh", "适用时提供。", "适用时提供，每人一份，可逐个添加。"),
    ("special_staff", "hint_en", "Where it applies.", "Where it applies: one file per person."),
)


def put(apps: Any, editor: Any) -> None:
    """Give each text its new words where it still has the old ones."""
    materials = apps.get_model("applications", "MaterialType").objects
    for code, field, old, new in TEXTS:
        materials.filter(code=code, **{field: old}).update(**{field: new})


class Migration(migrations.Migration):
    dependencies = [("applications", "0002_initial")]

    operations = [migrations.RunPython(put, migrations.RunPython.noop)]
