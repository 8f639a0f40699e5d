"""实验室样品: a laboratory's reports typed in, checked against what is there, and corrected."""
