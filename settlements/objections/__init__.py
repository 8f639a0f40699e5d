"""异议: objections, decisions, evidence, joint samples, and the bureau's rulings on months."""
