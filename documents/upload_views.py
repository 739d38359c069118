"""The conversation of a page that uploads: begin, links or parts, complete, give up, and what is still unfinished.

Answers are JSON with a sentence for the person where something is wrong: 400 what is no request of our page, 422 what is
refused, 409 parts are missing, 410 it has ended, 503 the store is away and the same request may be sent again.
"""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from documents import access, incoming, messages, outage
from documents.enums import ScanState, UploadState
from documents.models import Upload
from documents.services import DocumentsError

logger = logging.getLogger(__name__)

# Links asked for at once.
MAX_LINKS = 50
# Unfinished uploads told at once; for each of them the store is asked what has arrived.
MAX_LEFT = 50
# Files begun or completed by one request.
MAX_TOGETHER = 50
CODE = re.compile(r"[-a-zA-Z0-9_]{1,60}")
Answer = Callable[..., JsonResponse]


class Malformed(DocumentsError):
    """The request is not one that our page sends."""


_STATUS: tuple[tuple[type[DocumentsError], int], ...] = ((Malformed, 400), (incoming.NotOnItsWay, 410))


def conversation(view: Answer) -> Answer:
    """For who is signed in; what is refused is a sentence, and who may not is told nothing exists."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        if not request.user.is_authenticated:
            return _say(_("You are no longer signed in. Sign in again; what has arrived is kept."), 401)
        try:
            return view(request, *args, **kwargs)
        except Exception as error:
            return _answer_to(error)

    answered.access_rule = "the owner's predicate: documents.access.may_write"  # type: ignore[attr-defined]
    return answered


def _answer_to(error: Exception) -> JsonResponse:
    """What the page is told of what went wrong. Raises the error again where it is a fault of ours."""
    if isinstance(error, PermissionDenied):
        return _say(_("Files can no longer be added here. Reload the page."), 404)
    if isinstance(error, incoming.Incomplete):
        return JsonResponse({"message": error.message, "missing": error.missing}, status=409)
    if isinstance(error, DocumentsError):
        return _say(error.message, next((code for kind, code in _STATUS if isinstance(error, kind)), 422))
    if outage.is_store_away(error):
        logger.error("The store did not answer: %s", error)
        return _say(_("The file store does not answer just now. What has arrived is kept; go on in a minute."), 503)
    raise error


def _say(message: str, status: int) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)


@require_http_methods(["GET", "POST"])
@conversation
def uploads(request: HttpRequest, owner_kind: str, owner_id: uuid.UUID) -> JsonResponse:
    """GET: what this person has not finished for the owner. POST: begin, or find what broke off; one, or `files`."""
    if not access.may_write(request.user, owner_kind, owner_id):
        raise PermissionDenied
    if request.method == "GET":
        left = list(incoming.left_of(owner_kind, owner_id, request.user)[: MAX_LEFT + 1])
        return JsonResponse({"uploads": [_told(upload) for upload in left[:MAX_LEFT]], "more": len(left) > MAX_LEFT})
    told = _json(request)
    is_one = "files" not in told
    wishes = [_wish(one) for one in ([told] if is_one else _several(told, "files"))]
    owner = access.Owner(owner_kind, owner_id)
    begun = incoming.begin_all(owner=owner, wishes=wishes, by=request.user, now=timezone.now())
    if is_one and isinstance(begun[0], DocumentsError):
        raise begun[0]
    answers = [_answer_of(one) for one in begun]
    return JsonResponse(answers[0] if is_one else {"files": answers}, status=201)


def _wish(told: dict[str, Any]) -> incoming.Wish:
    return incoming.Wish(
        code=_code(told), label=_text(told, "label", 200), name=_text(told, "name", 1000), size=_number(told, "size"),
        sha256=_text(told, "sha256", 64), mark=_text(told, "mark", 64), note=_text(told, "note", 500),
    )  # fmt: skip


def _several(told: dict[str, Any], key: str) -> list[Any]:
    """Some things of one request. Raises Malformed for none, and for more than a page asks for."""
    things = told[key]
    if not isinstance(things, list) or not 0 < len(things) <= MAX_TOGETHER:
        raise Malformed(_("The request could not be read. Reload the page and choose the file again."))
    if key == "files" and not all(isinstance(one, dict) for one in things):
        raise Malformed(_("The request could not be read. Reload the page and choose the file again."))
    return things


def _answer_of(ended: Upload | DocumentsError) -> dict[str, Any]:
    """One of several: what is told of it, or its sentence with the status it would have had alone."""
    if isinstance(ended, Upload):
        return {**_told(ended), "form": incoming.form(ended)}
    answer = _answer_to(ended)
    return {**json.loads(answer.content), "status": answer.status_code}


@require_GET
@conversation
def upload(request: HttpRequest, upload_id: uuid.UUID) -> JsonResponse:
    """How far an upload is."""
    return JsonResponse(_told(incoming.find(upload_id=upload_id, by=request.user)))


@require_POST
@conversation
def links(request: HttpRequest, upload_id: uuid.UUID) -> JsonResponse:
    """Links for the parts named, where the store takes them itself; none where they come through the server."""
    found = incoming.find(upload_id=upload_id, by=request.user)
    wanted = _json(request).get("parts")
    numbers = (
        [n for n in wanted if isinstance(n, int) and 1 <= n <= found.part_count] if isinstance(wanted, list) else []
    )
    incoming.touch(found, timezone.now())
    return JsonResponse({"links": incoming.links(found, numbers[:MAX_LINKS])})


@require_http_methods(["PUT"])
@conversation
def part(request: HttpRequest, upload_id: uuid.UUID, number: int) -> JsonResponse:
    """One part, its bytes as the body, where they come through the server."""
    found = incoming.find(upload_id=upload_id, by=request.user)
    length = request.META.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit()):
        return _say(_("The length of the part is missing."), 411)
    incoming.put_part(upload=found, number=number, source=request, length=int(length), now=timezone.now())
    return JsonResponse({"number": number})


@require_POST
@conversation
def complete(request: HttpRequest) -> JsonResponse:
    """All bytes of some uploads have been sent: each has its own answer, with `status` where it is no upload's state.

    A file that is taken in is `done` (its check may have refused it, see `problem`), one still being read `arrived`; who
    asks for what is not theirs is told nothing of it.
    """
    wanted = [_uuid(one) for one in _several({"uploads": [], **_json(request)}, "uploads")]
    found = incoming.find_all(upload_ids=wanted, by=request.user)
    ended = incoming.complete_all(uploads=found, now=timezone.now())
    for one in ended.values() if len(ended) == 1 else ():
        if isinstance(one, Upload):
            one.file.refresh_from_db()  # alone, so it may have been checked
    gone = DocumentsError(_("Files can no longer be added here. Reload the page."))
    return JsonResponse({"files": [_answer_of(ended.get(one, gone)) for one in wanted]})


def _uuid(told: Any) -> uuid.UUID:
    try:
        return uuid.UUID(told)
    except (ValueError, TypeError, AttributeError):
        raise Malformed(_("The request could not be read. Reload the page and choose the file again.")) from None


@require_POST
@conversation
def give_up(request: HttpRequest, upload_id: uuid.UUID) -> JsonResponse:
    """The person does not want it any more."""
    found = incoming.find(upload_id=upload_id, by=request.user)
    return JsonResponse(_told(incoming.give_up(upload=found, problem="given_up", now=timezone.now())))


def _told(upload: Upload) -> dict[str, Any]:
    version = upload.version
    return {
        "upload": str(upload.pk),
        "state": upload.state,
        "code": upload.code,
        "label": upload.label,
        "name": upload.file.name,
        "size": upload.size,
        "mark": upload.mark,
        "part_size": upload.part_size,
        "parts": upload.part_count,
        "arrived": incoming.arrived(upload),
        "by": "form" if upload.is_form else "parts",
        "through": "server" if not incoming.is_direct() else "store",
        "version": version.number if version else None,
        "problem": _problem(upload),
        "url": reverse("documents:upload_state", args=[upload.pk]),
        "together": reverse("documents:upload_complete"),
        "slot": reverse("documents:slot", args=[upload.owner_kind, upload.owner_id, upload.code]),
    }


def _problem(upload: Upload) -> str:
    file = upload.file
    if upload.state == UploadState.GIVEN_UP:
        return messages.sentence(upload.problem, file.name, upload.params)
    if file.scan_state == ScanState.REFUSED:
        return messages.sentence(file.scan_verdict["problem"], file.name, file.scan_verdict.get("params"))
    return ""


def _json(request: HttpRequest) -> dict[str, Any]:
    """What the page says. Raises Malformed for everything that is not an object of JSON."""
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError, RequestDataTooBig, UnreadablePostError):
        told = None
    if not isinstance(told, dict):
        raise Malformed(_("The request could not be read. Reload the page and choose the file again."))
    return told


def _code(told: dict[str, Any]) -> str:
    code = _text(told, "code", 61)
    if not CODE.fullmatch(code):
        raise Malformed(_("The request does not say for what the file is. Reload the page and choose the file again."))
    return code


def _text(told: dict[str, Any], key: str, longest: int) -> str:
    """A text as the database can hold it: no NUL, no half of a character pair."""
    value = told.get(key, "")
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").encode("utf-8", "ignore").decode()[:longest]


def _number(told: dict[str, Any], key: str) -> int:
    value = told.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
