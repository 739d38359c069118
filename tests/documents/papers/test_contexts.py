"""The facts of a paper are checked when it is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from documents.papers.contexts import SHAPES, ContextError, checked
from tests.documents.papers import samples


def test_every_shape_has_its_template(settings: Any) -> None:
    folder = settings.BASE_DIR / "templates" / "papers"
    papers = {path.stem for path in folder.glob("*.typ")} - {"base", "official", "seal"}
    assert papers == set(SHAPES)


def test_the_checked_context_is_json() -> None:
    context = samples.certificate("03")
    assert json.loads(json.dumps(context)) == context


def test_a_misspelt_key_is_named() -> None:
    with pytest.raises(ContextError) as refused:
        checked("notice", {**samples.notice(), "adressee": "x"})
    assert str(refused.value) == (
        "The context of template 'notice' does not fit: adressee: Extra inputs are not permitted."
    )


@pytest.mark.parametrize("number", ["26031211000", "2603121100012", "26031211000a"])
def test_a_certificate_number_has_twelve_digits(number: str) -> None:
    with pytest.raises(ContextError, match=r"^The context of template 'certificate' does not fit: number:"):
        checked("certificate", {**samples.certificate("03"), "number": number})


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(ContextError) as refused:
        checked("diploma", {})
    assert str(refused.value) == ("There is no paper template 'diploma'; known: certificate, notice, receipt, report.")
