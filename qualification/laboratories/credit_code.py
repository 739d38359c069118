"""The unified social credit code of GB 32100-2015: 18 characters, the last is a check character."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Digits and capitals without I, O, S, V, Z, which are mistaken for figures.
CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
VALUES = {character: value for value, character in enumerate(CHARACTERS)}
LENGTH = 18
WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))
PATTERN = r"^[0-9A-HJ-NP-RTUWXY]{18}$"


def normalise(text: str) -> str:
    """The code as it is stored: full-width forms folded, blanks and hyphens dropped, capitals."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(c for c in folded if not c.isspace() and c != "-")


def check_character(body: str) -> str:
    """The check character of the first 17; raises KeyError for a character outside the set."""
    total = sum(VALUES[c] * weight for c, weight in zip(body, WEIGHTS, strict=True))
    return CHARACTERS[-total % 31]


def validate_credit_code(code: str) -> None:
    """Raise ValidationError with what is wrong, where, and what to do."""
    if len(code) != LENGTH:
        raise ValidationError(
            _("A unified social credit code has 18 characters; this has %(count)s. Copy it from the business licence."),
            code="length",
            params={"count": len(code)},
        )
    for place, character in enumerate(code, start=1):
        if character not in VALUES:
            raise ValidationError(
                _(
                    "“%(character)s” at place %(place)s cannot be in a credit code: digits and capitals without I, O, S, V, Z."
                ),
                code="character",
                params={"character": character, "place": place},
            )
    if code[-1] != check_character(code[:-1]):
        raise ValidationError(
            _(
                "The check character of this credit code does not fit: a character is wrong or two are swapped. Compare it with the business licence."
            ),
            code="check",
        )
