"""All addresses of the site."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("qualification.pages.urls")),
    path("", include("workflows.jobs.urls")),
    path("accounts/", include("qualification.pages.account_urls")),
    path("", include("workflows.inbox.urls")),
    path("clocks/", include("workflows.clocks.urls")),
    path("calendars/", include("workflows.clocks.calendar_urls")),
    path("files/", include("documents.urls")),
    path("messages/", include("workflows.outbox.urls")),
    path("laboratories/", include("qualification.laboratories.urls")),
    path("", include("qualification.applications.urls")),
    path("scope/", include("qualification.scope.urls")),
    path("regions/", include("qualification.regions.urls")),
    path("people/", include("qualification.accounts.urls")),
    path("board/", include("workflows.board.urls")),
    path("foresight/", include("workflows.foresight.urls")),
    path("", include("workflows.deadlines.urls")),
    path("api/v1/", include("workflows.deadlines.api_urls")),
    path("", include("qualification.certificates.urls")),
    path("", include("qualification.assessors.urls")),
    path("", include("qualification.assessments.urls")),
]

handler400 = "qualification.pages.views.bad_request"
handler403 = "qualification.pages.views.forbidden"
handler404 = "qualification.pages.views.not_found"
handler429 = "qualification.pages.views.locked_out"
handler500 = "qualification.pages.views.server_error"
