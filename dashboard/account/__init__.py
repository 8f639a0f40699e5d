"""我的账号: one's own name and roles, password, and where one is signed in."""
