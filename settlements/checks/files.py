"""Checks of what is kept beside the tables: files that were handed in, and issued papers.

Files are read whole, so these checks hold nobody up: no lock is held meanwhile.
"""

from collections.abc import Iterator

from django.core.files.base import File

from settlements.checks.base import Check, Context
from settlements.models import (
    AmountRefusal,
    DraftDocument,
    Evidence,
    FundSpending,
    IssuedPaper,
    LabSample,
    MonthRuling,
    OffsetConsent,
    PaymentSlip,
    SettlementSignature,
    VerdictEvidence,
)
from settlements.moving.documents import fault_of
from settlements.papers.services.papers import verdict_of


def files_unchanged(context: Context) -> Iterator[str]:
    for what, file, sha256 in _files():
        if fault := fault_of(file, sha256):
            yield f"{what}：{fault}（{file.name}）。"
        file.close()


def _files() -> Iterator[tuple[str, File, str]]:
    """Every file that was handed in: what it is, the file, and its hash of then."""
    for evidence in Evidence.objects.order_by("pk").iterator():
        yield (
            f"异议 {evidence.objection_id} 的证据“{evidence.name}”",
            evidence.file,
            evidence.sha256,
        )
    for document in DraftDocument.objects.order_by("pk").iterator():
        yield f"协议文件“{document.name}”", document.file, document.sha256
    for spending in FundSpending.objects.exclude(file="").order_by("pk").iterator():
        yield f"资金使用单据“{spending.filename}”", spending.file, spending.sha256
    for slip in PaymentSlip.objects.order_by("pk").iterator():
        yield f"付款 {slip.payment_id} 的银行回单“{slip.name}”", slip.file, slip.sha256
    for signature in SettlementSignature.objects.exclude(scan="").order_by("pk").iterator():
        words = f"年度签认 #{signature.pk} 的书面材料“{signature.scan_name}”"
        yield words, signature.scan, signature.scan_sha256
    for refusal in AmountRefusal.objects.exclude(scan="").order_by("pk").iterator():
        words = f"不予确认 #{refusal.pk} 的书面材料“{refusal.scan_name}”"
        yield words, refusal.scan, refusal.scan_sha256
    for consent in OffsetConsent.objects.exclude(scan="").order_by("pk").iterator():
        words = f"同意抵扣 #{consent.pk} 的书面材料“{consent.scan_name}”"
        yield words, consent.scan, consent.scan_sha256
    for proof in VerdictEvidence.objects.order_by("pk").iterator():
        yield f"审核结论 #{proof.verdict_id} 的证据“{proof.name}”", proof.file, proof.sha256
    for sample in LabSample.objects.exclude(file="").order_by("pk").iterator():
        yield f"实验室样品 #{sample.pk} 的报告“{sample.name}”", sample.file, sample.sha256
    for ruling in MonthRuling.objects.exclude(evidence="").order_by("pk").iterator():
        words = f"市局认定 #{ruling.pk} 的证据“{ruling.evidence_name}”"
        yield words, ruling.evidence, ruling.evidence_sha256


def papers_unchanged(context: Context) -> Iterator[str]:
    for issued in IssuedPaper.objects.order_by("pk").iterator(chunk_size=50):
        if problem := verdict_of(issued).problem:
            yield f"文书 #{issued.pk} {issued.label} {issued.title}：{problem}"


CHECKS = (
    Check(
        "papers_unchanged",
        "已签发的文书未变",
        "每份已签发的文书，存档的内容、文号和核验码都与签发时的摘要值相符。",
        papers_unchanged,
        at_one_moment=False,
    ),
    Check(
        "files_unchanged",
        "存放的文件未变",
        "证据、协议文件、资金单据、银行回单、签认与不予确认的书面材料、审核证据、实验室报告和认定依据，每份文件都在，且与提交时的摘要值逐字节相符。",
        files_unchanged,
        at_one_moment=False,
    ),
)
