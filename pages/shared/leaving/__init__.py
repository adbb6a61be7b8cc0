"""What a browser does before it leaves the page."""
