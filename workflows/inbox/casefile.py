"""Everything the page of a case shows, read once for one reader."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from viewflow.workflow.models import Task

from documents.papers.queries import papers_of
from qualification.accounts.models import User
from qualification.applications.access import may_read_report
from qualification.applications.models import Application, Concurrence, TerminationRequest
from qualification.applications.queries import OWNER_KIND, REPORT_KIND, concerned_authorities, visible_to
from qualification.assessments.models import Assessment, CommitmentCheck, Nonconformity, Rectification, Visit
from qualification.assessors.models import Offer, Seat
from qualification.certificates.models import Edition
from qualification.door import can
from qualification.models import TransitionLog
from workflows.clocks import queries as clocks
from workflows.follow import open_tasks
from workflows.inbox.audience import Audience, audience_of
from workflows.inbox.holding import Held, held_tasks
from workflows.inbox.outcomes import of_renewed_certificate

if TYPE_CHECKING:
    from documents.papers.models import Paper
    from qualification.regions.models import Authority

RELATED = (
    "laboratory__parent", "authority__profile", "supplement", "assessment__rectification", "edition__certificate",
    "edition__paper__file", "certificate", "commitment_check", "submitted_by", "accepted_by", "decided_by",
)  # fmt: skip


def find(user: User, uuid: Any) -> Application | None:
    """The case, for whoever may see it or has been offered a seat in its team; None for everybody else."""
    cases = Application.objects.select_related(*RELATED)
    seen = cases.filter(uuid=uuid, pk__in=visible_to(user).values("pk")).first()
    return seen or cases.filter(uuid=uuid, offers__assessor__user=user, offers__state="sent").order_by("pk").first()


@dataclass
class CaseFile:
    """One case for one reader at one moment. Related rows are read when they are first asked for."""

    application: Application
    user: User
    now: dt.datetime

    @cached_property
    def audience(self) -> Audience:
        """What the reader is to the case; whoever is nothing to it never gets here."""
        found = audience_of(self.user, self.application)
        if found is None:
            raise PermissionError("The reader may not see this case.")
        return found

    @cached_property
    def assessment(self) -> Assessment | None:
        """The technical review, once there is one."""
        found: Assessment | None = getattr(self.application, "assessment", None)
        if found is not None:
            found.application = self.application
        return found

    @property
    def assessment_case(self) -> Application | None:
        """The case itself where it has a technical review."""
        return self.application if self.assessment else None

    @property
    def review_case(self) -> Application | None:
        """The case itself where it is reviewed before the decision."""
        return None if self.application.is_by_commitment else self.assessment_case

    @cached_property
    def check(self) -> CommitmentCheck | None:
        """The check of the commitment, once it is ordered."""
        found: CommitmentCheck | None = getattr(self.application, "commitment_check", None)
        if found is not None:
            found.application = self.application
        return found

    @property
    def check_case(self) -> Application | None:
        """The case itself where its commitment is to be checked."""
        return self.application if self.check is not None and self.assessment is not None else None

    @property
    def check_to_record(self) -> CommitmentCheck | None:
        """The check whose team is complete."""
        is_ready = self.assessment is not None and self.assessment.state == "checking"
        return self.check if is_ready else None

    @property
    def check_to_revoke(self) -> CommitmentCheck | None:
        """The check that found the commitment seriously untrue."""
        return self.check if self.check is not None and self.check.is_false else None

    @property
    def case_to_examine(self) -> Application | None:
        """The case itself unless its laboratory must act first: while a supplement is awaited there is nothing to decide."""
        return None if self.application.is_awaiting_supplement else self.application

    @property
    def supplement_case(self) -> Application | None:
        """The case itself where its laboratory's supplement is wanted from the reader."""
        supplement = getattr(self.application, "supplement", None)
        return self.application if supplement and can(self.user, "hand_in", supplement) else None

    @cached_property
    def rectification(self) -> Rectification | None:
        """The rectification, once one was asked for."""
        return getattr(self.assessment, "rectification", None) if self.assessment else None

    @property
    def open_record(self) -> Assessment | None:
        """The review whose nonconformity records the reader's laboratory has not all confirmed."""
        if self.audience != Audience.LABORATORY or self.assessment is None:
            return None
        is_open = self.assessment.state in {"visiting", "rectifying"}
        unconfirmed = Nonconformity.objects.filter(assessment=self.assessment, confirmed_at__isnull=True)
        return self.assessment if is_open and unconfirmed.exists() else None

    @cached_property
    def visits(self) -> list[Visit]:
        """The dates of the visit, proposed and answered."""
        return list(Visit.objects.filter(application=self.application).order_by("pk"))

    @property
    def proposed_visit(self) -> Visit | None:
        """The dates that wait for the laboratory's answer."""
        return next((visit for visit in self.visits if visit.state == "proposed"), None)

    @property
    def agreed_visit(self) -> Visit | None:
        """The dates that were agreed."""
        return next((visit for visit in self.visits if visit.state == "agreed"), None)

    @cached_property
    def concurrences(self) -> list[Concurrence]:
        """The answers of the other authorities."""
        rows = Concurrence.objects.filter(application=self.application).select_related("authority", "answered_by")
        return list(rows.order_by("authority__code"))

    @property
    def answered_case(self) -> Application | None:
        """The case itself once no other authority has to answer any more."""
        return None if any(c.state in {"prepared", "requested"} for c in self.concurrences) else self.application

    @property
    def own_concurrence(self) -> Concurrence | None:
        """The answer that waits for the reader."""
        return next((c for c in self.concurrences if can(self.user, "agree", c)), None)

    @cached_property
    def terminations(self) -> list[TerminationRequest]:
        """The requests to terminate the review."""
        rows = TerminationRequest.objects.filter(application=self.application).select_related("asked_by")
        return list(rows.order_by("pk"))

    @property
    def asked_termination(self) -> TerminationRequest | None:
        """The request that waits for an answer."""
        return next((row for row in self.terminations if row.state == "asked"), None)

    @cached_property
    def own_offer(self) -> Offer | None:
        """The seat that is offered to the reader."""
        rows = Offer.objects.filter(application=self.application, assessor__user=self.user, state="sent")
        return rows.select_related("assessor", "seat").order_by("-pk").first()

    @cached_property
    def seats(self) -> list[Seat]:
        """The seats of the team, with who holds them."""
        rows = Seat.objects.filter(assessment__application=self.application)
        return list(rows.select_related("assessor__user", "assessor__home").order_by("position", "pk"))

    @property
    def shows_team(self) -> bool:
        """The laboratory learns the names once all seats are taken."""
        if self.assessment is None:
            return False
        return self.audience != Audience.LABORATORY or self.assessment.team_at is not None

    @cached_property
    def tasks(self) -> list[Task]:
        """The open tasks."""
        return open_tasks(self.application)

    @cached_property
    def held(self) -> list[Held]:
        """Who has the open tasks, as far as the reader may know."""
        return held_tasks(self)

    @cached_property
    def authorities(self) -> list[Authority]:
        """The lead authority first, then those of the other sites."""
        return concerned_authorities(self.application)

    @property
    def has_other_authorities(self) -> bool:
        """Whether other authorities must concur."""
        return len(self.authorities) > 1

    def authority_of(self, task: Task) -> Authority:
        """The authority that has a task: the one that is asked, else the lead."""
        asked = task.data.get("authority")
        return next((a for a in self.authorities if a.pk == asked), self.application.authority)

    @cached_property
    def chips(self) -> list[dict[str, Any]]:
        """The chips of the open clocks, the first due first; offers are the authority's own business."""
        found = clocks.chips_for([self.application], self.now)[self.application.pk]
        hidden = set() if self.audience.sees_internal else {"offer", "concurrence"}
        return [chip for chip in found if chip["clock"].code not in hidden]

    @cached_property
    def logs(self) -> list[TransitionLog]:
        """Every change of state of the case, the oldest first, and what became by law of the certificate it renews."""
        rows = list(TransitionLog.objects.filter(application=self.application).select_related("by").order_by("pk"))
        by_law = of_renewed_certificate(self.application)
        if by_law is not None:
            rows = sorted([*rows, *by_law.select_related("by").order_by("pk")], key=lambda log: log.pk)
        return rows

    @cached_property
    def people(self) -> dict[int, User]:
        """The people to whom tasks were given, by number."""
        return User.objects.in_bulk({log.facts["to"] for log in self.logs if log.facts.get("to")})

    @cached_property
    def edition(self) -> Edition | None:
        """The edition of the certificate that the case led to."""
        return getattr(self.application, "edition", None)

    @cached_property
    def papers(self) -> list[Paper]:
        """The papers of the case, the newest first, the certificate on top. The report only for whom it is."""
        found = list(papers_of(OWNER_KIND, self.application.uuid))
        if may_read_report(self.user, self.application):
            found = [*papers_of(REPORT_KIND, self.application.uuid), *found]
        certificate = self.edition.paper if self.edition else None
        return [certificate, *found] if certificate else found
