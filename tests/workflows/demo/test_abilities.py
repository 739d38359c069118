"""The capability tables of the demo read in without a finding and suit the laboratory."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualification.scope import importing
from qualification.scope.standards import PUBLIC_KINDS
from workflows.demo.abilities import FIELDS, FOOD, table_of
from workflows.demo.people import LABS


@pytest.mark.parametrize("code", sorted(FIELDS))
def test_each_field_reads_in_whole_and_rests_on_public_standards(code: str, tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    path.write_bytes(table_of([code], is_food=code == FOOD))
    result = importing.read_file(path)
    main, categories = FIELDS[code]
    assert result.problems == []
    assert [(r.level, r.name) for r in result.rows if r.level != "parameter"] == [
        ("main", main), *(("category", name) for name, __ in categories)
    ]  # fmt: skip
    found = [r for r in result.rows if r.level == "parameter"]
    assert [r.name for r in found] == [name for __, parameters in categories for name, __, __ in parameters]
    assert [r.problems for r in found] == [[]] * len(found)
    assert {s["kind"] for r in found for s in r.standards} <= set(PUBLIC_KINDS)
    assert all(len(r.standards) == 1 for r in found)


def test_every_laboratory_of_the_demo_has_a_table_of_its_own_fields() -> None:
    for lab in LABS:
        assert set(lab.fields) <= set(FIELDS)


def test_food_stands_apart() -> None:
    both = ("00", "04")
    assert table_of(both, is_food=True) == table_of(["00"], is_food=True)
    assert table_of(both, is_food=False) == table_of(["04"], is_food=False)
