"""With which answers of the networks films of the data set are shown and counted."""
