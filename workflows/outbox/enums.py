"""Kinds of message, and where a delivery is. The label of a kind is the title its reader sees."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What a message is about. The text is `templates/outbox/<kind>.txt`."""

    # to the laboratory
    SUBMISSION_RECEIPT = "submission_receipt", _("Application received")
    CHANGE_FILED = "change_filed", _("Change of manager filed")
    ACCEPTED = "accepted", _("Application accepted")
    DEEMED_ACCEPTED = "deemed_accepted", _("Application deemed accepted")
    NOT_ACCEPTED = "not_accepted", _("Application not accepted")
    SUPPLEMENT_WANTED = "supplement_wanted", _("Supplement wanted")
    SUPPLEMENT_RECEIPT = "supplement_receipt", _("Supplement received")
    LAPSED = "lapsed", _("Application lapsed")
    WITHDRAWAL_RECEIPT = "withdrawal_receipt", _("Withdrawal recorded")
    TEAM_NAMED = "team_named", _("Assessment team named")
    FILE_SUPPLEMENT_WANTED = "file_supplement_wanted", _("Material wanted for the file review")
    VISIT_PROPOSED = "visit_proposed", _("Dates proposed for the visit")
    RECTIFICATION_WANTED = "rectification_wanted", _("Rectification wanted")
    RECTIFICATION_RECEIPT = "rectification_receipt", _("Rectification received")
    RECTIFICATION_VERIFIED = "rectification_verified", _("Rectification verified")
    RECTIFICATION_REJECTED = "rectification_rejected", _("Rectification not sufficient")
    RECTIFICATION_EXPIRED = "rectification_expired", _("Time for the rectification has run out")
    REVIEW_CONCLUDED = "review_concluded", _("Technical review concluded")
    TERMINATED = "terminated", _("Technical review terminated")
    GRANTED = "granted", _("Qualification granted")
    REFUSED = "refused", _("Qualification refused")
    CERTIFICATE_ISSUED = "certificate_issued", _("Your certificate is issued")
    CERTIFICATE_EXPIRED = "certificate_expired", _("Certificate expired")
    CERTIFICATE_DEEMED_RENEWED = "certificate_deemed_renewed", _("Certificate deemed renewed")
    RENEWAL_CLOSED = "renewal_closed", _("Too late to be deemed renewed")
    REINSTATED = "reinstated", _("Application reinstated")
    RECTIFICATION_REOPENED = "rectification_reopened", _("Rectification open again")
    CERTIFICATE_ENDED = "certificate_ended", _("Certificate no longer valid")
    COMMITMENT_ACCEPTED = "commitment_accepted", _("Application by commitment accepted")
    CHECK_COMING = "check_coming", _("Your commitment is going to be checked")
    CHECK_TEAM_NAMED = "check_team_named", _("Team of the check named")
    COMMITMENT_CHECKED = "commitment_checked", _("Your commitment was checked")
    GRANT_REVOKED = "grant_revoked", _("Grant revoked")
    # to the authority
    APPLICATION_RECEIVED = "application_received", _("New application to examine")
    SUPPLEMENT_RECEIVED = "supplement_received", _("Supplement to examine")
    ACCEPTANCE_MISSED = "acceptance_missed", _("Deemed accepted: the limit was missed")
    CASE_LAPSED = "case_lapsed", _("Case closed: supplement not handed in")
    WITHDRAWN = "withdrawn", _("Application withdrawn")
    TEAM_TO_DRAW = "team_to_draw", _("Team to be drawn")
    COMMITMENT_TO_DECIDE = "commitment_to_decide", _("Commitment to be decided on")
    CHECK_ORDERED = "check_ordered", _("Check of a commitment: team to be drawn")
    CHECK_RESULT = "check_result", _("Check of a commitment recorded")
    COMMITMENT_FALSE = "commitment_false", _("Commitment seriously untrue: revoke what was granted")
    POOL_EMPTY = "pool_empty", _("No assessor left to draw")
    OFFER_DECLINED = "offer_declined", _("Offer declined")
    OFFER_UNANSWERED = "offer_unanswered", _("Offer not answered")
    TEAM_FILLED = "team_filled", _("Team complete")
    TERMINATION_ASKED = "termination_asked", _("Consent asked: end of a technical review")
    TERMINATION_DENIED = "termination_denied", _("The technical review goes on")
    REVIEW_TERMINATED = "review_terminated", _("Case closed: technical review terminated")
    DECISION_DUE = "decision_due", _("Decision due")
    CONCURRENCE_ASKED = "concurrence_asked", _("Concurrence asked for your sites")
    CONCURRENCE_AGREED = "concurrence_agreed", _("Another authority agrees")
    CONCURRENCE_OBJECTED = "concurrence_objected", _("Another authority objects")
    CONCURRENCE_VOID = "concurrence_void", _("Concurrence no longer needed")
    CERTIFICATE_DUE = "certificate_due", _("Certificate to be issued")
    ISSUE_COMPLETED = "issue_completed", _("Certificate issued")
    RESULT_ELSEWHERE = "result_elsewhere", _("Result of a case with sites in your region")
    TASK_VACANT = "task_vacant", _("A task has nobody")
    TASK_HANDED = "task_handed", _("A task was handed to you")
    # to assessors
    OFFER = "offer", _("A seat in an assessment team is offered to you")
    OFFER_EXPIRED = "offer_expired", _("Your offer has expired")
    OFFER_VOID = "offer_void", _("An offer to you is no longer needed")
    FILE_TO_REVIEW = "file_to_review", _("File to review")
    CHECK_TO_MAKE = "check_to_make", _("Commitment to check")
    TEAM_JOINED = "team_joined", _("Your team is complete")
    FILE_RESUMED = "file_resumed", _("Material handed in: go on with the file review")
    VISIT_AGREED = "visit_agreed", _("Dates of the visit agreed")
    VISIT_OTHER_ASKED = "visit_other_asked", _("The laboratory asks for other dates")
    RECTIFICATION_RECEIVED = "rectification_received", _("Rectification to verify")
    RECTIFICATION_MISSED = "rectification_missed", _("The laboratory has not rectified in time")
    ASSIGNMENT_ENDED = "assignment_ended", _("Your assignment has ended")
    # of the clocks
    CLOCK_REMINDER = "clock_reminder", _("A time limit is coming closer")
    CLOCK_OVERDUE = "clock_overdue", _("A time limit has run out")
    CLOCK_ESCALATED = "clock_escalated", _("Escalated: a time limit has run out")
    CLOCK_MOVED = "clock_moved", _("A time limit has moved with the calendar")
    CLOCK_EXTENDED = "clock_extended", _("A time limit is extended")
    CALENDAR_CHANGED = "calendar_changed", _("The working-day calendar has changed")
    CALENDAR_MISSING = "calendar_missing", _("A year's calendar is missing")
    CLOCK_DIGEST = "clock_digest", _("Time limits today")
    FILES_NEED_CARE = "files_need_care", _("Files need a person")
    CLOCK_CORRECTED = "clock_corrected", _("A time limit was corrected")
    CONTEST_ASKED = "contest_asked", _("An outcome of the law is contested")
    CONTEST_UPHELD = "contest_upheld", _("A contested outcome stands")
    CONTEST_SET_ASIDE = "contest_set_aside", _("A contested outcome is set aside")


# The time limit a kind of message tells of, by the code of the clocks' policy table.
CLOCK_OF: dict[str, str] = {
    Kind.SUBMISSION_RECEIPT: "acceptance",
    Kind.APPLICATION_RECEIVED: "acceptance",
    Kind.SUPPLEMENT_WANTED: "supplement",
    Kind.REINSTATED: "supplement",
    Kind.RECTIFICATION_REOPENED: "rectification",
    Kind.SUPPLEMENT_RECEIPT: "acceptance_after_supplement",
    Kind.SUPPLEMENT_RECEIVED: "acceptance_after_supplement",
    Kind.ACCEPTED: "technical_review",
    Kind.DEEMED_ACCEPTED: "technical_review",
    Kind.TEAM_TO_DRAW: "technical_review",
    Kind.COMMITMENT_ACCEPTED: "commitment_decision",
    Kind.COMMITMENT_TO_DECIDE: "commitment_decision",
    Kind.POOL_EMPTY: "technical_review",
    Kind.OFFER: "offer",
    Kind.FILE_TO_REVIEW: "file_review",
    Kind.FILE_RESUMED: "file_review",
    Kind.RECTIFICATION_WANTED: "rectification",
    Kind.RECTIFICATION_RECEIPT: "verification",
    Kind.RECTIFICATION_RECEIVED: "verification",
    Kind.CONCURRENCE_ASKED: "concurrence",
    Kind.REVIEW_CONCLUDED: "decision",
    Kind.DECISION_DUE: "decision",
    Kind.GRANTED: "issue",
    Kind.CERTIFICATE_DUE: "issue",
    Kind.CHECK_COMING: "commitment_check",
    Kind.CHECK_ORDERED: "commitment_check",
    Kind.CHECK_TO_MAKE: "commitment_check",
}

# The limits of a case by commitment that run instead of those of the general procedure, and those of a check at once.
IN_ITS_PLACE: dict[str, str] = {
    "technical_review": "commitment_decision",
    "decision": "commitment_decision",
    "issue": "commitment_issue",
    "commitment_check": "commitment_check_at_once",
}

# The limit of a check instead, where the case has come to one.
OF_A_CHECK: dict[str, str] = {Kind.POOL_EMPTY: "commitment_check"}

# Sent by the inbox itself, not by a step of a case or a clock.
OF_TASKS = frozenset({Kind.TASK_VACANT, Kind.TASK_HANDED})

# Written at their hour, not by a step of a case or a clock.
OF_HOURS = frozenset({Kind.CLOCK_DIGEST})

# Of the store of files, to those who look after it.
OF_FILES = frozenset({Kind.FILES_NEED_CARE})

# Of the working-day calendars, to those who keep them.
OF_CALENDARS = frozenset({Kind.CALENDAR_CHANGED, Kind.CALENDAR_MISSING})

# Who answers an offer no more sees nothing of the case.
WITHOUT_PAGE = frozenset({Kind.OFFER_EXPIRED, Kind.OFFER_VOID})


class Channel(models.TextChoices):
    """Ways out of the system. The in-app list is the message itself and needs none."""

    MAIL = "mail", _("e-mail")


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("to be sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("given up")

    @property
    def tone(self) -> str:
        """Colour word of the state badge."""
        return {"sent": "good", "failed": "bad"}.get(self.value, "info")

    @property
    def icon(self) -> str:
        """Icon of the state badge."""
        return {"sent": "circle-check", "failed": "circle-x"}.get(self.value, "hourglass")
