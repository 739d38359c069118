from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("regions", "0003_calendar_drafts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="limitentry",
            name="is_withdrawal",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="limitentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_withdrawal", False), ("corrects__isnull", False), _connector="OR"),
                name="limit_withdrawal_of_another",
                violation_error_message="A withdrawal names the entry that it takes back.",
            ),
        ),
    ]
