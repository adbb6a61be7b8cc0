"""Cases that a reader asked to keep: rows in the database, their films in files beside it."""
