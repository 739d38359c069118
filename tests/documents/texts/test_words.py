"""How text is compared, and the line around a hit."""

from __future__ import annotations

import pytest

from documents.bigrams import index_terms
from documents.texts.words import excerpt, normal, readable, terms_of, wanted_terms, words_of


def finds(query: str, text: str) -> bool:
    """What the database does: the index first, then the text."""
    body = normal(readable(text))[0]
    words = words_of(query)
    in_index = set(wanted_terms(words)) <= set(terms_of(body))
    in_text = bool(words) and all(word in body for word in words)
    assert in_index or not in_text, "the index must never hide a hit"
    return in_text


@pytest.mark.parametrize(
    "query", ["GB/T 5009.3-2016", "GB/T5009.3—2016", "gbt 5009.3-2016", "ＧＢ∕Ｔ 5009.3 - 2016", "5009.3"]
)
@pytest.mark.parametrize(
    "text", ["GB/T 5009.3-2016", "见GB/T5009.3—2016《水分》", "GB∕T 5009.3－2016", "GB / T 5009.3 −2016"]
)
def test_a_standard_is_found_however_it_is_written(query: str, text: str) -> None:
    assert finds(query, text)


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("水", "水质", True),
        ("水质", "地表水 质量", True),
        ("水分", "水质", False),
        ("食品 检测", "检测能力:食品", True),
        ("食品 检测", "检验能力:食品", False),
        ("review", "The Technical REVIEW of", True),
        ("str", "test report", False),
        ("12", "1 2", False),
        ("1147", "HJ 1147-2020", True),
        ("ｐＨ值", "pH值", True),
        ("质量管理", "质量\n管理体系", True),
        ("test report", "the report of a test", True),
        ("…", "anything…", False),
        ("", "anything", False),
        ("50%", "50 % 以上", True),
        ("a_c", "abc", False),
    ],
)
def test_words_are_found_as_people_mean_them(query: str, text: str, found: bool) -> None:
    assert finds(query, text) is found


def test_the_line_around_a_hit_keeps_the_writing_and_marks_every_hit() -> None:
    text = readable("一、范围\n本标准规定了GB/T 5009.3—2016的直接干燥法。见GB/T5009.3-2016。")
    found = excerpt(text, words_of("gb/t5009.3-2016 范围"))
    assert [piece for piece, is_hit in found.pieces if is_hit] == ["范围", "GB/T 5009.3—2016", "GB/T5009.3-2016"]
    assert found.text == text.replace("\n", " ")
    assert found.line == 0


def test_a_hit_far_down_tells_its_line_and_is_cut_on_both_sides() -> None:
    text = "\n".join(["空行" * 30] * 40 + ["这里是仪器编号A-17"] + ["末尾" * 100])
    found = excerpt(text, words_of("仪器编号"))
    assert (found.line, found.pieces[0], found.pieces[-1]) == (40, ("…", False), ("…", False))
    assert ("仪器编号", True) in found.pieces
    assert len(found.text) < 160


def test_terms_are_those_of_the_register() -> None:
    assert terms_of("水质ph") == index_terms("水质pH")
