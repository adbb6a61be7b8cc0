"""One implementation of each figure, with its interval over patients."""
