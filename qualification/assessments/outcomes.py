"""From the answers of the checklist to the conclusion, by the rules of the edition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from qualification.assessments.enums import Answer, Conclusion

# The default table of an edition: what answers on starred and other clauses lead to.
DEFAULT_RULES: dict[str, Any] = {
    "starred_not": {"conclusion": Conclusion.NOT.value, "rectify": False},
    "other_not": {"conclusion": Conclusion.MOSTLY.value, "rectify": True},
    "mostly": {"conclusion": Conclusion.MOSTLY.value, "rectify": True},
    "all_conform": {"conclusion": Conclusion.CONFORM.value, "rectify": False},
}


class Answered(NamedTuple):
    """One item: whether its clause is starred, and the answer."""

    is_starred: bool
    answer: str


class Result(NamedTuple):
    """The conclusion, and whether the laboratory is to rectify."""

    conclusion: Conclusion
    rectify: bool


def conclude(answers: Iterable[Answered], rules: dict[str, Any] | None = None) -> Result:
    """The conclusion of a set of answers.

    A “does not conform” on a starred clause forces the worst conclusion, without rectification
    (assessment criteria 2023, annex 4); the other cases are a table of the edition.
    """
    table = {**DEFAULT_RULES, **(rules or {})}
    answers = list(answers)
    row = table[_case(answers)]
    return Result(Conclusion(row["conclusion"]), bool(row["rectify"]))


def _case(answers: list[Answered]) -> str:
    if any(a.is_starred and a.answer == Answer.NOT for a in answers):
        return "starred_not"
    if any(a.answer == Answer.NOT for a in answers):
        return "other_not"
    if any(a.answer == Answer.MOSTLY for a in answers):
        return "mostly"
    return "all_conform"
