"""The receipt of a case beside the ZIP of its files, both as the laboratory has them."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path

from documents.papers.models import Paper
from documents.papers.services import produce
from qualification.applications.models import Application
from tests.e2e.browser import Visitor
from tests.e2e.papers import signatures_of, text_of
from tests.e2e.worker import aside

INDEX = (".txt", ".csv")


def hashes_of_zip(lab: Visitor, case: Application, folder: Path) -> dict[str, str]:
    """The ZIP of the case downloaded from its page: SHA-256 of each file by its name; the index is left out."""
    lab.open(f"/applications/{case.uuid}/files/")
    with lab.page.expect_download() as waiting:
        lab.page.locator("main a[href^='/files/all/']").first.click()
    waiting.value.save_as(folder / "case.zip")
    with zipfile.ZipFile(folder / "case.zip") as files:
        names = [name for name in files.namelist() if not name.endswith(INDEX)]
        return {name: hashlib.sha256(files.read(name)).hexdigest() for name in names}


def hashes_of_receipt(lab: Visitor, case: Application, folder: Path) -> set[str]:
    """The receipt made by the worker and downloaded; it is signed, and lists these SHA-256."""
    paper = Paper.objects.get(kind="receipt", owner_id=case.uuid)
    aside(lambda: produce(paper.pk))
    paper.refresh_from_db()
    answer = lab.context.request.get(f"{lab.base}/files/{paper.file_id}/")
    receipt = folder / "receipt.pdf"
    receipt.write_bytes(answer.body())
    assert set(signatures_of(receipt)) == {"Signature is Valid."}
    told = re.sub(r"\s+", "", text_of(receipt))
    return set(re.findall(r"SHA-256([0-9a-f]{64})", told))
