"""What was known then beside what stands now."""
