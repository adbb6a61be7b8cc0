"""The network that knows spoilt knees: films that look like knees and must not be graded."""
