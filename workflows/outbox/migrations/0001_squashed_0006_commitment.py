"""What 0001 to 0006 make, for an empty database. One that has begun with those goes on with those."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('outbox', '0001_initial'), ('outbox', '0002_digest'), ('outbox', '0003_law_kinds'), ('outbox', '0004_message_kinds'), ('outbox', '0005_care'), ('outbox', '0006_commitment')]

    initial = True

    dependencies = [
        ('applications', '0002_initial'),
        ('qualification', '0001_initial'),
        ('regions', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('submission_receipt', 'Application received'), ('change_filed', 'Change of manager filed'), ('accepted', 'Application accepted'), ('deemed_accepted', 'Application deemed accepted'), ('not_accepted', 'Application not accepted'), ('supplement_wanted', 'Supplement wanted'), ('supplement_receipt', 'Supplement received'), ('lapsed', 'Application lapsed'), ('withdrawal_receipt', 'Withdrawal recorded'), ('team_named', 'Assessment team named'), ('file_supplement_wanted', 'Material wanted for the file review'), ('visit_proposed', 'Dates proposed for the visit'), ('rectification_wanted', 'Rectification wanted'), ('rectification_receipt', 'Rectification received'), ('rectification_verified', 'Rectification verified'), ('rectification_rejected', 'Rectification not sufficient'), ('rectification_expired', 'Time for the rectification has run out'), ('review_concluded', 'Technical review concluded'), ('terminated', 'Technical review terminated'), ('granted', 'Qualification granted'), ('refused', 'Qualification refused'), ('certificate_issued', 'Your certificate is issued'), ('certificate_expired', 'Certificate expired'), ('certificate_deemed_renewed', 'Certificate deemed renewed'), ('renewal_closed', 'Too late to be deemed renewed'), ('reinstated', 'Application reinstated'), ('rectification_reopened', 'Rectification open again'), ('certificate_ended', 'Certificate no longer valid'), ('commitment_accepted', 'Application by commitment accepted'), ('check_coming', 'Your commitment is going to be checked'), ('check_team_named', 'Team of the check named'), ('commitment_checked', 'Your commitment was checked'), ('grant_revoked', 'Grant revoked'), ('application_received', 'New application to examine'), ('supplement_received', 'Supplement to examine'), ('acceptance_missed', 'Deemed accepted: the limit was missed'), ('case_lapsed', 'Case closed: supplement not handed in'), ('withdrawn', 'Application withdrawn'), ('team_to_draw', 'Team to be drawn'), ('commitment_to_decide', 'Commitment to be decided on'), ('check_ordered', 'Check of a commitment: team to be drawn'), ('check_result', 'Check of a commitment recorded'), ('commitment_false', 'Commitment seriously untrue: revoke what was granted'), ('pool_empty', 'No assessor left to draw'), ('offer_declined', 'Offer declined'), ('offer_unanswered', 'Offer not answered'), ('team_filled', 'Team complete'), ('termination_asked', 'Consent asked: end of a technical review'), ('termination_denied', 'The technical review goes on'), ('review_terminated', 'Case closed: technical review terminated'), ('decision_due', 'Decision due'), ('concurrence_asked', 'Concurrence asked for your sites'), ('concurrence_agreed', 'Another authority agrees'), ('concurrence_objected', 'Another authority objects'), ('concurrence_void', 'Concurrence no longer needed'), ('certificate_due', 'Certificate to be issued'), ('issue_completed', 'Certificate issued'), ('result_elsewhere', 'Result of a case with sites in your region'), ('task_vacant', 'A task has nobody'), ('task_handed', 'A task was handed to you'), ('offer', 'A seat in an assessment team is offered to you'), ('offer_expired', 'Your offer has expired'), ('offer_void', 'An offer to you is no longer needed'), ('file_to_review', 'File to review'), ('check_to_make', 'Commitment to check'), ('team_joined', 'Your team is complete'), ('file_resumed', 'Material handed in: go on with the file review'), ('visit_agreed', 'Dates of the visit agreed'), ('visit_other_asked', 'The laboratory asks for other dates'), ('rectification_received', 'Rectification to verify'), ('rectification_missed', 'The laboratory has not rectified in time'), ('assignment_ended', 'Your assignment has ended'), ('clock_reminder', 'A time limit is coming closer'), ('clock_overdue', 'A time limit has run out'), ('clock_escalated', 'Escalated: a time limit has run out'), ('clock_moved', 'A time limit has moved with the calendar'), ('clock_extended', 'A time limit is extended'), ('calendar_changed', 'The working-day calendar has changed'), ('calendar_missing', "A year's calendar is missing"), ('clock_digest', 'Time limits today'), ('files_need_care', 'Files need a person'), ('clock_corrected', 'A time limit was corrected'), ('contest_asked', 'An outcome of the law is contested'), ('contest_upheld', 'A contested outcome stands'), ('contest_set_aside', 'A contested outcome is set aside')], max_length=40, verbose_name='kind')),
                ('subject_type', models.CharField(max_length=60)),
                ('subject_id', models.BigIntegerField()),
                ('facts', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(verbose_name='written at')),
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='read at')),
                ('is_dispatched', models.BooleanField(default=False)),
                ('application', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='inbox_messages', to='applications.application')),
                ('authority', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='regions.authority')),
                ('log', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='qualification.transitionlog')),
                ('recipient', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='inbox', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'message',
                'verbose_name_plural': 'messages',
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['recipient', '-id'], name='message_inbox'), models.Index(condition=models.Q(('read_at__isnull', True)), fields=['recipient'], name='message_unread'), models.Index(condition=models.Q(('is_dispatched', False)), fields=['id'], name='message_undispatched')],
                'constraints': [models.UniqueConstraint(fields=('log', 'recipient', 'kind'), name='message_once_per_step', violation_error_message='This person has been told of this step.')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('channel', models.CharField(choices=[('mail', 'e-mail')], max_length=10, verbose_name='way')),
                ('state', models.CharField(choices=[('pending', 'to be sent'), ('sent', 'sent'), ('failed', 'given up')], default='pending', max_length=10, verbose_name='state')),
                ('address', models.CharField(max_length=254, verbose_name='address')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='tries')),
                ('next_try_at', models.DateTimeField(blank=True, null=True, verbose_name='next try')),
                ('last_error', models.TextField(blank=True, verbose_name='last error')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent at')),
                ('replayed_at', models.DateTimeField(blank=True, null=True, verbose_name='sent again at')),
                ('replayed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('message', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='outbox.message')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['next_try_at', 'id'], name='delivery_due'), models.Index(condition=models.Q(('state', 'failed')), fields=['-id'], name='delivery_failed')],
                'constraints': [models.UniqueConstraint(fields=('message', 'channel'), name='delivery_once', violation_error_message='This message already goes this way.'), models.CheckConstraint(condition=models.Q(models.Q(('next_try_at__isnull', False), ('state', 'pending')), models.Q(models.Q(('state', 'pending'), _negated=True), ('next_try_at__isnull', True)), _connector='OR'), name='delivery_pending_has_next_try', violation_error_message='What is still to be sent has a next try, and only that.'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='delivery_sent_stamp', violation_error_message='What was sent has its moment.')],
            },
        ),
        migrations.CreateModel(
            name='Digest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('made_at', models.DateTimeField()),
                ('message', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='outbox.message')),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(fields=('recipient', 'day'), name='digest_once_a_day')],
            },
        ),
    ]
