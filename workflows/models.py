"""Which viewflow process is whose case."""

from __future__ import annotations

from django.db import models


class CaseProcess(models.Model):
    """The one process of an application; viewflow's own reference columns carry no index to find it by."""

    application = models.OneToOneField(
        "applications.Application", on_delete=models.CASCADE, primary_key=True, related_name="case_process"
    )
    process = models.OneToOneField("viewflow.Process", on_delete=models.CASCADE, related_name="case")

    class Meta:
        ordering = ["application_id"]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.process_id}"
