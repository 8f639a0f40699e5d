"""Who owes whom: agreements and their terms, accruals, settlements, the ledger."""

from settlements.models.accruals import (
    Accrual,
    Adjustment,
    AdjustmentNet,
    AdjustmentRemark,
    FuseTrip,
    Transfer,
)
from settlements.models.agreements import Agreement, Party, Term, TermSection
from settlements.models.carryovers import Carryover, CarryoverLine
from settlements.models.counted import CountedTransfer, CurrentTransfer
from settlements.models.demands import Demand
from settlements.models.drafts import AgreementDraft, DraftDocument
from settlements.models.ledger import (
    AccountMonth,
    AccountYear,
    JournalEntry,
    LedgerAccount,
    Posting,
)
from settlements.models.measures import FundProject, FundReduction, FundSpending, Measure
from settlements.models.notices import (
    AgreementMonth,
    MonthConfirmation,
    Notice,
    NoticeReceipt,
    Reminder,
)
from settlements.models.objections import (
    Evidence,
    JointSample,
    Objection,
    ObjectionReading,
    ObjectionReply,
)
from settlements.models.papers import IssuedPaper, IssueRequest, PaperFile
from settlements.models.payments import (
    BalanceStatement,
    Correction,
    OffsetConsent,
    OpeningBatch,
    Payment,
    PaymentSlip,
    Reversal,
)
from settlements.models.refusals import AmountRefusal, RefusalReply
from settlements.models.rulings import MonthRuling, VerdictEvidence
from settlements.models.samples import LabSample, LabValue
from settlements.models.scenarios import Scenario
from settlements.models.settlements import Settlement, SettlementNet, SettlementSignature
from settlements.models.versions import AccrualVersion
from settlements.models.workflow import StateMove

__all__ = [
    "AccountMonth",
    "AccountYear",
    "Accrual",
    "AccrualVersion",
    "Adjustment",
    "AdjustmentNet",
    "AdjustmentRemark",
    "Agreement",
    "AgreementDraft",
    "AgreementMonth",
    "AmountRefusal",
    "BalanceStatement",
    "Carryover",
    "CarryoverLine",
    "Correction",
    "CountedTransfer",
    "CurrentTransfer",
    "Demand",
    "DraftDocument",
    "Evidence",
    "FundProject",
    "FundReduction",
    "FundSpending",
    "FuseTrip",
    "IssueRequest",
    "IssuedPaper",
    "JointSample",
    "JournalEntry",
    "LabSample",
    "LabValue",
    "LedgerAccount",
    "Measure",
    "MonthConfirmation",
    "MonthRuling",
    "Notice",
    "NoticeReceipt",
    "Objection",
    "ObjectionReading",
    "ObjectionReply",
    "OffsetConsent",
    "OpeningBatch",
    "PaperFile",
    "Party",
    "Payment",
    "PaymentSlip",
    "Posting",
    "RefusalReply",
    "Reminder",
    "Reversal",
    "Scenario",
    "Settlement",
    "SettlementNet",
    "SettlementSignature",
    "StateMove",
    "Term",
    "TermSection",
    "Transfer",
    "VerdictEvidence",
]
