"""What a profile's files hold."""
