"""The answer to whoever asks for a file while the store is away."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from documents import outage

logger = logging.getLogger(__name__)
AGAIN_SECONDS = 120
# Where the store is asked.
STORES = ("documents.", "storages.", "botocore.", "django.core.files.")
Handler = Callable[[HttpRequest], HttpResponse]


class StoreAnswers:
    """503 with a page that says what happened, that nothing is lost, and what to do; a script gets the sentence alone.

    For what a view lets through. The conversation of the page that uploads says it in its own way.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """None for everything that is not a store that does not answer."""
        if not outage.is_store_away(exception) or not _comes_from_store(exception):
            return None
        logger.error("The store did not answer: %s", exception, exc_info=exception)
        response = self._answer(request)
        response["Retry-After"] = str(AGAIN_SECONDS)
        response["Cache-Control"] = "no-store"
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers:
            says = _("The file store does not answer just now. Nothing is lost; try again in a few minutes.")
            return JsonResponse({"message": says}, status=503)
        return render(request, "errors/503.html", {"is_sending": request.method == "POST"}, status=503)


def _comes_from_store(error: Exception) -> bool:
    """Whether the store was being asked: a mail server or another machine may refuse a connection, too."""
    frames = (frame.f_globals.get("__name__", "") for frame, _line in traceback.walk_tb(error.__traceback__))
    return any(name.startswith(STORES) and name != __name__ for name in frames)
