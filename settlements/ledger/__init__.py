"""台账: accounts, balanced entries, payments, opening balances, 对账."""
