"""What is said of the published models: films elsewhere, their maps, and how a grade is chosen."""
