"""From the answers to the conclusion: the whole table, and what no edition can change."""

from __future__ import annotations

from itertools import product

import pytest

from qualification.assessments.enums import Answer, Conclusion
from qualification.assessments.outcomes import Answered, Result, conclude

WORST = Result(Conclusion.NOT, False)
MOSTLY = Result(Conclusion.MOSTLY, True)
CONFORM = Result(Conclusion.CONFORM, False)


def starred(answer: Answer) -> Answered:
    return Answered(True, answer)


def plain(answer: Answer) -> Answered:
    return Answered(False, answer)


@pytest.mark.parametrize(
    ("on_starred", "on_other", "expected"),
    [
        (Answer.CONFORM, Answer.CONFORM, CONFORM),
        (Answer.CONFORM, Answer.NOT_APPLICABLE, CONFORM),
        (Answer.NOT_APPLICABLE, Answer.CONFORM, CONFORM),
        (Answer.CONFORM, Answer.MOSTLY, MOSTLY),
        (Answer.CONFORM, Answer.NOT, MOSTLY),
        (Answer.MOSTLY, Answer.CONFORM, MOSTLY),
        (Answer.MOSTLY, Answer.MOSTLY, MOSTLY),
        (Answer.MOSTLY, Answer.NOT, MOSTLY),
        (Answer.NOT, Answer.CONFORM, WORST),
        (Answer.NOT, Answer.MOSTLY, WORST),
        (Answer.NOT, Answer.NOT, WORST),
        (Answer.NOT, Answer.NOT_APPLICABLE, WORST),
    ],
)
def test_the_table(on_starred: Answer, on_other: Answer, expected: Result) -> None:
    answers = [starred(Answer.CONFORM), plain(Answer.CONFORM), starred(on_starred), plain(on_other)]
    assert conclude(answers) == expected
    assert conclude(reversed(answers)) == expected


def test_a_starred_not_forces_the_worst_whatever_else_is_answered() -> None:
    for others in product(Answer, repeat=3):
        answers = [plain(others[0]), starred(others[1]), plain(others[2]), starred(Answer.NOT)]
        assert conclude(answers) == WORST


def test_without_a_starred_not_the_worst_is_never_reached() -> None:
    for a, b in product([Answer.CONFORM, Answer.MOSTLY, Answer.NOT_APPLICABLE], Answer):
        assert conclude([starred(a), plain(b)]).conclusion != Conclusion.NOT


def test_nothing_answered_is_not_a_conclusion_to_fear() -> None:
    assert conclude([]) == CONFORM


def test_an_edition_may_say_what_other_answers_lead_to() -> None:
    rules = {"other_not": {"conclusion": "not", "rectify": False}}
    assert conclude([plain(Answer.NOT)], rules) == WORST
    assert conclude([plain(Answer.MOSTLY)], rules) == MOSTLY


def test_a_conclusion_the_table_does_not_know_is_an_error() -> None:
    with pytest.raises(ValueError, match="excellent"):
        conclude([plain(Answer.MOSTLY)], {"mostly": {"conclusion": "excellent", "rectify": False}})
