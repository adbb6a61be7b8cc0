"""The case list, and what comes from and goes to an archive."""
