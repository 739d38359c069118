from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("certificates", "0002_law")]

    operations = [
        migrations.AddIndex(
            model_name="certificate",
            index=models.Index(
                condition=models.Q(("deemed_renewed_on", None), ("state", "valid")),
                fields=["valid_until"],
                name="certificate_ends",
            ),
        ),
    ]
