"""What 0001 to 0007 make, for an empty database. One that has begun with those goes on with those."""

import django.db.models.deletion
import django_fsm
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('clocks', '0001_initial'), ('clocks', '0002_board_facts'), ('clocks', '0003_sweep_and_passes'), ('clocks', '0004_pass_waits'), ('clocks', '0005_law'), ('clocks', '0006_ended_index'), ('clocks', '0007_lighter_indexes')]

    initial = True

    dependencies = [
        ('applications', '0002_initial'),
        ('qualification', '0001_initial'),
        ('regions', '0002_limits'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Clock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('code', models.CharField(max_length=40)),
                ('subject_type', models.CharField(max_length=60)),
                ('subject_id', models.BigIntegerField()),
                ('edition', models.CharField(max_length=20)),
                ('budget', models.PositiveSmallIntegerField()),
                ('unit', models.CharField(choices=[('working', 'working days'), ('calendar', 'calendar days'), ('months', 'calendar months')], max_length=10)),
                ('started_at', models.DateTimeField()),
                ('started_on', models.DateField()),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('is_provisional', models.BooleanField(default=False)),
                ('calendar_edition', models.BigIntegerField(default=0)),
                ('next_rung_at', models.DateTimeField(blank=True, null=True)),
                ('state', models.CharField(choices=[('running', 'running'), ('paused', 'paused'), ('stopped', 'stopped'), ('expired', 'expired')], default='running', max_length=10)),
                ('stopped_at', models.DateTimeField(blank=True, null=True)),
                ('breached_at', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.TextField(blank=True)),
                ('application', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='clocks', to='applications.application')),
                ('authority', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.authority')),
                ('start_log', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='qualification.transitionlog')),
                ('stop_log', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='qualification.transitionlog')),
                ('holder', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('is_trial', models.BooleanField(default=False)),
                ('kinds', models.CharField(blank=True, max_length=120)),
                ('ladder', models.JSONField(blank=True, default=list)),
                ('warn_at', models.DateTimeField(blank=True, null=True)),
                ('excuse', models.TextField(blank=True)),
                ('excused_at', models.DateTimeField(blank=True, null=True)),
                ('excused_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('limit_entry', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.limitentry')),
                ('marks', models.JSONField(blank=True, default=dict)),
                ('until', models.DateField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'time limit',
                'ordering': ['due_at', 'pk'],
                'indexes': [models.Index(condition=models.Q(('next_rung_at__isnull', False)), fields=['next_rung_at', 'id'], name='clock_rungs'), models.Index(condition=models.Q(('state__in', ['running', 'paused'])), fields=['due_at'], name='clock_due'), models.Index(condition=models.Q(('state__in', ['running', 'paused']), _negated=True), fields=['authority', 'stopped_at'], name='clock_ended'), models.Index(condition=models.Q(('state__in', ['running', 'paused']), ('holder__isnull', False)), fields=['holder'], name='clock_holder')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'running'), _negated=True), ('due_at__isnull', False), _connector='OR'), name='clock_running_has_due', violation_error_message='A running time limit has a due moment.'), models.CheckConstraint(condition=models.Q(('next_rung_at__isnull', True), ('state', 'running'), _connector='OR'), name='clock_rungs_only_running', violation_error_message='Only a running time limit fires.'), models.CheckConstraint(condition=models.Q(models.Q(models.Q(('state__in', ['running', 'paused'])), ('stopped_at__isnull', True)), models.Q(models.Q(('state__in', ['running', 'paused']), _negated=True), ('stopped_at__isnull', False)), _connector='OR'), name='clock_stopped_stamp', violation_error_message='A time limit that ended has its moment, and only such a one.'), models.CheckConstraint(condition=models.Q(('breached_at__isnull', True), ('due_at__isnull', False), _connector='OR'), name='clock_breach_at_due', violation_error_message='Only a limit with a due moment is missed.'), models.CheckConstraint(condition=models.Q(('budget__gte', 1), ('until__isnull', False), _connector='OR'), name='clock_budget', violation_error_message='A time limit is at least one day.'), models.CheckConstraint(condition=models.Q(('due_at__isnull', True), ('due_at__gt', models.F('started_at')), ('until__isnull', False), _connector='OR'), name='clock_due_after_start', violation_error_message='A time limit ends after it starts.'), models.CheckConstraint(condition=models.Q(models.Q(('excuse', ''), ('excused_at__isnull', True)), models.Q(('excused_at__isnull', False), models.Q(('excuse', ''), _negated=True)), _connector='OR'), name='clock_excuse_has_reason', violation_error_message='An excuse has its moment and its reason.'), models.UniqueConstraint(condition=models.Q(('state__in', ['running', 'paused'])), fields=('subject_id', 'subject_type', 'code'), name='clock_one_open', violation_error_message='This time limit is already running.')],
            },
        ),
        migrations.CreateModel(
            name='ClockExtension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('days', models.PositiveSmallIntegerField(verbose_name='days')),
                ('reason', models.TextField(verbose_name='reason')),
                ('article', models.CharField(blank=True, max_length=200)),
                ('granted_at', models.DateTimeField()),
                ('clock', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='extension', to='clocks.clock')),
                ('granted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('days__gte', 1)), name='extension_days', violation_error_message='An extension is at least one day.'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='extension_has_reason', violation_error_message='An extension needs a reason.')],
            },
        ),
        migrations.CreateModel(
            name='ClockInterval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(max_length=100)),
                ('reason', models.TextField(blank=True)),
                ('article', models.CharField(blank=True, max_length=200)),
                ('paused_at', models.DateTimeField()),
                ('resumed_at', models.DateTimeField(blank=True, null=True)),
                ('clock', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='intervals', to='clocks.clock')),
                ('paused_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('resumed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entered_at', models.DateTimeField(blank=True, null=True)),
                ('entered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('superseded_at', models.DateTimeField(blank=True, null=True)),
                ('supersedes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='superseded_by', to='clocks.clockinterval')),
            ],
            options={
                'ordering': ['paused_at', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('resumed_at__isnull', True), ('resumed_at__gte', models.F('paused_at')), _connector='OR'), name='interval_order', violation_error_message='A pause ends after it begins.'), models.CheckConstraint(condition=models.Q(('cause', ''), _negated=True), name='interval_has_cause', violation_error_message='A pause needs a reason.'), models.UniqueConstraint(condition=models.Q(('resumed_at__isnull', True), ('superseded_at__isnull', True)), fields=('clock',), name='interval_one_open', violation_error_message='This time limit is already paused.')],
            },
        ),
        migrations.CreateModel(
            name='Rung',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=20)),
                ('due_at', models.DateTimeField()),
                ('fired_at', models.DateTimeField()),
                ('clock', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rungs', to='clocks.clock')),
                ('is_silent', models.BooleanField(default=False)),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('clock', 'name'), name='rung_once')],
            },
        ),
        migrations.CreateModel(
            name='CalendarPass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('edition', models.BigIntegerField(unique=True)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('cursor', models.BigIntegerField(default=0)),
                ('held_up', models.JSONField(blank=True, default=list)),
                ('total', models.PositiveIntegerField(default=0)),
                ('checked', models.PositiveIntegerField(default=0)),
                ('moved', models.PositiveIntegerField(default=0)),
                ('waits_for', models.JSONField(blank=True, default=list)),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(models.Value(1), condition=models.Q(('finished_at__isnull', True)), name='calendar_pass_one_at_a_time'), models.CheckConstraint(condition=models.Q(('finished_at__isnull', True), ('held_up', []), _connector='OR'), name='calendar_pass_finished_whole', violation_error_message='Every time limit has been looked at before this is finished.')],
            },
        ),
        migrations.CreateModel(
            name='ClockMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_before', models.DateTimeField(blank=True, null=True)),
                ('due_after', models.DateTimeField(blank=True, null=True)),
                ('calendar_pass', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='moves', to='clocks.calendarpass')),
                ('clock', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='moves', to='clocks.clock')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('calendar_pass', 'clock'), name='move_once_per_pass')],
            },
        ),
        migrations.CreateModel(
            name='BudgetCorrection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old', models.PositiveSmallIntegerField()),
                ('new', models.PositiveSmallIntegerField()),
                ('due_before', models.DateTimeField(blank=True, null=True)),
                ('due_after', models.DateTimeField(blank=True, null=True)),
                ('reason', models.TextField(verbose_name='reason')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('clock', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='budget_corrections', to='clocks.clock')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.limitentry')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('clock', 'entry'), name='budget_corrected_once')],
            },
        ),
        migrations.CreateModel(
            name='Contest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('state', models.CharField(choices=[('draft', 'being written'), ('asked', 'waiting for the answer'), ('upheld', 'the outcome stands'), ('set_aside', 'set aside')], default='draft', max_length=10, verbose_name='state')),
                ('reason', models.TextField(verbose_name='reason')),
                ('asked_at', models.DateTimeField(blank=True, null=True)),
                ('answer', models.TextField(blank=True, verbose_name='answer')),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('remedy', models.TextField(blank=True)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('application', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='contests', to='applications.application')),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('clock', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contests', to='clocks.clock')),
            ],
            options={
                'verbose_name': 'contest',
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['draft', 'asked'])), fields=('clock',), name='contest_one_open', violation_error_message='This outcome is being contested already.'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='contest_has_reason', violation_error_message='Say why the outcome is contested.'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', False), ('state__in', ['upheld', 'set_aside']), models.Q(('answer', ''), _negated=True)), models.Q(('answered_at__isnull', True), ('state__in', ['draft', 'asked'])), _connector='OR'), name='contest_answered_stamp', violation_error_message='An answer has its moment and its reason.')],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
    ]
