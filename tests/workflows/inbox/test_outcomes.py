"""What the way of a case says of an outcome of the law that was contested."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from workflows.inbox import outcomes

AT = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)


def said(code: str, verb: str) -> list[str]:
    file: Any = SimpleNamespace(audience=SimpleNamespace(sees_internal=True))
    log: Any = SimpleNamespace(verb=verb, facts={"code": code}, at=AT)
    with translation.override("en"):
        return list(outcomes._contest(file, log))


@pytest.mark.parametrize(
    ("code", "verb", "words"),
    [
        ("acceptance", "set_aside", "Contested: the outcome was set aside on Fri 20 Nov 2026. The application stays accepted, the missed limit is excused."),
        ("acceptance", "uphold", "Contested: the outcome stands, answered on Fri 20 Nov 2026"),
        ("supplement", "set_aside", "Contested: the outcome was set aside on Fri 20 Nov 2026"),
        ("offer", "set_aside", "Contested: the expired offer was excused on Fri 20 Nov 2026"),
    ],
)  # fmt: skip
def test_an_answer_says_what_became_of_the_outcome(code: str, verb: str, words: str) -> None:
    assert said(code, verb) == [words]
