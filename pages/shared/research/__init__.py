"""What the research pages share: the runs in question, and what is computed of them once."""
