"""基础资料 of what is measured: sections, their targets and sampling plans (basins.reference)."""
