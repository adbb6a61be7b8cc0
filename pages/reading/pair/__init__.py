"""Two knees beside each other on the reading page."""
