"""The reference data every installation starts from: authorities, dictionaries, materials, criteria, calendars."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from qualification.applications.models import MaterialType, Requirement
from qualification.assessments.models import Clause, Edition, Item
from qualification.assessments.outcomes import DEFAULT_RULES
from qualification.regions import limits
from qualification.regions.models import Authority, DictionaryEntry, Profile

HERE = Path(__file__).resolve().parent


def _read(path: str) -> Any:
    return json.loads((HERE / path).read_text("utf-8"))


@transaction.atomic
def load() -> None:
    """Load what is missing; what an administrator has changed since is left as it is."""
    load_authorities()
    load_dictionaries()
    load_requirements()
    load_criteria("criteria-2023-21.json")
    limits.seed(now=timezone.now())


def load_authorities() -> None:
    """The five authorities and the trial one, each with its profile."""
    for entry in _read("regions/data/authorities.json"):
        authority, __ = Authority.objects.get_or_create(code=entry["code"], defaults=entry)
        Profile.objects.get_or_create(authority=authority)


def load_dictionaries() -> None:
    """Codes FF and MM of the certificate number."""
    known = set(DictionaryEntry.objects.order_by("pk").values_list("kind", "code"))
    entries = _read("regions/data/dictionaries.json")
    DictionaryEntry.objects.bulk_create(DictionaryEntry(**e) for e in entries if (e["kind"], e["code"]) not in known)


def load_requirements() -> None:
    """The requirement matrix."""
    if MaterialType.objects.exists():
        return
    for position, entry in enumerate(_read("applications/data/requirements.json")["materials"]):
        kinds = entry.pop("kinds")
        material = MaterialType.objects.create(position=position, **entry)
        Requirement.objects.bulk_create(_requirement(material, kind, level) for kind, level in kinds.items())


def _requirement(material: MaterialType, kind: str, level: str) -> Requirement:
    if level == "commitment":
        return Requirement(kind=kind, material=material, level="required", procedure="commitment")
    return Requirement(kind=kind, material=material, level=level)


def load_criteria(name: str) -> None:
    """One edition of the checklist with its clauses and items."""
    data = _read(f"assessments/data/{name}")
    edition, is_new = Edition.objects.get_or_create(
        code=data["edition"],
        defaults={
            "name_zh": data["name_zh"], "name_en": data.get("name_en", ""),
            "in_force_from": dt.date.fromisoformat(data["in_force_from"]), "rules": DEFAULT_RULES,
        },
    )  # fmt: skip
    if is_new:
        clauses = {c["clause"]: _clause(edition, c, i) for i, c in enumerate(data["clauses"])}
        Item.objects.bulk_create(
            Item(clause=clauses[i["clause"]], number=i["item"], text_zh=i["zh"], text_en=i["en"]) for i in data["items"]
        )


def _clause(edition: Edition, entry: dict[str, Any], position: int) -> Clause:
    return Clause.objects.create(
        edition=edition,
        code=entry["clause"],
        is_starred=entry["starred"],
        name_zh=entry["zh"],
        name_en=entry["en"],
        position=position,
    )
