"""What a check of the books finds, and which promise of the books it breaks."""

from dataclasses import dataclass
from enum import StrEnum


class Promise(StrEnum):
    """The promises `verify` counts again; the names are those of the checks that answer for
    them (settlements.checks)."""

    BALANCED = "entry_sums_to_zero"
    TWO_POSTINGS = "entry_has_two_postings"
    NO_ZERO = "no_zero_posting"
    NUMBERED = "entry_numbers_have_no_gap"
    DATED = "dates_follow_numbers"
    CHAINED = "chain_hash_holds"
    OPENED = "account_opened_before_use"
    CLOSED = "closed_account_unused"
    MONTH_NETS = "balance_is_sum_of_postings"
    TRIAL = "trial_balance_is_zero"
    TRANSIT = "transit_zero_after_closing"
    REVERSED = "reversal_mirrors_original_once"
    CAUSED = "every_entry_has_one_cause"
    SETTLED = "settlement_is_sum_of_months"


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing wrong: the entry (凭证号, or the year of an agreement) and what, in Chinese."""

    entry: str
    problem: str
    promise: Promise
