"""What the server's memory is given to: films of the sessions, and uploads that wait to be read."""
