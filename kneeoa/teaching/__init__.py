"""Learning KL grading: films to learn from, exams, scores, and how readers agree."""
