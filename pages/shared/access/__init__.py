"""Who may come in: keys that open a page, and the log of who did what."""
