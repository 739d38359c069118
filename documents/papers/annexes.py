"""The annexes of a certificate, prepared for the template: which follow one another, and row by row."""

from __future__ import annotations

from typing import Any

Data = dict[str, Any]

CAPABILITY_TITLE = "批准的检验检测能力"
FOOD_TITLE = "批准的检验检测能力（食品）"
SIGNATORIES_TITLE = "批准的授权签字人及领域"


def annexes_of(grants: list[Data]) -> list[Data]:
    """Annex 1 (capability) and annex 2 (signatories) of each grant, in order of grant and site."""
    found = [annex for index, grant in enumerate(grants) for annex in _of_grant(index, grant)]
    for position, annex in enumerate(found):
        annex["is_first"] = position == 0
        annex["is_last"] = position == len(found) - 1
    return found


def _of_grant(index: int, grant: Data) -> list[Data]:
    capability = [
        _annex("capability", index, site_index, _capability_title(table), rows=display_rows(table["rows"]))
        for site_index, site in enumerate(grant["sites"])
        for table in sorted(site["tables"], key=lambda table: table["is_food"])
    ]
    people = [
        _annex("signatories", index, site_index, f"附表2　{SIGNATORIES_TITLE}", signatories=signatories)
        for site_index, signatories in [
            *((i, site["signatories"]) for i, site in enumerate(grant["sites"])),
            (None, grant["signatories"]),
        ]
        if signatories
    ]
    return capability + people


def _capability_title(table: Data) -> str:
    return f"附表1　{FOOD_TITLE if table['is_food'] else CAPABILITY_TITLE}"


def _annex(kind: str, grant: int, site: int | None, title: str, **content: Any) -> Data:
    return {"kind": kind, "grant": grant, "site": site, "title": title, **content}


def display_rows(rows: list[Data]) -> list[Data]:
    """Rows as they are printed.

    A category's own row only names the category of those that follow; it is printed by itself when it has
    methods of its own or when nothing follows under it, so that no approved row disappears.
    """
    shown: list[Data] = []
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        if row["level"] == "main":
            shown.append({"kind": "main", "text": f"{row['number']}　{row['name']}".strip("　")})
        elif row["level"] == "parameter" or row["standards"] or not _is_parameter(following):
            shown.append(_row(row, shown))
        else:
            shown.append({"kind": "pending", "category_no": _number(row), "category": _name(row)})
    return _opened([row for row in shown if row["kind"] != "pending"])


def _is_parameter(row: Data | None) -> bool:
    return row is not None and row["level"] == "parameter"


def _number(row: Data) -> str:
    return str(row["category_no"] or row["number"])


def _name(row: Data) -> str:
    return str(row["category"] or row["name"])


def _row(row: Data, before: list[Data]) -> Data:
    is_category = row["level"] == "category"
    inherited = before[-1] if before and before[-1]["kind"] != "main" else {"category_no": "", "category": ""}
    return {
        "kind": "row",
        "category_no": _number(row) if is_category else row["category_no"] or inherited["category_no"],
        "category": _name(row) if is_category else row["category"] or inherited["category"],
        "number": "" if is_category else row["number"],
        "name": "" if is_category else row["name"],
        "standards": row["standards"],
        "restriction": row["restriction"],
        "note": row["note"],
    }


def _opened(rows: list[Data]) -> list[Data]:
    categories = [None if row["kind"] == "main" else (row["category_no"], row["category"]) for row in rows]
    for row, before, own, after in zip(rows, [None, *categories], categories, [*categories[1:], None], strict=False):
        row["opens"], row["closes"] = own != before, own != after
    return rows
