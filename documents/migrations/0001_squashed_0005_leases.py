"""What 0001 to 0005 make, for an empty database. One that has begun with those goes on with those."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('documents', '0001_initial'), ('documents', '0002_uploads'), ('documents', '0003_snapshots'), ('documents', '0004_reuse'), ('documents', '0005_leases')]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Document',
            fields=[
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('owner_kind', models.CharField(max_length=40)),
                ('owner_id', models.UUIDField()),
                ('code', models.CharField(max_length=60)),
                ('label', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'document slot',
                'verbose_name_plural': 'document slots',
                'ordering': ['owner_kind', 'owner_id', 'code', 'label'],
                'constraints': [models.UniqueConstraint(fields=('owner_kind', 'owner_id', 'code', 'label'), name='document_slot_once', violation_error_message='This slot exists already.'), models.CheckConstraint(condition=models.Q(models.Q(('owner_kind', ''), _negated=True), models.Q(('code', ''), _negated=True)), name='document_slot_named', violation_error_message='A slot has an owner and a code.')],
            },
        ),
        migrations.CreateModel(
            name='StoredFile',
            fields=[
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255, verbose_name='original name')),
                ('size', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='size')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
                ('content_type', models.CharField(blank=True, max_length=120, verbose_name='type by content')),
                ('bucket', models.CharField(choices=[('quarantine', 'quarantine'), ('clean', 'checked files')], default='quarantine', max_length=10)),
                ('key', models.CharField(max_length=80)),
                ('scan_state', models.CharField(choices=[('pending', 'being checked'), ('clean', 'checked'), ('refused', 'not taken'), ('failed', 'could not be checked')], default='pending', max_length=10, verbose_name='check')),
                ('scan_level', models.CharField(blank=True, choices=[('', 'not checked'), ('structure', 'structure checked, not scanned for malware'), ('malware', 'scanned for malware'), ('produced', 'made by this system')], default='', max_length=10, verbose_name='how far checked')),
                ('scan_verdict', models.JSONField(blank=True, default=dict, verbose_name='finding')),
                ('scan_attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('created_at', models.DateTimeField(verbose_name='begun at')),
                ('received_at', models.DateTimeField(blank=True, null=True, verbose_name='received at')),
                ('scanned_at', models.DateTimeField(blank=True, null=True, verbose_name='checked at')),
                ('promoted_at', models.DateTimeField(blank=True, null=True, verbose_name='moved to the checked files at')),
                ('discarded_at', models.DateTimeField(blank=True, null=True, verbose_name='bytes removed at')),
                ('uploaded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
                ('fault', models.CharField(blank=True, choices=[('lost', 'not in the store'), ('altered', 'altered in the store')], max_length=10, verbose_name='fault')),
                ('locked_until', models.DateTimeField(blank=True, null=True, verbose_name='locked in the store until')),
                ('proved_at', models.DateTimeField(blank=True, null=True, verbose_name='hash last proved at')),
                ('retain_until', models.DateTimeField(blank=True, null=True, verbose_name='kept at least until')),
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name': 'file',
                'verbose_name_plural': 'files',
                'ordering': ['created_at', 'uuid'],
                'indexes': [models.Index(condition=models.Q(('sha256', ''), _negated=True), fields=['sha256'], name='file_sha256'), models.Index(condition=models.Q(('bucket', 'quarantine')), fields=['created_at'], name='file_to_check'), models.Index(condition=models.Q(('bucket', 'clean')), fields=['proved_at'], name='file_to_prove'), models.Index(condition=models.Q(('bucket', 'clean'), ('retain_until__isnull', False), models.Q(('locked_until__isnull', True), ('locked_until__lt', models.F('retain_until')), _connector='OR')), fields=['retain_until'], name='file_to_lock')],
                'constraints': [models.UniqueConstraint(fields=('key',), name='file_key_once'), models.CheckConstraint(condition=models.Q(models.Q(('received_at__isnull', True), ('sha256', ''), ('size__isnull', True)), models.Q(('received_at__isnull', False), ('sha256__regex', '^[0-9a-f]{64}$'), ('size__gt', 0)), _connector='OR'), name='file_received_has_hash', violation_error_message='A received file has a size and a SHA-256, any other has neither.'), models.CheckConstraint(condition=models.Q(models.Q(('scan_state', 'pending'), ('scanned_at__isnull', True)), models.Q(models.Q(('scan_state', 'pending'), _negated=True), ('scanned_at__isnull', False)), _connector='OR'), name='file_scanned_has_stamp', violation_error_message='A finding has a moment, and a file without one has none.'), models.CheckConstraint(condition=models.Q(models.Q(('scan_state', 'clean'), _negated=True), models.Q(('received_at__isnull', False), models.Q(('content_type', ''), _negated=True), models.Q(('scan_level', ''), _negated=True)), _connector='OR'), name='file_clean_is_known', violation_error_message='A checked file was received, has a type and says how far it was checked.'), models.CheckConstraint(condition=models.Q(('scan_state__in', ['pending', 'clean']), models.Q(('scan_verdict', {}), _negated=True), _connector='OR'), name='file_not_clean_says_why', violation_error_message='A refused or failed file says why.'), models.CheckConstraint(condition=models.Q(models.Q(('bucket', 'quarantine'), ('promoted_at__isnull', True)), models.Q(('bucket', 'clean'), ('discarded_at__isnull', True), ('promoted_at__isnull', False), ('scan_state', 'clean')), _connector='OR'), name='file_promoted_is_clean', violation_error_message='Only checked files lie in the clean bucket, and with the moment they came there.'), models.CheckConstraint(condition=models.Q(('discarded_at__isnull', True), ('scan_state__in', ['refused', 'failed']), _connector='OR'), name='file_discarded_is_not_clean', violation_error_message='Only refused or failed files lose their bytes.'), models.CheckConstraint(condition=models.Q(models.Q(('lease__isnull', True), ('leased_until__isnull', True)), models.Q(('lease__isnull', False), ('leased_until__isnull', False)), _connector='OR'), name='file_lease_has_end')],
            },
        ),
        migrations.CreateModel(
            name='Version',
            fields=[
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('uploaded_at', models.DateTimeField(verbose_name='uploaded at')),
                ('is_frozen', models.BooleanField(default=False, verbose_name='handed in')),
                ('frozen_at', models.DateTimeField(blank=True, null=True, verbose_name='handed in at')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='removed at')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='documents.document')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='documents.storedfile')),
                ('uploaded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
                ('withdrawn_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='removed by')),
                ('reused_from', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reuses', to='documents.version', verbose_name='used again from')),
            ],
            options={
                'verbose_name': 'version',
                'verbose_name_plural': 'versions',
                'ordering': ['document', 'number'],
                'constraints': [models.UniqueConstraint(fields=('document', 'number'), name='version_number_once'), models.CheckConstraint(condition=models.Q(('number__gt', 0)), name='version_number_from_one', violation_error_message='Versions are counted from one.'), models.CheckConstraint(condition=models.Q(models.Q(('frozen_at__isnull', False), ('is_frozen', True)), models.Q(('frozen_at__isnull', True), ('is_frozen', False)), _connector='OR'), name='version_frozen_has_stamp', violation_error_message='A version handed in has a moment, any other has none.'), models.CheckConstraint(condition=models.Q(('is_frozen', False), ('withdrawn_at__isnull', True), _connector='OR'), name='version_frozen_not_withdrawn', violation_error_message='A version that was handed in cannot be removed.'), models.CheckConstraint(condition=models.Q(('withdrawn_by__isnull', True), ('withdrawn_at__isnull', False), _connector='OR'), name='version_withdrawn_by_has_stamp', violation_error_message='Who removed a version did so at a moment.'), models.UniqueConstraint(condition=models.Q(('reused_from__isnull', True)), fields=('file',), name='version_file_uploaded_once', violation_error_message='An uploaded file has one version; every further one says where it is from.')],
            },
        ),
        migrations.CreateModel(
            name='AccessLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('ip', models.GenericIPAddressField(blank=True, null=True, verbose_name='network address')),
                ('purpose', models.CharField(choices=[('download', 'downloaded'), ('view', 'looked at'), ('bundle', 'downloaded with all files'), ('search', 'found by a search, with a line of its text')], max_length=10, verbose_name='purpose')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accesses', to='documents.storedfile')),
                ('version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accesses', to='documents.version')),
            ],
            options={
                'verbose_name': 'look at a file',
                'verbose_name_plural': 'looks at files',
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['file', '-at'], name='access_by_file')],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('owner_kind', models.CharField(max_length=40)),
                ('owner_id', models.UUIDField()),
                ('code', models.CharField(max_length=60)),
                ('label', models.CharField(blank=True, max_length=200)),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('size', models.PositiveBigIntegerField(verbose_name='size')),
                ('content_type', models.CharField(max_length=120)),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 as the sender says')),
                ('mark', models.CharField(blank=True, max_length=64)),
                ('part_size', models.PositiveIntegerField()),
                ('is_form', models.BooleanField(default=False)),
                ('token', models.CharField(blank=True, max_length=300)),
                ('state', models.CharField(choices=[('open', 'on its way'), ('arrived', 'arrived, being read'), ('done', 'taken in'), ('given_up', 'given up')], default='open', max_length=10)),
                ('begun_at', models.DateTimeField(verbose_name='begun at')),
                ('last_at', models.DateTimeField(verbose_name='last seen at')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                ('problem', models.CharField(blank=True, max_length=40)),
                ('params', models.JSONField(blank=True, default=dict)),
                ('begun_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('file', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='upload', to='documents.storedfile')),
                ('version', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='upload', to='documents.version')),
            ],
            options={
                'verbose_name': 'file on its way',
                'verbose_name_plural': 'files on their way',
                'ordering': ['begun_at', 'uuid'],
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['owner_kind', 'owner_id'], name='upload_of_owner'), models.Index(condition=models.Q(('state__in', ['open', 'arrived'])), fields=['last_at'], name='upload_left')],
                'constraints': [models.CheckConstraint(condition=models.Q(('part_size__gt', 0), ('size__gt', 0)), name='upload_size'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state__in', ['open', 'arrived'])), models.Q(('ended_at__isnull', False), ('state__in', ['done', 'given_up'])), _connector='OR'), name='upload_ended_stamp'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), ('version__isnull', False)), models.Q(models.Q(('state', 'done'), _negated=True), ('version__isnull', True)), _connector='OR'), name='upload_done_is_version'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'given_up'), _negated=True), models.Q(('problem', ''), _negated=True), _connector='OR'), name='upload_given_up_says_why')],
            },
        ),
        migrations.CreateModel(
            name='Snapshot',
            fields=[
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('owner_kind', models.CharField(max_length=40)),
                ('owner_id', models.UUIDField()),
                ('taken_at', models.DateTimeField(verbose_name='handed in at')),
                ('lines', models.JSONField(verbose_name='files')),
                ('digest', models.CharField(max_length=64, verbose_name='SHA-256 of the list')),
            ],
            options={
                'verbose_name': 'list of what was handed in',
                'verbose_name_plural': 'lists of what was handed in',
                'ordering': ['taken_at', 'uuid'],
                'indexes': [models.Index(fields=['owner_kind', 'owner_id', 'taken_at'], name='snapshot_of_owner')],
                'constraints': [models.CheckConstraint(condition=models.Q(('digest__regex', '^[0-9a-f]{64}$')), name='snapshot_digest')],
            },
        ),
    ]
