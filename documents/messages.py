"""What a finding says to a person: what is wrong, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.formats import EXCEL, PICTURES, WORD, Family, Format

FORMAT_NAMES: tuple[tuple[frozenset[Format], Promise | str], ...] = (
    (frozenset({Format.PDF}), "PDF"),
    (WORD, "Word"),
    (EXCEL, "Excel"),
    (PICTURES, gettext_lazy("pictures")),
    (frozenset({Format.OFD}), "OFD"),
    (frozenset({Format.CSV}), "CSV"),
    (frozenset({Format.TXT}), gettext_lazy("plain text")),
)

FAMILY_NAMES: dict[Family, Promise | str] = {
    Family.PDF: "PDF",
    Family.ZIP: gettext_lazy("a ZIP archive or an Office document"),
    Family.OLE: gettext_lazy("an older Word or Excel document"),
    Family.PICTURE: gettext_lazy("a picture"),
    Family.TEXT: gettext_lazy("plain text"),
    Family.PROGRAM: gettext_lazy("a program"),
    Family.OTHER: gettext_lazy("of a kind this system does not know"),
}

_SENTENCES: dict[str, Promise] = {
    "empty": gettext_lazy("“%(name)s” is empty. Check that the file opens on your computer and choose it again."),
    "too_large": gettext_lazy(
        "“%(name)s” is larger than %(limit)s, the most that is taken here. "
        "Make it smaller (lower the scanning resolution) or split it, and upload it again."
    ),
    "wrong_type": gettext_lazy(
        "“%(name)s” is not a kind of file taken here. Taken are: %(allowed)s. Save it as one of these and upload it again."
    ),
    "macro_type": gettext_lazy(
        "“%(name)s” is an Office document with macros, which are not taken. "
        "Save it as .docx or .xlsx without macros and upload it again."
    ),
    "mismatch": gettext_lazy(
        "“%(name)s” is named %(promised)s, but its content is %(found)s. "
        "Open it, save it as the kind its name says, and upload it again."
    ),
    "program": gettext_lazy("“%(name)s” is a program, not a document. Programs are never taken, whatever their name."),
    "unknown": gettext_lazy(
        "The content of “%(name)s” is not what its name says. Open it, save it anew as %(promised)s, and upload it again."
    ),
    "password": gettext_lazy("“%(name)s” needs a password to open. Save it without a password and upload it again."),
    "broken": gettext_lazy(
        "“%(name)s” is damaged and does not open. Open it on your computer, save or export it anew, and upload it again."
    ),
    "macros": gettext_lazy("“%(name)s” contains macros. Save it without macros (.docx, .xlsx) and upload it again."),
    "too_many_pages": gettext_lazy(
        "“%(name)s” has %(pages)s pages; at most %(limit)s are taken. Split it and upload the parts."
    ),
    "too_many_pixels": gettext_lazy(
        "“%(name)s” is a picture of %(width)s × %(height)s points; at most %(limit)s million points are taken. "
        "Make it smaller and upload it again."
    ),
    "too_many_entries": gettext_lazy(
        "“%(name)s” holds %(entries)s parts; at most %(limit)s are taken. Save the document anew and upload it again."
    ),
    "inflates": gettext_lazy(
        "“%(name)s” would unpack to %(megabytes)s MB, far more than such a document needs. "
        "Remove unused sheets, rows or pictures, save it anew, and upload it again."
    ),
    "far_cell": gettext_lazy(
        "“%(name)s” has something in cell %(cell)s, far outside any table; opening it takes more memory than computers have. "
        "Delete the empty rows and columns after your table, save it anew, and upload it again."
    ),
    "nested": gettext_lazy(
        "“%(name)s” holds files inside files, more than %(limit)s deep. Upload the inner documents by themselves."
    ),
    "nested_large": gettext_lazy(
        "“%(name)s” holds a packed file of %(megabytes)s MB (%(part)s). Upload that document by itself."
    ),
    "program_inside": gettext_lazy(
        "“%(name)s” holds a program (%(part)s). Remove it from the document, save it anew, and upload it again."
    ),
    "two_kinds": gettext_lazy(
        "“%(name)s” is %(found)s and at the same time a %(other)s file. Such files are made to deceive and are not taken. "
        "Make the document anew and upload it again."
    ),
    "ofd_structure": gettext_lazy(
        "“%(name)s” is not a whole OFD document: %(part)s is missing or damaged. Export it anew and upload it again."
    ),
    "too_heavy": gettext_lazy(
        "“%(name)s” takes too much time or memory to open. Split it or save it anew, and upload it again."
    ),
    "same": gettext_lazy("“%(name)s” is the same as version %(number)s, which is here already. Nothing was added."),
    "malware": gettext_lazy(
        "“%(name)s” contains malware (%(signature)s) and is not taken. "
        "Scan your computer with a current malware scanner, make the document anew, and upload it again."
    ),
    "altered": gettext_lazy("The stored copy of “%(name)s” differs from what was uploaded. Please upload it again."),
    "unfinished": gettext_lazy("The upload of “%(name)s” broke off before the end. Please upload it again."),
    "arrived_altered": gettext_lazy(
        "What arrived of “%(name)s” is not what was sent: size or SHA-256 differ. Nothing was kept; please upload it again."
    ),
    "given_up": gettext_lazy("The upload of “%(name)s” was given up. Choose the file again to upload it."),
    "slot_closed": gettext_lazy(
        "“%(name)s” arrived after the files had been handed in, so it was not taken. It can be added when a supplement is asked for."
    ),
    "too_many_open": gettext_lazy(
        "You have %(limit)s unfinished uploads; “%(name)s” was not begun. Finish or give up some of them first."
    ),
    "too_many_files": gettext_lazy(
        "“%(name)s” was not begun: %(limit)s files have been uploaded here, and no more are taken. "
        "Put several papers into one PDF, or tell your administrator."
    ),
    "failed": gettext_lazy("“%(name)s” could not be checked. It is tried again by itself; nothing needs to be done."),
    "gave_up": gettext_lazy(
        "“%(name)s” could not be checked. Upload it again, or saved as another kind; if that fails too, tell your administrator."
    ),
}


def sentence(code: str, name: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence for a finding, in the reader's language. An unknown code is a KeyError: every finding has words."""
    filled = {"name": name, **_in_words(dict(params or {}))}
    return str(_SENTENCES[code]) % filled


def _in_words(params: dict[str, Any]) -> dict[str, Any]:
    if "promised" in params:
        params["promised"] = _format_name(params["promised"])
    if "found" in params:
        found = params["found"]
        params["found"] = FAMILY_NAMES[Family(found)] if found in set(Family) else _format_name(found)
    if "allowed" in params:
        params["allowed"] = names_of(Format(item) for item in params["allowed"])
    if "limit_bytes" in params:
        params["limit"] = filesizeformat(params["limit_bytes"])
    return params


def _format_name(value: str) -> str:
    return value.upper() if value in set(Format) else value


def names_of(formats: Iterable[Format]) -> str:
    """“PDF, Word, Excel, pictures”, in one fixed order."""
    wanted = set(formats)
    return _(", ").join(str(name) for group, name in FORMAT_NAMES if group & wanted)
