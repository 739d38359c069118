"""The picture comes from the flow: every step is in it, its words fit, and nothing is styled inline."""

from __future__ import annotations

import pytest
from django.utils import translation

from workflows.flows import STEPS
from workflows.inbox.pictures import LINE, picture, width_of, wrapped


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_step_stands_in_the_picture_with_words_that_fit(language: str) -> None:
    with translation.override(language):
        drawn = picture()
    titled = [box for box in drawn.boxes if box.title]
    assert {box.name for box in titled} == set(STEPS)
    assert {step["name"] for step in drawn.steps} == set(STEPS)
    assert [line for box in titled for line, __, __ in box.lines if width_of(line) > LINE] == []


def test_words_break_between_words_and_chinese_anywhere() -> None:
    assert list(wrapped("Hand in the material the leader asks for")) == ["Hand in the material", "the leader asks for"]
    assert list(wrapped("提交组长要求补充的评审材料")) == ["提交组长要求补充的评", "审材料"]
    assert list(wrapped("")) == []
