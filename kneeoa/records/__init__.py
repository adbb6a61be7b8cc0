"""The contract: what training writes, and the dashboard and the analysis read."""
