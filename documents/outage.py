"""A store that does not answer: told apart from a file that is not there, and from a fault of ours."""

from __future__ import annotations

import errno

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

# The disk is full, broken, read-only, or the machine that holds it is away.
DISK = frozenset({
    errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ETIMEDOUT,
})  # fmt: skip
BUSY = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout"})


def is_store_away(error: BaseException) -> bool:
    """Whether the store did not answer, or said that it cannot just now. The same call may succeed a little later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or error.response.get("Error", {}).get("Code") in BUSY
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        return error.errno in DISK
    return isinstance(error, BotoCoreError | HTTPError | ConnectionError)
