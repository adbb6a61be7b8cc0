"""Whose the films of a session are: in words for who reads them, by marks to compare them."""
