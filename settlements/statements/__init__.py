"""Papers (对账单, 结算单, 通报) as pure descriptions: what they say, not how they look."""
