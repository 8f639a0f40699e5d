"""Who owes whom: agreements and their terms, accruals, settlements, the ledger."""

from settlements.models.accruals import Accrual, Adjustment, Transfer
from settlements.models.agreements import Agreement, Party, Term, TermSection
from settlements.models.drafts import AgreementDraft, DraftDocument
from settlements.models.ledger import JournalEntry, LedgerAccount, Posting
from settlements.models.scenarios import Scenario
from settlements.models.settlements import Settlement, SettlementNet

__all__ = [
    "Accrual",
    "Adjustment",
    "Agreement",
    "AgreementDraft",
    "DraftDocument",
    "JournalEntry",
    "LedgerAccount",
    "Party",
    "Posting",
    "Scenario",
    "Settlement",
    "SettlementNet",
    "Term",
    "TermSection",
    "Transfer",
]
