"""What stands behind a published model: its card, its graph, and who signed both."""
