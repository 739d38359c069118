"""Is it genuine? What is wrong with a number, and whether a file is the paper that was issued."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from qualification.certificates import queries
from qualification.regions.models import Authority, DictionaryEntry
from qualification.search import fold

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from qualification.certificates.models import Edition

ADDRESS = re.compile(r"/c/([^/?#\s]+)/?(?:[?#]\S*)?$")
FILLERS = re.compile(r"[\s\-–—.·]+")
NATIONAL = "00"


def normalise(text: str) -> str:
    """The number in what was typed, pasted or scanned: full-width digits, blanks, hyphens and our address are understood."""
    folded = fold(text).strip()
    address = ADDRESS.search(folded)
    return FILLERS.sub("", address[1] if address else folded)


def problem(number: str) -> str:
    """What is wrong with a normalised number, as a sentence; "" when it is well formed."""
    if not number:
        return _("Enter the 12 digits of the certificate number.")
    if not (number.isascii() and number.isdigit()):
        return _("A certificate number has digits only; “%(number)s” has other characters in it.") % {
            "number": number[:40]
        }
    if len(number) != queries.NUMBER_DIGITS:
        says = ngettext(
            "A certificate number has 12 digits; this has %(count)s digit.",
            "A certificate number has 12 digits; this has %(count)s digits.",
            len(number),
        )
        return says % {"count": len(number)}
    return _wrong_part(number)


def _wrong_part(number: str) -> str:
    """What does not fit among YY AA FF MM of a number with twelve digits."""
    year = 2000 + int(number[:2])
    if year > timezone.localdate().year:
        return _("The first two digits are the year of issue; %(year)s has not come yet.") % {"year": year}
    if number[2:4] == NATIONAL:
        return _(
            "Digits 3 and 4 are 00: the national authority issued it. Look in the national register; this one holds the five regions."
        )
    if not Authority.objects.filter(code=number[2:4]).exists():
        return _("Digits 3 and 4 name the issuing authority; %(code)s is none of the five here (%(known)s).") % {
            "code": number[2:4], "known": _known_authorities(),
        }  # fmt: skip
    return _unknown_code(
        DictionaryEntry.Kind.FIELD, number[4:6], _("Digits 5 and 6 name the field; there is no field %s.")
    ) or _unknown_code(
        DictionaryEntry.Kind.MINISTRY, number[6:8], _("Digits 7 and 8 name the ministry; there is no ministry %s.")
    )


def _known_authorities() -> str:
    return str(_(", ")).join(f"{a.code} {a.region}" for a in Authority.objects.real().order_by("code"))


def _unknown_code(kind: str, code: str, says: str) -> str:
    return "" if DictionaryEntry.objects.filter(kind=kind, code=code).exists() else says % code


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of an uploaded file."""

    name: str
    sha256: str
    edition: Edition | None
    is_latest: bool = False

    @property
    def is_genuine(self) -> bool:
        """The file is, byte for byte, a paper that was issued here."""
        return self.edition is not None


def judge_file(upload: UploadedFile) -> Verdict:
    """Compare a file's SHA-256 with those of the issued papers; the file is not kept."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    name, sha256 = upload.name or "", digest.hexdigest()
    edition = queries.edition_of_paper(sha256)
    if edition is None:
        return Verdict(name, sha256, None)
    latest = queries.editions_of(edition.certificate).values_list("pk", flat=True).first()
    return Verdict(name, sha256, edition, edition.pk == latest)
