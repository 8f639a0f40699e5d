"""What several subjects show alike: who sees what, places, findings, payments, terms in words."""
