"""Tasks that nobody fit can have: the list of what a time-limit administrator must see to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class VacancyQuerySet(models.QuerySet["Vacancy"]):
    def open(self) -> VacancyQuerySet:
        """Tasks that still have nobody."""
        return self.filter(filled_at__isnull=True)


class Vacancy(models.Model):
    """That a task has nobody who may do it. The row is the claim that its administrators were told, once."""

    task = models.OneToOneField("viewflow.Task", on_delete=models.CASCADE, related_name="vacancy")
    application = models.ForeignKey("applications.Application", on_delete=models.CASCADE, related_name="vacancies")
    raised_at = models.DateTimeField()
    filled_at = models.DateTimeField(null=True, blank=True)

    objects = VacancyQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("task without a person")
        indexes = [models.Index(fields=["raised_at"], name="vacancy_open", condition=Q(filled_at__isnull=True))]
        constraints = [
            models.CheckConstraint(
                name="vacancy_order", condition=Q(filled_at__isnull=True) | Q(filled_at__gte=models.F("raised_at")),
                violation_error_message=_("A task gets its person after it had none."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.application_id}: task {self.task_id}"
