"""Films that were opened -> those to learn from: each once, with its patient."""
