"""What is kept: practice under personal codes, and group sessions, in one SQL database."""
