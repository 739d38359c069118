"""Sign one PDF with the keys of several authorities (PAdES).

All signature fields are put in first, at the places the layout has reserved. The first signature
certifies the document and allows filling in fields only, so the later ones are within its rule and
any other change breaks it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils import layout
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.general import get_pyca_cryptography_hash
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from documents.papers.keys import SigningKey
from documents.papers.rendering import SealPlace

# Room for the signature in the file; two RSA certificates and the attributes take about 5 kB.
BYTES_RESERVED = 16_384


@dataclass(frozen=True, slots=True)
class Signer:
    """One signature: whose key, where it is seen, and the picture of its seal (a one-page PDF)."""

    key: SigningKey
    place: SealPlace
    picture: bytes


class SealPicture(PdfContent):
    """The first page of a PDF held in memory, as the appearance of a signature."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self.pdf = pdf

    def render(self) -> bytes:
        """The drawing command; the page becomes a resource of the appearance."""
        imported = self._ensure_writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self.pdf)))
        left, bottom, right, top = imported.get_object()["/BBox"]
        self.box = layout.BoxConstraints(width=abs(right - left), height=abs(top - bottom))
        self.resources.xobject["/Seal"] = imported
        return b"/Seal Do"


def sign(pdf: bytes, given: list[Signer], *, reason: str) -> bytes:
    """The PDF signed by each signer in order. Raises ValueError without a signer; the input stays as it is."""
    if not given:
        raise ValueError("A paper needs at least one signature.")
    signed = _with_fields(pdf, given)
    for position, signer in enumerate(given):
        signed = _signed_once(signed, signer, reason=reason, is_first=position == 0)
    return signed


def field_name(key: SigningKey) -> str:
    """Name of the signature field of an authority."""
    return f"Authority-{key.code}"


def _with_fields(pdf: bytes, given: list[Signer]) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    for signer in given:
        fields.append_signature_field(
            writer,
            fields.SigFieldSpec(
                field_name(signer.key), on_page=signer.place.page - 1, box=_box(writer, signer.place),
                readable_field_name=signer.key.name, empty_field_appearance=True,
            ),
        )  # fmt: skip
    return _written(writer)


def _box(writer: IncrementalPdfFileWriter, place: SealPlace) -> tuple[int, int, int, int]:
    # Typst measures down from the top of the page, PDF up from its bottom.
    page = writer.find_page_for_modification(place.page - 1)[0].get_object()  # type: ignore[no-untyped-call]
    left, size = round(place.x), round(place.size)
    upper = round(float(page["/MediaBox"][3]) - place.y)
    return (left, upper - size, left + size, upper)


def _written(writer: IncrementalPdfFileWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def _signed_once(pdf: bytes, signer: Signer, *, reason: str, is_first: bool) -> bytes:
    meta = signers.PdfSignatureMetadata(
        field_name=field_name(signer.key), md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES,
        certify=is_first, docmdp_permissions=fields.MDPPerm.FILL_FORMS, reason=reason, name=signer.key.name,
    )  # fmt: skip
    pdf_signer = signers.PdfSigner(meta, signer=HeldKeySigner(signer.key), stamp_style=_style(signer.picture))
    out = io.BytesIO()
    pdf_signer.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), existing_fields_only=True, bytes_reserved=BYTES_RESERVED, output=out
    )
    return out.getvalue()


def _style(picture: bytes) -> StaticStampStyle:
    whole = layout.SimpleBoxLayoutRule(
        x_align=layout.AxisAlignment.ALIGN_MID, y_align=layout.AxisAlignment.ALIGN_MID,
        margins=layout.Margins(0, 0, 0, 0), inner_content_scaling=layout.InnerScaling.STRETCH_TO_FIT,
    )  # fmt: skip
    return StaticStampStyle(
        border_width=0, background=SealPicture(picture), background_opacity=0.92, background_layout=whole
    )


class HeldKeySigner(signers.SimpleSigner):
    """Signs with the key as it was loaded; pyHanko's own would read and check an RSA key anew for each signature."""

    def __init__(self, key: SigningKey) -> None:
        self.private = key.private
        super().__init__(
            signing_cert=_asn1(key.certificate),
            signing_key=PrivateKeyInfo.load(
                key.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            ),
            cert_registry=SimpleCertificateStore.from_certs([_asn1(above) for above in key.chain]),  # type: ignore[no-untyped-call]
        )

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        """The raw signature over the data."""
        mechanism = self.get_signature_mechanism_for_digest(digest_algorithm)
        if isinstance(self.private, RSAPrivateKey) and mechanism.signature_algo == "rsassa_pkcs1v15":
            return self.private.sign(data, PKCS1v15(), get_pyca_cryptography_hash(digest_algorithm))
        return super().sign_raw(data, digest_algorithm)


def _asn1(certificate: x509.Certificate) -> Certificate:
    return Certificate.load(certificate.public_bytes(Encoding.DER))
