"""What the public enters to check a certificate."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from qualification.certificates import queries, verifying

# Papers of certificates with ten thousand lines stay far below it.
MAX_PAPER_BYTES = 50 * 1024 * 1024


class NumberForm(forms.Form):
    """A certificate number, as typed, pasted or scanned."""

    number = forms.CharField(
        label=gettext_lazy("Certificate number"), max_length=200,
        help_text=gettext_lazy("12 digits, below the mark on the certificate and on every report."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Enter the 12 digits of the certificate number.")},
    )  # fmt: skip

    def clean_number(self) -> str:
        """The number of a certificate whose page answers."""
        number = verifying.normalise(self.cleaned_data["number"])
        wrong = verifying.problem(number)
        if wrong:
            raise ValidationError(wrong)
        if not queries.reachable().filter(number=number).exists():
            raise ValidationError(
                _(
                    "No certificate has the number %(number)s. Compare it digit by digit with the paper; if they agree, the paper was not issued here."
                ),
                params={"number": number},
            )
        return number


class PaperForm(forms.Form):
    """The file of a certificate."""

    file = forms.FileField(
        label=gettext_lazy("File of the certificate"),
        help_text=gettext_lazy("The PDF as you received it. It is compared with the issued paper and not kept."),
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,.pdf"}),
        error_messages={
            "required": gettext_lazy("Choose the PDF of the certificate."),
            "empty": gettext_lazy("The file is empty. Choose the PDF as you received it."),
        },
    )  # fmt: skip

    def clean_file(self) -> UploadedFile:
        """A PDF of a size that papers have."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_PAPER_BYTES:
            raise ValidationError(
                _("The file is larger than 50 MB; no certificate is. Choose the PDF of the certificate.")
            )
        file.seek(0)
        if b"%PDF-" not in file.read(1024):
            raise ValidationError(
                _("This is not a PDF. A scan or a photograph cannot be compared; enter the number instead.")
            )
        file.seek(0)
        return file
