"""拨款通知: what debtors of closed years are asked for."""
