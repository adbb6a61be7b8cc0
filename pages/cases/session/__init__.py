"""The view of this session's films on the page of cases."""
