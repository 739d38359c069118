"""The malware scanner: clamd, asked over a socket with the bytes of the file (INSTREAM).

`CLAMD` names the daemon: `unix:/run/clamav/clamd.ctl` or `tcp://host:3310`. clamd must be told to speak up about what
it does not look at (`AlertExceedsMax yes`) and to take files as large as this system does (`StreamMaxLength`).
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from urllib.parse import urlsplit

from documents.enums import ScanLevel
from documents.scanning import Finding, ScanFailed

CHUNK = 256 * 1024
TIMEOUT_SECONDS = 120.0
ANSWER_LIMIT = 4096
# What clamd says of a file it has only looked at in part.
NOT_WHOLE = "Heuristics.Limits.Exceeded"


class ClamdScanner:
    """Asks clamd. Raises ScanFailed whenever it did not give a clear answer: that file is not clean."""

    name = "clamd"
    level = ScanLevel.MALWARE

    def __init__(self, address: str) -> None:
        """Raises ValueError for an address that is neither unix: nor tcp://."""
        parts = urlsplit(address)
        if parts.scheme == "unix" and parts.path:
            self._family, self._address = socket.AF_UNIX, parts.path
        elif parts.scheme == "tcp" and parts.hostname and parts.port:
            self._family, self._address = socket.AF_INET, (parts.hostname, parts.port)  # type: ignore[assignment]
        else:
            raise ValueError(f"CLAMD must be unix:/path or tcp://host:port, not {address!r}.")

    def scan(self, path: Path, name: str, kin: str = "") -> Finding:
        """Send the bytes; a signature that matches refuses the file."""
        answer = self._ask(path)
        if answer.endswith(" FOUND"):
            signature = answer.removesuffix(" FOUND").rpartition(": ")[2]
            if signature.startswith(NOT_WHOLE):
                raise ScanFailed(f"clamd looked at a part only: {signature}. Raise its limits.")
            return Finding("malware", {"signature": signature}, {"signature": signature})
        if not answer.endswith(": OK"):
            raise ScanFailed(f"clamd: {answer or 'no answer'}")
        return Finding(facts={"clamd": self.version()})

    def version(self) -> str:
        """Version of the daemon and of its signatures. Raises ScanFailed when it does not answer."""
        try:
            with self._connected() as line:
                line.sendall(b"zVERSION\0")
                return self._answer(line)
        except OSError as error:
            raise ScanFailed(f"clamd does not answer: {error}") from error

    def _ask(self, path: Path) -> str:
        try:
            with self._connected() as line, path.open("rb") as source:
                line.sendall(b"zINSTREAM\0")
                try:
                    while chunk := source.read(CHUNK):
                        line.sendall(struct.pack("!L", len(chunk)) + chunk)
                    line.sendall(struct.pack("!L", 0))
                except (BrokenPipeError, ConnectionResetError):
                    # clamd says why and hangs up while bytes are still on their way.
                    return self._answer(line)
                return self._answer(line)
        except OSError as error:
            raise ScanFailed(f"clamd does not answer: {error}") from error

    def _connected(self) -> socket.socket:
        line = socket.socket(self._family, socket.SOCK_STREAM)
        line.settimeout(TIMEOUT_SECONDS)
        try:
            line.connect(self._address)
        except OSError:
            line.close()
            raise
        return line

    def _answer(self, line: socket.socket) -> str:
        said = b""
        while not said.endswith(b"\0") and len(said) < ANSWER_LIMIT:
            part = line.recv(ANSWER_LIMIT)
            if not part:
                break
            said += part
        return said.rstrip(b"\0").decode("utf-8", "replace").strip()
