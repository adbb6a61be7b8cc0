"""Where the knees in a film are, and what stands against grading it."""
