"""Answers for those whom the door turned away."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from qualification.door import DoorError, Refused
from qualification.pages import views

Handler = Callable[[HttpRequest], HttpResponse]


class DoorAnswers:
    """Whoever comes late gets 409 with the reason, whoever may not gets 403; neither is a failure of the server."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page of a DoorError that a view let through; None for every other exception."""
        if not isinstance(exception, DoorError):
            return None
        status = 403 if isinstance(exception, Refused) else 409
        if _asked_by_script(request):
            return JsonResponse({"message": exception.message}, status=status)
        return views.error_page(request, status, exception.message)


def _asked_by_script(request: HttpRequest) -> bool:
    """Whether a script of ours shows the answer as a notice: htmx for a part of a page, or an upload, or autosave."""
    is_part = request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers
    return is_part or request.headers.get("X-Requested-With") == "XMLHttpRequest"
