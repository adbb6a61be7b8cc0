"""What several tests use: films, folders, servers, and where things are."""
