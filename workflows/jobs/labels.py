"""What the sweeps and jobs are called on the page."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, str | Promise] = {
    "documents.papers.tasks.sweep": _("Make papers that are due"),
    "documents.papers.tasks.produce": _("Make a paper"),
    "documents.tasks.sweep": _("Check files that wait, and remove abandoned ones"),
    "documents.tasks.proof": _("Prove that stored files are unchanged"),
    "documents.texts.tasks.sweep": _("Read the text of files that wait"),
    "documents.texts.tasks.read_text": _("Read the text of a file"),
    "documents.care.tasks.nightly": _("Look for strays in the store"),
    "documents.care.tasks.check_anew": _("Check a file again"),
    "documents.care.tasks.prove_again": _("Prove a file again"),
    "workflows.outbox.file_notices.sweep": _("Tell of files that nobody could check"),
    "documents.tasks.check_file": _("Check a file"),
    "documents.tasks.take_upload_in": _("Read a large file that has arrived"),
    "qualification.certificates.tasks.sweep": _("Certificates that end"),
    "workflows.clocks.sweep.job": _("Deadlines that have come"),
    "workflows.foresight.tasks.nightly": _("Foretell missed limits and likely ends"),
    "workflows.inbox.handing.sweep": _("Tasks of people who have left"),
    "workflows.clocks.tasks.work_out_again": _("Work out open limits after a change of calendar"),
    "workflows.outbox.calendar_notices.sweep": _("Remind of a calendar that has not come"),
    "workflows.outbox.tasks.sweep": _("Send messages that wait"),
    "workflows.board.tallies.fold": _("Sum up the board's tallies"),
    "workflows.board.tallies.prune": _("Remove the board's empty tallies"),
    "workflows.outbox.digest.sweep": _("Daily lists of time limits"),
    "workflows.outbox.tasks.send_now": _("Send messages at once"),
    "workflows.jobs.reaper.sweep": _("Put back jobs of processes that died"),
    "workflows.jobs.sweeps.prune": _("Remove rows of jobs finished long ago"),
}


def label_of(name: str) -> str:
    """The words for a sweep or job, or its technical name."""
    return str(LABELS.get(name, name))
