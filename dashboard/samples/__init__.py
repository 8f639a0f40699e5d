"""实验室样品 `/data/samples/`: reports typed in, checked before they are sent, corrected."""
