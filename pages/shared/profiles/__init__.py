"""Profiles in this browser session: which are loaded, which one readings follow."""
