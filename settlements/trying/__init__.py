"""Rules tried by hand: facts as JSON, one evaluation, and the rules' documentation."""
