"""Acts of the workflow: who may, what follows, who is told, what is handed in with them."""
