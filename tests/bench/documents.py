"""Uploads as the page does them, straight to a real S3 store (Ceph), beside boto3's own `upload_file`; downloads, lists, searches.

Builds its own database, store and web process. 200 files of 1 MB and one of 2 GB; `BENCH_FILES`, `BENCH_LARGE_MB` and
`BENCH_ROUNDS` make it smaller. Each line has its target beside it; ratios come from the same run, the two in turns.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.bench.sender import AT_ONCE, MB, Page, Site, database_url, start_store
from tests.documents import real_s3

FILES = int(os.environ.get("BENCH_FILES", "200"))
LARGE_MB = int(os.environ.get("BENCH_LARGE_MB", "2048"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "200"))
IN_A_TURN = 20
Lines = list[tuple[str, str, str]]


def clocked(act: Callable[[], Any]) -> float:
    """Seconds of one run."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def a_pdf(path: Path, size: int) -> Path:
    """A whole PDF of exactly this size, unlike every other: what cannot be compressed stands in a comment."""
    from tests.documents import files

    content = files.pdf(path.name)
    cut = content.rindex(b"startxref")
    filling = os.urandom(MB).replace(b"\n", b"a").replace(b"\r", b"a")
    left = size - len(content) - 2
    with path.open("wb") as target:
        target.write(content[:cut] + b"%")
        for _ in range(left // MB):
            target.write(filling)
        target.write(filling[: left % MB] + b"\n" + content[cut:])
    return path


def upload_all(page: Page, folder: Path) -> Lines:
    """The files through the conversation, and by boto3, in turns."""
    from documents import incoming, scanning, storage
    from documents.models import StoredFile

    client: Any = storage.store("quarantine").client  # type: ignore[attr-defined]
    client.create_bucket(Bucket="bench")

    def by_boto3(path: Path) -> None:
        client.upload_file(str(path), "bench", path.name, ExtraArgs={"ContentType": "application/pdf"})

    paths = [a_pdf(folder / f"{number}.pdf", MB) for number in range(FILES)]
    page.upload([a_pdf(folder / "first.pdf", MB)])
    page.times.clear()
    idle = page.site.memory
    ours = theirs = 0.0
    with page.site.watched():
        with ThreadPoolExecutor(AT_ONCE) as several:
            for start in range(0, FILES, IN_A_TURN):
                turn = paths[start : start + IN_A_TURN]
                theirs += clocked(lambda turn=turn: list(several.map(by_boto3, turn)))  # type: ignore[misc]
                ours += clocked(lambda turn=turn: page.upload(turn))  # type: ignore[misc]
        large = a_pdf(folder / "large.pdf", LARGE_MB * MB)
        theirs_large = clocked(lambda: by_boto3(large))
        client.delete_object(Bucket="bench", Key=large.name)
        told: list[dict[str, Any]] = []
        ours_large = clocked(lambda: told.extend(page.upload([large])))
    upload_id = told[0]["upload"]
    file_ids: list[Any] = []
    read = clocked(lambda: file_ids.append(incoming.take_in(upload_id, now=_now()).file_id))
    checked = clocked(lambda: scanning.check(file_ids[0], now=_now()))
    assert StoredFile.objects.get(pk=file_ids[0]).is_stored
    total, total_theirs = ours + ours_large, theirs + theirs_large
    steps = ", ".join(f"{sum(page.times[name]) * 1000 / FILES:.0f} {name}" for name in ("begin", "form", "complete"))
    return [
        ("memory of the web process above idle, at most", f"{page.site.peak - idle:.1f} MiB", "<= 50 MiB"),
        (f"  idle {idle:.0f} MiB", "", ""),
        _speed(f"{FILES} files of 1 MiB and one of {LARGE_MB} MiB", FILES + LARGE_MB, total, total_theirs, ">= 0.7"),
        _speed("  the small ones", FILES, ours, theirs, ""),
        _speed("  the large one", LARGE_MB, ours_large, theirs_large, ""),
        (f"  requests per small one, ms: {steps}", "", ""),
        ("  the large one read and hashed, then checked and moved, by the worker", f"{read:.1f} + {checked:.1f} s", ""),
    ]


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


def _speed(what: str, megabytes: int, ours: float, theirs: float, target: str) -> tuple[str, str, str]:
    figures = f"{megabytes / ours:.0f} / {megabytes / theirs:.0f} MiB/s = {theirs / ours:.2f}"
    return (f"{what}, ours / boto3", figures, target)


def download(page: Page) -> Lines:
    """A stored file of 1 MiB by our rule, log and link, and straight from the store, in turns."""
    from documents import storage
    from documents.enums import Bucket
    from documents.models import StoredFile, Version

    version = Version.objects.live().filter(file__bucket=Bucket.CLEAN, file__size=MB).select_related("file").first()
    assert version is not None
    file: StoredFile = version.file
    ways = storage.store(Bucket.CLEAN).links()
    assert ways is not None

    def straight() -> None:
        status, _headers, body = page.at_store("GET", ways.download_link(file.key, file.name))
        assert (status, len(body)) == (200, MB)

    def by_rule() -> None:
        status, headers, _body = page.fetch("GET", f"/files/{version.pk}/")
        assert status == 302, status
        status, _headers, body = page.at_store("GET", headers["Location"])
        assert (status, len(body)) == (200, MB)

    def shown() -> None:
        status, _headers, body = page.fetch("GET", f"/files/{version.pk}/?view=1")
        assert (status, len(body)) == (200, MB)

    times: dict[Any, list[float]] = {straight: [], by_rule: [], shown: []}
    for _ in range(ROUNDS):
        for act, taken in times.items():
            taken.append(clocked(act) * 1000)
    store, ours, through = (statistics.median(taken) for taken in times.values())
    return [
        ("download of 1 MiB: what our rule adds, median", f"{ours - store:.1f} ms", "<= 10 ms"),
        (f"  the store alone {store:.1f} ms, with rule, log and link {ours:.1f} ms, shown in the page {through:.1f} ms", "", ""),
    ]  # fmt: skip


def list_case(application: Any, person: Any) -> Lines:
    """The page of a case's files with 10 and with 500 of them."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from documents import queries, services
    from documents.models import Document, StoredFile, Version
    from qualification.applications.queries import OWNER_KIND

    Version.objects.live().filter(file__scan_state__in=["pending", "failed"]).update(withdrawn_at=_now())
    made, client = 0, Client(SERVER_NAME="127.0.0.1")
    client.force_login(person)
    lines: Lines = []
    like = Version.objects.live().of_owner(OWNER_KIND, application.uuid).select_related("file", "document").first()
    assert like is not None
    for number in (FILES + 10, 500):
        for _ in range(number - Version.objects.live().of_owner(OWNER_KIND, application.uuid).count()):
            made += 1
            file = StoredFile.objects.get(pk=like.file_id)
            file.pk = None
            file.uuid = file._meta.get_field("uuid").get_default()
            file.key, file._state.adding = f"bench/{made}", True
            file.save()
            document = Document.objects.create(
                owner_kind=OWNER_KIND, owner_id=application.uuid, code="bench", label=f"list {made}", created_at=_now()
            )
            Version.objects.create(document=document, number=1, file=file, uploaded_by=person, uploaded_at=_now())
        services.freeze(owner_kind=OWNER_KIND, owner_id=application.uuid, now=_now())
        with CaptureQueriesContext(connection) as slots:
            found = len(queries.slots_of(OWNER_KIND, application.uuid))
        of_slots = len(slots)
        address = reverse("applications:files", args=[application.uuid])
        assert client.get(address).status_code == 200
        with CaptureQueriesContext(connection) as page:
            seconds = clocked(lambda address=address: client.get(address))  # type: ignore[misc]
        figures = f"{of_slots} and {len(page)} queries"
        lines.append(
            (f"listing a case with {found} files: slots, and the whole page ({seconds * 1000:.0f} ms)", figures, "<= 6")
        )
    return lines


def search_case(application: Any, person: Any) -> Lines:
    """Searching the text of the case's 500 files, 20 pages each: a word on many pages, and one on a single page."""
    from django.test import Client
    from django.urls import reverse

    from documents.models import StoredFile
    from documents.texts.models import FileText, TextPage
    from documents.texts.words import normal, terms_of
    from qualification.applications.queries import OWNER_KIND

    of_case = StoredFile.objects.filter(
        versions__document__owner_kind=OWNER_KIND, versions__document__owner_id=application.uuid,
        versions__withdrawn_at__isnull=True,
    )  # fmt: skip
    chosen = list(of_case.order_by("-created_at", "pk").distinct()[:500])
    FileText.objects.filter(file__in=chosen).delete()
    FileText.objects.bulk_create(
        FileText(file=file, outcome="read", due_at=_now(), ended_at=_now(), attempts=1) for file in chosen
    )
    letters = (
        "水分灰蛋白质脂肪铅镉汞砷铬测定方法检验仪器设备校准记录人员培训样品管理质量手册程序文件审核结果报告证书编号日期"
    )
    for start in range(0, len(chosen), 50):
        pages = []
        for number, file in enumerate(chosen[start : start + 50], start):
            for page in range(1, 21):
                mark = number * 20 + page
                text = f"第{page}页 " + "".join(letters[(mark * 7 + n * n) % len(letters)] for n in range(600))
                text += " GB/T 5009.3-2016" if page % 10 == 1 else ""
                text += " 罕见之词" if mark == 4_321 else ""
                body = normal(text)[0]
                pages.append(
                    TextPage(file=file, position=page, page=page, text=text, body=body, terms=terms_of(body))
                )  # fmt: skip
        TextPage.objects.bulk_create(pages)
    client = Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(person)
    lines: Lines = []
    for what in ("GB/T 5009.3-2016", "罕见之词", "此处没有"):
        address = reverse("applications:search_files", args=[application.uuid], query={"q": what})
        assert client.get(address).status_code == 200
        times = [clocked(lambda address=address: client.get(address)) * 1000 for _ in range(5)]  # type: ignore[misc]
        found = TextPage.objects.filter(body__contains=normal(what)[0]).count()
        title = f"searching {len(chosen)} files of 20 pages, a text on {found} pages, median"
        lines.append((title, f"{statistics.median(times):.0f} ms", ""))
    return lines


def main(folder: Path, store: str) -> None:
    """Build, measure, and print the table."""
    import django

    django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_databases, teardown_databases
    from django.urls import reverse

    connection.settings_dict["TEST"]["MIGRATE"] = False
    databases = setup_databases(verbosity=0, interactive=False)
    site = None
    try:
        from documents import buckets
        from qualification.applications.queries import OWNER_KIND
        from tests.factories.cases import World

        buckets.prepare()
        world = World(joint=False)
        application = world.walk("draft").application
        client = Client()
        client.force_login(world.manager)
        site = Site(folder, database_url(connection.settings_dict))
        site.wait()
        session = client.cookies["sessionid"].value
        page = Page(site, store, session, reverse("documents:uploads", args=[OWNER_KIND, application.uuid]))
        print(f"{'what':<86}{'measured':>26}  target", flush=True)
        person = world.manager
        acts: tuple[Callable[[], Lines], ...] = (
            lambda: upload_all(page, folder), lambda: download(page), lambda: list_case(application, person),
            lambda: search_case(application, person),
        )  # fmt: skip
        for measure in acts:
            for what, measured, target in measure():
                print(f"{what:<86}{measured:>26}  {target}", flush=True)
        print(
            f"Load of the machine: {', '.join(f'{one:.1f}' for one in os.getloadavg())} on {os.cpu_count()} processors."
        )
    finally:
        if site is not None:
            site.stop()
        connection.close()
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        store = Path(name) / "s3"
        try:
            main(Path(name), start_store(store))
        finally:  # while the folder still says which processes the store has
            subprocess.run(["bash", str(real_s3.SCRIPT), "down", str(store)], check=False, timeout=60)
