"""Small real files: pages that say what they are, and capability tables of a few plausible rows per field."""

from __future__ import annotations

import io
from functools import cache

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from PIL import Image, ImageDraw

from workflows.demo import materials
from workflows.demo.materials import PDF_TYPE, XLSX_TYPE

PAGE = (420, 594)
HEADER = (
    "序号",
    "类别(产品/项目/参数)",
    "产品/项目/参数",
    "",
    "依据标准（方法）名称及编号（含年号）",
    "限制范围",
    "说明",
)
SECOND_HEADER = ("", "", "序号", "名称", "", "", "")

# Field (FF of the number) -> category, and its parameters with the method.
ABILITIES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "00": ("食品理化", (
        ("水分", "《食品安全国家标准 食品中水分的测定》GB 5009.3-2016"),
        ("蛋白质", "《食品安全国家标准 食品中蛋白质的测定》GB 5009.5-2016"),
        ("铅", "《食品安全国家标准 食品中铅的测定》GB 5009.12-2023"),
        ("菌落总数", "《食品安全国家标准 食品微生物学检验 菌落总数测定》GB 4789.2-2022"),
    )),
    "01": ("混凝土", (
        ("抗压强度", "《混凝土物理力学性能试验方法标准》GB/T 50081-2019"),
        ("抗渗性能", "《普通混凝土长期性能和耐久性能试验方法标准》GB/T 50082-2009"),
        ("坍落度", "《普通混凝土拌合物性能试验方法标准》GB/T 50080-2016"),
    )),
    "02": ("水泥", (
        ("强度", "《水泥胶砂强度检验方法（ISO法）》GB/T 17671-2021"),
        ("凝结时间", "《水泥标准稠度用水量、凝结时间与安定性检验方法》GB/T 1346-2011"),
        ("细度", "《水泥细度检验方法 筛析法》GB/T 1345-2005"),
    )),
    "03": ("工作场所空气", (
        ("总粉尘浓度", "《工作场所空气中粉尘测定 第1部分:总粉尘浓度》GBZ/T 192.1-2007"),
        ("噪声", "《工作场所物理因素测量 第8部分:噪声》GBZ/T 189.8-2007"),
    )),
    "04": ("土壤", (
        ("有机质", "《土壤检测 第6部分:土壤有机质的测定》NY/T 1121.6-2006"),
        ("pH值", "《土壤检测 第2部分:土壤pH的测定》NY/T 1121.2-2006"),
        ("有效磷", "《土壤检测 第7部分:土壤有效磷的测定》NY/T 1121.7-2014"),
    )),
    "05": ("机动车安全技术检验", (
        ("制动", "《机动车安全技术检验项目和方法》GB 38900-2020"),
        ("前照灯", "《机动车安全技术检验项目和方法》GB 38900-2020"),
    )),
    "09": ("电子产品", (
        ("低温试验", "《环境试验 第2部分:试验方法 试验A:低温》GB/T 2423.1-2008"),
        ("高温试验", "《环境试验 第2部分:试验方法 试验B:高温》GB/T 2423.2-2008"),
    )),
    "12": ("水和废水", (
        ("pH值", "《水质 pH值的测定 电极法》HJ 1147-2020"),
        ("化学需氧量", "《水质 化学需氧量的测定 重铬酸盐法》HJ 828-2017"),
        ("氨氮", "《水质 氨氮的测定 纳氏试剂分光光度法》HJ 535-2009"),
        ("总磷", "《水质 总磷的测定 钼酸铵分光光度法》GB/T 11893-1989"),
        ("石油类", "《水质 石油类和动植物油类的测定 红外分光光度法》HJ 637-2018"),
    )),
    "13": ("地表水", (
        ("流量", "《河流流量测验规范》GB 50179-2015"),
        ("高锰酸盐指数", "《水质 高锰酸盐指数的测定》GB/T 11892-1989"),
        ("溶解氧", "《水质 溶解氧的测定 电化学探头法》HJ 506-2009"),
    )),
    "14": ("化工产品", (
        ("密度", "《化工产品密度、相对密度的测定》GB/T 4472-2011"),
        ("水分", "《化工产品中水分含量的测定 卡尔·费休法（通用方法）》GB/T 6283-2008"),
    )),
    "17": ("煤炭", (
        ("全水分", "《煤中全水分的测定方法》GB/T 211-2017"),
        ("灰分", "《煤的工业分析方法》GB/T 212-2008"),
        ("发热量", "《煤的发热量测定方法》GB/T 213-2008"),
    )),
}  # fmt: skip
FOOD = "00"


@cache
def page(title: str) -> bytes:
    """A small one-page PDF that names the material; made once per process."""
    image = Image.new("L", PAGE, 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, PAGE[0] - 20, PAGE[1] - 20), outline=160)
    draw.text((PAGE[0] / 2, 90), title[:20], font=materials.font(18), fill=0, anchor="mm")
    buffer = io.BytesIO()
    image.save(buffer, "PDF", resolution=51.0, title=title, quality=60)
    return buffer.getvalue()


def pdf(title: str) -> SimpleUploadedFile:
    """An upload of such a page."""
    return SimpleUploadedFile(f"{title.replace('/', '-')}.pdf", page(title), PDF_TYPE)


@cache
def _table(field: str) -> bytes:
    category, parameters = ABILITIES[field]
    book = Workbook()
    sheet = book.active
    sheet.append(("检验检测能力申请表", "", "", "", "", "", ""))
    sheet.append(HEADER)
    sheet.append(SECOND_HEADER)
    for number, (name, standard) in enumerate(parameters, start=1):
        first = (1, category) if number == 1 else ("", "")
        sheet.append((*first, f"1.{number}", name, standard, "", ""))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def capability_table(field: str) -> SimpleUploadedFile:
    """The table of one field, as the laboratory uploads it."""
    return SimpleUploadedFile("检验检测能力表.xlsx", _table(field), XLSX_TYPE)
