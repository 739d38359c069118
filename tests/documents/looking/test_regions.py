"""Scans compared by eye: what is gone, what came, and what is no difference."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter

from documents.looking.regions import UNIT, regions

SIZE = (1240, 1754)
LINES = {150: "a", 300: "b", 450: "c", 600: "d", 900: "e"}


def scan(*lines: int, shift: tuple[int, int] = (0, 0), more: tuple[int, int] | None = None, paper: int = 255) -> Any:
    """A page with rows of strokes at some heights, as a scanner has it; `more` is a stamp."""
    page = Image.new("L", SIZE, paper)
    draw = ImageDraw.Draw(page)
    for down in lines:
        for number in range(40):
            left = 150 + number * 22 + (number * number * 7 + down) % 9
            draw.rectangle((left, down + (number * 5) % 6, left + 9 + number % 5, down + 26), fill=30)
    if more:
        draw.ellipse((more[0], more[1], more[0] + 120, more[1] + 120), outline=40, width=12)
    moved = Image.new("L", SIZE, paper)
    moved.paste(page, shift)
    return moved.filter(ImageFilter.GaussianBlur(1)).convert("RGB")


def around(box: list[int]) -> tuple[float, float]:
    """The middle of a box in points of the page."""
    left, top, width, height = box
    return (left + width / 2) * SIZE[0] / UNIT, (top + height / 2) * SIZE[1] / UNIT


def test_the_same_page_has_no_difference_however_it_lay_on_the_glass() -> None:
    page = scan(*LINES)
    for other in (page, scan(*LINES, shift=(17, -23)), scan(*LINES, paper=225), page.resize((900, 1273))):
        assert regions(page, other) == {"old": [], "new": [], "is_everywhere": False}


@pytest.mark.parametrize("shift", [(0, 0), (14, 20), (-21, -9)])
def test_a_stamp_that_came_is_marked_where_it_is(shift: tuple[int, int]) -> None:
    found = regions(scan(*LINES), scan(*LINES, more=(800, 1200), shift=shift))
    assert (found["old"], len(found["new"])) == ([], 1)
    assert around(found["new"][0]) == pytest.approx((860 + shift[0], 1260 + shift[1]), abs=25)


def test_a_line_that_went_and_another_that_came() -> None:
    found = regions(scan(150, 300, 600, 900), scan(150, 300, 600, 1300))
    assert [round(around(box)[1], -2) for box in found["old"]] == [900.0] * len(found["old"])
    assert [round(around(box)[1], -2) for box in found["new"]] == [1300.0] * len(found["new"])
    assert found["old"] and found["new"]


def test_paper_drawn_through_a_little_askew_is_the_same_and_a_stamp_on_it_is_found() -> None:
    page, stamped = scan(*LINES), scan(*LINES, more=(800, 1200))
    askew = page.rotate(0.3, fillcolor="white", resample=Image.Resampling.BICUBIC)
    assert regions(page, askew) == {"old": [], "new": [], "is_everywhere": False}
    found = regions(page, stamped.rotate(0.3, fillcolor="white", resample=Image.Resampling.BICUBIC))
    assert (found["old"], len(found["new"])) == ([], 1)


def test_another_page_differs_everywhere_and_a_longer_one_at_its_end() -> None:
    assert regions(scan(*LINES), scan(230, 380, 530, 1100, 1500))["is_everywhere"]
    longer = Image.new("RGB", (SIZE[0], SIZE[1] + 400), "white")
    longer.paste(scan(*LINES), (0, 0))
    ImageDraw.Draw(longer).rectangle((200, SIZE[1] + 200, 600, SIZE[1] + 240), fill="black")
    (box,) = regions(scan(*LINES), longer)["new"]
    assert (box[1] + box[3] / 2) * longer.height / UNIT == pytest.approx(SIZE[1] + 220, abs=20)


def test_blank_pages_do_not_differ() -> None:
    assert regions(scan(), scan()) == {"old": [], "new": [], "is_everywhere": False}
