"""帮助: one page a task, in the words of who has it, and the terms explained."""
