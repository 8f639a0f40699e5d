"""The PostgreSQL that runs under VAR_DIR when DATABASE_URL is unset."""
