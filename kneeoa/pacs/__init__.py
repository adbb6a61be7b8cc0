"""A hospital's archive (PACS): films asked for and pushed, reports sent back and never lost."""
