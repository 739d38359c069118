"""Two uploads to one slot at once, on two connections."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from documents.models import Version
from documents.upload import UploadRefused
from tests.documents import files
from tests.documents.owners import Owner, add

pytestmark = [pytest.mark.usefixtures("buckets"), pytest.mark.django_db(transaction=True)]


def _at_once(owner: Owner, writer: Any, contents: list[bytes]) -> list[str]:
    barrier, answers = threading.Barrier(len(contents)), []

    def run(data: bytes) -> None:
        barrier.wait()
        try:
            answers.append(str(add(owner, writer, data=data).number))
        except UploadRefused as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(data,)) for data in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)


def test_different_files_get_different_numbers(owner: Owner, writer: Any) -> None:
    assert _at_once(owner, writer, [files.pdf(str(n)) for n in range(4)]) == ["1", "2", "3", "4"]
    assert sorted(Version.objects.values_list("number", flat=True)) == [1, 2, 3, 4]


def test_one_file_sent_twice_is_one_version(owner: Owner, writer: Any) -> None:
    assert _at_once(owner, writer, [files.pdf()] * 2) == ["1", "same"]
    assert Version.objects.get().file.is_stored
