"""A real S3 store, one web process, and a page that uploads to them: what the bench of documents measures with."""

from __future__ import annotations

import http.client
import json
import os
import queue
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tests.documents import real_s3

MB = 1024 * 1024
# What the page sends at the same time, files and parts alike; boto3 is given the same.
AT_ONCE = 3
LINKS = 20
TOGETHER = 20
SMALL = 8 * MB
CSRF = secrets.token_hex(16)


# The store and the web process ---------------------------------------------------------------------------------------


def start_store(folder: Path) -> str:
    """Start the store and have the settings, not loaded yet, point at it; returns its address."""
    missing = [name for name in real_s3.PROGRAMS if shutil.which(name) is None]
    if missing:
        sys.exit(
            f"This bench needs a real S3 store: {', '.join(missing)} not found. Debian: apt-get install "
            "--no-install-recommends radosgw ceph-mon ceph-osd ceph-mgr ceph-common"
        )
    real_s3._start(folder)
    address = real_s3._running["endpoint_url"]
    os.environ.update(
        DJANGO_SETTINGS_MODULE="tests.bench.settings", TONGZHENG_MODE="demo", STORAGE="s3", S3_ENDPOINT_URL=address,
        S3_ACCESS_KEY="test", S3_SECRET_KEY="testtest", S3_LOCK_MODE="GOVERNANCE", SECRET_KEY=secrets.token_hex(32),
    )  # fmt: skip
    return address


def database_url(settings: dict[str, Any]) -> str:
    """The address of the bench's own database, for another process."""
    options = {"host": settings["HOST"], "port": settings["PORT"]}
    query = urlencode({name: value for name, value in options.items() if value})
    who = f"{quote(settings['USER'])}:{quote(settings['PASSWORD'])}@" if settings["USER"] else ""
    return f"postgresql://{who}/{quote(settings['NAME'])}?{query}"


class Site:
    """One web process of gunicorn, as in production, and its memory."""

    def __init__(self, folder: Path, url: str) -> None:
        self.port = next(port for port in range(23000, 24000) if real_s3._is_free(port))
        line = [
            sys.executable, "-m", "gunicorn", "qualification.conf.wsgi:application", "--bind", f"127.0.0.1:{self.port}",
            "--worker-class", "gthread", "--threads", "4", "--timeout", "600", "--keep-alive", "60",
        ]  # fmt: skip
        self.log = (folder / "gunicorn.log").open("wb")
        environment = {**os.environ, "DATABASE_URL": url}
        self.process = subprocess.Popen(line, env=environment, stdout=self.log, stderr=self.log)
        self.peak = 0.0
        self._is_over = threading.Event()
        self._watch = threading.Thread(target=self._sample)

    def wait(self) -> None:
        """Until it answers. Exits with its log when it does not."""
        for _ in range(300):
            with suppress(OSError):
                self.line().request("GET", "/")
                return
            time.sleep(0.2)
        sys.exit(Path(self.log.name).read_text()[-3000:])

    def line(self) -> http.client.HTTPConnection:
        """A connection to it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)

    @property
    def memory(self) -> float:
        """MiB that the worker holds now."""
        master = self.process.pid
        workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        status = Path(f"/proc/{workers[0]}/status").read_text()
        return next(int(ln.split()[1]) / 1024 for ln in status.splitlines() if ln.startswith("VmRSS"))

    def _sample(self) -> None:
        while not self._is_over.wait(0.05):
            self.peak = max(self.peak, self.memory)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """The highest memory is known afterwards."""
        self._watch.start()
        try:
            yield
        finally:
            self._is_over.set()
            self._watch.join()

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=60)
        self.log.close()


# The page ------------------------------------------------------------------------------------------------------------


class Page:
    """What the page of a person does; each thread has its own lines to the site and to the store."""

    def __init__(self, site: Site, store: str, session: str, begin: str) -> None:
        self.site, self.begin = site, begin
        self.store = urlsplit(store).netloc
        cookie = f"sessionid={session}; csrftoken={CSRF}; django_language=en"
        self.headers = {"Cookie": cookie, "X-CSRFToken": CSRF, "Content-Type": "application/json"}
        self.lines = threading.local()
        self.times: dict[str, list[float]] = {}

    def ask(self, what: str, method: str, address: str, told: Any = None) -> Any:
        """One request to the site; its JSON."""
        begun = time.perf_counter()
        status, _headers, body = self.fetch(method, address, json.dumps(told or {}).encode())
        self.times.setdefault(what, []).append(time.perf_counter() - begun)
        assert status < 300, (what, status, body[:500])
        return json.loads(body)

    def fetch(self, method: str, address: str, body: bytes | None = None) -> tuple[int, Any, bytes]:
        """One request to the site, on the thread's own line."""
        return self._sent("site", self.site.line, method, address, body, self.headers)

    def at_store(self, method: str, address: str, body: Any = None, headers: Any = None) -> tuple[int, Any, bytes]:
        """One request to the store, on the thread's own line."""
        parts = urlsplit(address)

        def line() -> http.client.HTTPConnection:
            return http.client.HTTPConnection(self.store, timeout=600)

        return self._sent("store", line, method, f"{parts.path}?{parts.query}", body, headers or {})

    def _sent(self, name: str, make: Any, method: str, address: str, body: Any, headers: Any) -> Any:
        for is_last in (False, True):
            line = getattr(self.lines, name, None) or make()
            setattr(self.lines, name, line)
            try:
                line.request(method, address, body, headers)
                answer = line.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.HTTPException, ConnectionError):
                line.close()  # kept too long
                delattr(self.lines, name)
                if is_last:
                    raise
        return None

    def upload(self, paths: list[Path]) -> list[dict[str, Any]]:
        """Files, the whole way until the site says what became of each, or that it is being read.

        Small ones are begun together; the bytes of a few are on their way at once; what is sent is completed while the
        next are sent, all that have come meanwhile by one request.
        """
        begun: list[dict[str, Any]] = []
        small = all(path.stat().st_size <= SMALL for path in paths)
        for group in (paths[n : n + TOGETHER] for n in range(0, len(paths), TOGETHER if small else 1)):
            wishes = [
                {"code": "bench", "label": path.stem, "name": path.name, "size": path.stat().st_size, "mark": path.stem}
                for path in group
            ]
            begun += self.ask("begin", "POST", self.begin, {"files": wishes})["files"]
        sent: queue.Queue[str | None] = queue.Queue()
        ended: list[dict[str, Any]] = []
        completing = threading.Thread(target=self._complete, args=(sent, ended))
        completing.start()

        def send(told: dict[str, Any], path: Path) -> None:
            if told["by"] == "form":
                self._post(told["form"], path)
            else:
                self._send_parts(told, path)
            sent.put(told["upload"])

        with ThreadPoolExecutor(AT_ONCE) as several:
            list(several.map(send, begun, paths))
        sent.put(None)
        completing.join()
        assert len(ended) == len(paths), ended
        return ended

    def _complete(self, sent: queue.Queue[str | None], ended: list[dict[str, Any]]) -> None:
        is_over = False
        while not is_over:
            group = [sent.get()]
            with suppress(queue.Empty):
                while len(group) < TOGETHER:
                    group.append(sent.get_nowait())
            is_over = group[-1] is None
            uploads = [one for one in group if one]
            if uploads:
                ended += self.ask("complete", "POST", "/files/uploads/complete/", {"uploads": uploads})["files"]

    def _post(self, form: dict[str, Any], path: Path) -> None:
        mark = secrets.token_hex(16)
        fields = "".join(
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in form["fields"].items()
        )
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        body = b"".join([fields.encode(), head.encode(), path.read_bytes(), f"\r\n--{mark}--\r\n".encode()])
        begun = time.perf_counter()
        headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        status, _headers, said = self.at_store("POST", form["url"], body, headers)
        self.times.setdefault("form", []).append(time.perf_counter() - begun)
        assert status < 300, (status, said[:500])

    def _send_parts(self, told: dict[str, Any], path: Path) -> None:
        links: dict[str, str] = {}
        lock = threading.Lock()

        def send(number: int) -> None:
            with lock:
                if str(number) not in links:
                    wanted = list(range(number, min(number + LINKS, told["parts"] + 1)))
                    links.update(self.ask("links", "POST", f"{told['url']}links/", {"parts": wanted})["links"])
            with path.open("rb") as source:
                source.seek((number - 1) * told["part_size"])
                piece = source.read(told["part_size"])
            status, _headers, said = self.at_store("PUT", links[str(number)], piece)
            assert status == 200, (status, said[:500])

        with ThreadPoolExecutor(AT_ONCE) as several:
            list(several.map(send, range(1, told["parts"] + 1)))
