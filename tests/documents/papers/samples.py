"""Contexts of papers with invented laboratories and people."""

from __future__ import annotations

from typing import Any

from documents.papers import contexts

AUTHORITIES = {
    "01": "北京市市场监督管理局",
    "02": "天津市市场监督管理局",
    "03": "河北省市场监督管理局",
    "04": "山西省市场监督管理局",
    "05": "内蒙古自治区市场监督管理局",
}
NAMES = ["pH值", "化学需氧量", "五日生化需氧量", "氨氮", "总磷", "阴离子表面活性剂", "六价铬", "高锰酸盐指数"]
ADDRESS = "https://cma.example.cn/verify/260312110001?check=8FJ2"
PER_CATEGORY = len(NAMES)


def rows(count: int) -> list[dict[str, Any]]:
    """A main class and `count` parameters, eight to a category."""
    found: list[dict[str, Any]] = [{"level": "main", "number": "一", "name": "水和废水"}]
    for index in range(count):
        category = {"category_no": str(index // PER_CATEGORY + 1), "category": f"地表水（{index // PER_CATEGORY + 1}）"}
        if index % PER_CATEGORY == 0:
            found.append(
                {"level": "category", "number": category["category_no"], "name": category["category"], **category}
            )
        found.append(_parameter(index, category))
    return found


def _parameter(index: int, category: dict[str, str]) -> dict[str, Any]:
    second = ["《生活饮用水标准检验方法 第4部分：感官性状和物理指标》GB/T 5750.4-2023/8.1"] if index % 3 == 0 else []
    return {
        "level": "parameter",
        "number": f"{category['category_no']}.{index % PER_CATEGORY + 1}",
        "name": NAMES[index % PER_CATEGORY],
        "standards": ["《水质 化学需氧量的测定 重铬酸盐法》HJ 828-2017", *second],
        "restriction": "不测海水" if index % 5 == 0 else "",
        **category,
    }


def site(authority: str, *, count: int, has_food: bool) -> dict[str, Any]:
    tables = [{"is_food": False, "rows": rows(count)}]
    if has_food:
        tables.insert(0, {"is_food": True, "rows": rows(3)})
    return {
        "name": f"{AUTHORITIES[authority][:2]}实验室",
        "address": f"{AUTHORITIES[authority][:3]}检测路{int(authority)}号A座3层",
        "tables": tables,
        "signatories": [
            {"name": "张清源", "title": "技术负责人、高级工程师", "fields": "水和废水、环境空气和废气"},
            {"name": "李知衡", "title": "质量负责人、工程师", "fields": "全部项目", "note": "食品除外"},
        ],
    }


def certificate(*codes: str, count: int = 12, has_food: bool = False, is_trial: bool = False) -> dict[str, Any]:
    context = {
        "is_trial": is_trial,
        "lab_name": "河北燕赵检验检测科技有限公司",
        "lab_address": "河北省石家庄市长安区中山东路100号",
        "number": "260312110001",
        "valid_from": "2026-11-20",
        "valid_until": "2032-11-19",
        "verify_url": ADDRESS,
        "grants": [
            {
                "authority": code,
                "authority_name": AUTHORITIES[code],
                "sites": [site(code, count=count, has_food=has_food)],
            }
            for code in codes
        ],
    }
    return contexts.checked("certificate", context)


def notice(**changes: Any) -> dict[str, Any]:
    context = {
        "authority": "03",
        "authority_name": AUTHORITIES["03"],
        "addressee": "河北燕赵检验检测科技有限公司",
        "paragraphs": ["你单位提交的申请收悉。经审查，申请材料不齐全，现一次性告知需要补正的全部内容如下："],
        "items_title": "需要补正的内容",
        "items": [{"text": "检验检测能力表第12行缺少标准年号。", "reason": "标准应当写明编号和年号"}],
        "articles": ["《中华人民共和国行政许可法》第三十二条"],
        **changes,
    }
    return contexts.checked("notice", context)


def receipt() -> dict[str, Any]:
    context = {
        "authority": "03",
        "authority_name": AUTHORITIES["03"],
        "received_from": "河北燕赵检验检测科技有限公司",
        "received_at": "2026年11月20日15时20分",
        "subject": "检验检测机构资质认定首次申请",
        "facts": [{"label": "受理编号", "value": "冀质申〔2026〕0012号"}],
        "materials": [{"label": "申请书", "value": "第2版"}],
    }
    return contexts.checked("receipt", context)


def report() -> dict[str, Any]:
    context = {
        "authority": "03",
        "authority_name": AUTHORITIES["03"],
        "lab_name": "河北燕赵检验检测科技有限公司",
        "reference": "冀质申〔2026〕0012号",
        "facts": [{"label": "评审方式", "value": "现场评审"}],
        "sites": [{"label": "石家庄实验室", "value": "河北省石家庄市长安区中山东路100号"}],
        "team": [{"name": "王立言", "role": "组长", "organisation": "河北省计量院", "fields": "环境"}],
        "checklist": [{"clause": "2.8.1", "title": "法人", "is_starred": True, "items": "1-4", "verdict": "符合"}],
        "capability_counts": [{"label": "确认", "value": "117项"}],
        "capability_notes": [{"text": "1.7 六价铬：不予确认", "reason": "未配备分光光度计"}],
        "nonconformities": [{"clause": "2.12.3", "fact": "一份原始记录未记录环境温湿度", "degree": "一般"}],
        "conclusion": "基本符合",
        "is_rectified": True,
        "conclusion_notes": ["建议对确认的检验检测能力予以资质认定。"],
    }
    return contexts.checked("report", context)
