"""GB 32100-2015: real codes pass; one wrong character or one swap of neighbours never does."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import assume, given
from hypothesis import strategies as st

from qualification.laboratories.credit_code import (
    CHARACTERS,
    check_character,
    normalise,
    validate_credit_code,
)

bodies = st.text(alphabet=CHARACTERS, min_size=17, max_size=17)


def refused(code: str) -> str:
    with pytest.raises(ValidationError) as error:
        validate_credit_code(code)
    return str(error.value.code)


@pytest.mark.parametrize("code", ["91110000100000904C", "91350100M000100Y43", "911100001000013428"])
def test_published_codes(code: str) -> None:
    assert check_character(code[:-1]) in CHARACTERS


def test_example_of_the_standard() -> None:
    validate_credit_code("91350100M000100Y43")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "length"),
        ("91350100M000100Y4", "length"),
        ("91350100M000100Y433", "length"),
        ("9135O100M000100Y43", "character"),
        ("91350100m000100Y43", "character"),
        ("91350100M000100Y44", "check"),
        ("19350100M000100Y43", "check"),
    ],
)
def test_wrong_codes(code: str, reason: str) -> None:
    assert refused(code) == reason


def test_the_sentence_says_where() -> None:
    with pytest.raises(ValidationError) as error:
        validate_credit_code("9135O100M000100Y43")
    assert error.value.messages[0].startswith("“O”") or "O" in error.value.messages[0]
    assert error.value.params == {"character": "O", "place": 5}


@given(bodies)
def test_the_check_character_makes_a_body_valid(body: str) -> None:
    validate_credit_code(body + check_character(body))


@given(bodies, st.integers(0, 17), st.sampled_from(CHARACTERS))
def test_one_wrong_character_is_found(body: str, place: int, character: str) -> None:
    code = body + check_character(body)
    assume(code[place] != character)
    assert refused(code[:place] + character + code[place + 1 :]) == "check"


@given(bodies, st.integers(0, 15))
def test_two_swapped_neighbours_are_found(body: str, place: int) -> None:
    code = body + check_character(body)
    assume(code[place] != code[place + 1])
    assert refused(code[:place] + code[place + 1] + code[place] + code[place + 2 :]) == "check"


@pytest.mark.parametrize(
    "text",
    ["91350100M000100Y43", " 91350100m000100y43 ", "９１３５０１００Ｍ０００１００Ｙ４３", "91350100-M000100Y4-3"],
)
def test_normalise(text: str) -> None:
    assert normalise(text) == "91350100M000100Y43"
