"""我的工作 `/work/` and notifications."""
