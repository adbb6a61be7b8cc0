"""The page of cases, and what comes from and goes to an archive."""
