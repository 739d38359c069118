"""Tasks that have nobody, and the index by which the open tasks of a person are counted."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("applications", "0002_initial"),
        ("viewflow", "0015_task_scheduled"),
    ]

    operations = [
        migrations.CreateModel(
            name="Vacancy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("raised_at", models.DateTimeField()),
                ("filled_at", models.DateTimeField(blank=True, null=True)),
                ("application", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="vacancies", to="applications.application")),
                ("task", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="vacancy", to="viewflow.task")),
            ],
            options={
                "verbose_name": "task without a person",
                "ordering": ["pk"],
                "indexes": [models.Index(condition=models.Q(("filled_at__isnull", True)), fields=["raised_at"], name="vacancy_open")],
                "constraints": [models.CheckConstraint(condition=models.Q(("filled_at__isnull", True), ("filled_at__gte", models.F("raised_at")), _connector="OR"), name="vacancy_order", violation_error_message="A task gets its person after it had none.")],
            },
        ),
        # Finished tasks stay for good; whoever counts or lists open ones must not read them.
        migrations.RunSQL(
            "CREATE INDEX task_open_owner ON viewflow_task (owner_id) WHERE status IN ('NEW', 'ASSIGNED')",
            "DROP INDEX task_open_owner",
        ),
    ]
