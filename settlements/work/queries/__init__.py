"""Tasks, what was done and begun, what one follows, 操作记录."""
