"""What an administrator is told of a file that somebody must look after: what is wrong, and what to do."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from documents.enums import Fault
from documents.messages import sentence
from documents.models import StoredFile

_OF_FAULT: dict[str, Promise] = {
    Fault.LOST: _("The store no longer has this file. Restore it from the backup, then check again."),
    Fault.ALTERED: _(
        "The stored bytes are not those that were taken in. Find out who can write to the store, restore the file from "
        "the backup, then check again."
    ),
}
_ALTERED = _(
    "The bytes were changed or lost before they were checked, so the file does not count. Its sender must upload it again."
)
_WAITS = _("It waits for the worker. When many wait for long, see under “Operations” whether the worker runs.")
# By what stands in the technical detail (`documents.scanning`, `documents.clamd`), the first that fits.
_OF_DETAIL: tuple[tuple[str, Promise], ...] = (
    ("clamd looked at a part only", _(
        "The malware scanner looked at a part of the file only, so it is not known to be clean. "
        "Raise the limits of clamd as the handbook says, then check again."
    )),
    ("clamd", _("The malware scanner does not answer as it should. See that clamd runs and can be reached, then check again.")),
    ("took too long", _("The check took too long; often the machine was only busy. Check again when there is less to do.")),
    ("FileNotFoundError", _("The received bytes are not in the quarantine any more. Its sender must upload the file again.")),
    ("MemoryError", _("There was not enough memory for the check. Check again when there is less to do.")),
)  # fmt: skip
_OTHER = _(
    "The check itself failed, and nothing is known about the file. Check again; if it fails once more, "
    "give the technical detail to whoever runs the system."
)
_QUOTED_PATH = re.compile(r"""(['"])(?:/|[A-Za-z]:\\).*?\1""")
_PATH = re.compile(r"""(?<![^\s(=:,])(?:/|[A-Za-z]:\\)[^\s)'",;]*""")


def said_of(file: StoredFile) -> str:
    """What is wrong with a file of the list, and what to do; of one that was not taken what its sender was told.

    The file stands under its number: a name can tell what a laboratory of another region is about.
    """
    problem = file.scan_verdict.get("problem", "")
    if file.fault:
        return str(_OF_FAULT[file.fault])
    if file.scan_state == "refused":
        try:
            return sentence(problem, f"{str(file.pk)[:8]}…", file.scan_verdict.get("params"))
        except KeyError:  # a finding of an earlier release, whose words are gone
            return str(problem)
    if file.scan_state != "failed":
        return str(_WAITS)
    detail = file.scan_verdict.get("detail", "")
    return str(
        _ALTERED if problem == "altered" else next((words for sign, words in _OF_DETAIL if sign in detail), _OTHER)
    )


def technical(file: StoredFile) -> str:
    """What the check met, for whoever runs the system: without paths, which are nobody's business on a page."""
    detail = str(file.scan_verdict.get("detail", ""))
    return _PATH.sub("…", _QUOTED_PATH.sub("…", detail))
